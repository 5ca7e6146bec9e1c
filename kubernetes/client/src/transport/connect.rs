//! Connections: TCP and TLS.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use hyper_rustls::{
    DefaultServerNameResolver, FixedServerNameResolver, HttpsConnector, MaybeHttpsStream, ResolveServerName,
};
use hyper_util::client::legacy::connect::HttpConnector;
use kubernetes_config::Config;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tower_service::Service;

use super::proxy::{Dialer, Stream};
use crate::error::{BoxError, ConnectTimeout, Error};

/// TCP's own probes, for HTTP/1.1, which has no pings.
const KEEPALIVE_TIME: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;

/// Opens connections to the server of a configuration, through its proxy if there is one, within a time that includes
/// the TLS handshake.
#[derive(Clone)]
pub(crate) struct Connector {
    https: HttpsConnector<Dialer>,
    timeout: Option<Duration>,
}

impl Connector {
    /// Connections for requests over HTTP/2 or HTTP/1.1, whatever the server prefers.
    pub(crate) fn new(config: &Config, tls: ClientConfig, timeout: Option<Duration>) -> Result<Self, Error> {
        let dialer = Dialer::new(config, tcp(timeout))?;
        Ok(Self { https: HttpsConnector::new(dialer, tls, false, server_name(config)?), timeout })
    }

    /// Connections for upgrades, which exist in HTTP/1.1 alone. A proxy is always asked for a tunnel, since one that
    /// forwards requests may not pass on an upgrade.
    pub(crate) fn for_upgrades(
        config: &Config,
        mut tls: ClientConfig,
        timeout: Option<Duration>,
    ) -> Result<Self, Error> {
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let dialer = Dialer::new(config, tcp(timeout))?.always_tunneling();
        Ok(Self { https: HttpsConnector::new(dialer, tls, false, server_name(config)?), timeout })
    }
}

fn tcp(timeout: Option<Duration>) -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(KEEPALIVE_TIME));
    tcp.set_keepalive_interval(Some(KEEPALIVE_INTERVAL));
    tcp.set_keepalive_retries(Some(KEEPALIVE_RETRIES));
    // Shared among the server's addresses, so that one that is silent leaves time for the others.
    tcp.set_connect_timeout(timeout);
    tcp
}

/// The name that TLS asks for and that the certificate must have.
fn server_name(config: &Config) -> Result<Arc<dyn ResolveServerName + Send + Sync>, Error> {
    let Some(name) = &config.tls_server_name else { return Ok(Arc::new(DefaultServerNameResolver::default())) };
    let name = ServerName::try_from(name.clone())
        .map_err(|error| Error::build_from(format!("tls-server-name {name:?} is not a host name"), error))?;
    Ok(Arc::new(FixedServerNameResolver::new(name)))
}

impl Connector {
    /// Opens a connection.
    pub(super) async fn connect(&self, server: Uri) -> Result<MaybeHttpsStream<Stream>, BoxError> {
        let mut https = self.https.clone();
        let connecting = async {
            poll_fn(|cx| https.poll_ready(cx)).await?;
            https.call(server).await
        };
        match self.timeout {
            None => connecting.await,
            Some(limit) => {
                tokio::time::timeout(limit, connecting).await.unwrap_or_else(|_| Err(ConnectTimeout(limit).into()))
            }
        }
    }
}
