//! Connections: TCP and TLS.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{DefaultServerNameResolver, FixedServerNameResolver, HttpsConnector, ResolveServerName};
use hyper_util::client::legacy::connect::HttpConnector;
use kubernetes_config::Config;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tower_service::Service;

use crate::Error;
use crate::error::{BoxError, ConnectTimedOut};
use crate::proxy::Dial;

/// TCP's own probes, for HTTP/1.1, which has no pings.
const KEEPALIVE_TIME: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;

/// What connects to the server of `config`, through its proxy if there is one.
pub(crate) fn connector(
    config: &Config,
    tls: ClientConfig,
    connect_timeout: Option<Duration>,
) -> Result<Connector, Error> {
    Ok(Connector { https: https_connector(config, tls, connect_timeout)?, timeout: connect_timeout })
}

fn https_connector(
    config: &Config,
    tls: ClientConfig,
    connect_timeout: Option<Duration>,
) -> Result<HttpsConnector<Dial>, Error> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_keepalive(Some(KEEPALIVE_TIME));
    http.set_keepalive_interval(Some(KEEPALIVE_INTERVAL));
    http.set_keepalive_retries(Some(KEEPALIVE_RETRIES));
    // Shared among the server's addresses, so that one that is silent leaves time for the others.
    http.set_connect_timeout(connect_timeout);

    Ok(HttpsConnector::new(Dial::new(config, http)?, tls, false, server_name(config)?))
}

/// The name that TLS asks for and that the certificate must have.
fn server_name(config: &Config) -> Result<Arc<dyn ResolveServerName + Send + Sync>, Error> {
    let Some(name) = &config.tls_server_name else { return Ok(Arc::new(DefaultServerNameResolver::default())) };
    let name = ServerName::try_from(name.clone())
        .map_err(|error| Error::build_from(format!("tls-server-name {name:?} is no host name"), error))?;
    Ok(Arc::new(FixedServerNameResolver::new(name)))
}

/// Connects within a time that includes the TLS handshake.
#[derive(Clone)]
pub(crate) struct Connector {
    https: HttpsConnector<Dial>,
    timeout: Option<Duration>,
}

impl Service<Uri> for Connector {
    type Response = <HttpsConnector<Dial> as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(cx)
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let connecting = self.https.call(server);
        let Some(limit) = self.timeout else { return connecting };
        Box::pin(async move {
            match tokio::time::timeout(limit, connecting).await {
                Ok(result) => result,
                Err(_) => Err(ConnectTimedOut(limit).into()),
            }
        })
    }
}
