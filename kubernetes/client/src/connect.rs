//! Connections: TCP, TLS and HTTP, and the pool that keeps them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{DefaultServerNameResolver, FixedServerNameResolver, HttpsConnector, ResolveServerName};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kubernetes_config::Config;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tower_service::Service;

use crate::error::{BoxError, ConnectTimedOut};
use crate::{Body, Error};

/// After this time without a byte on an HTTP/2 connection, the server is asked for a sign of life …
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// … and after this time without an answer, the connection is given up; both as in client-go (`transport/cache.go`, by
/// `http2_transport` of apimachinery's `util/net`). A dead peer is found within 45 s.
const PING_TIMEOUT: Duration = Duration::from_secs(15);

/// TCP's own probes, for HTTP/1.1, which has no pings.
const KEEPALIVE_TIME: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;

/// How long an unused connection is kept, as in Go's `http.DefaultTransport`.
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);

/// An HTTP client for the server of `config`. Nothing is connected or spawned before the first request, and then on
/// the runtime of that request.
pub(crate) fn http_client(
    config: &Config,
    tls: ClientConfig,
    connect_timeout: Option<Duration>,
) -> Result<Client<Connector, Body>, Error> {
    let connector = Connector { https: https_connector(config, tls, connect_timeout)?, timeout: connect_timeout };
    Ok(Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .http2_keep_alive_interval(PING_INTERVAL)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        // Without it, a request would find out on an idle connection that the peer is gone.
        .http2_keep_alive_while_idle(true)
        .build(connector))
}

fn https_connector(
    config: &Config,
    tls: ClientConfig,
    connect_timeout: Option<Duration>,
) -> Result<HttpsConnector<HttpConnector>, Error> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_keepalive(Some(KEEPALIVE_TIME));
    http.set_keepalive_interval(Some(KEEPALIVE_INTERVAL));
    http.set_keepalive_retries(Some(KEEPALIVE_RETRIES));
    // Shared among the server's addresses, so that one that is silent leaves time for the others.
    http.set_connect_timeout(connect_timeout);

    Ok(HttpsConnector::new(http, tls, false, server_name(config)?))
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
    https: HttpsConnector<HttpConnector>,
    timeout: Option<Duration>,
}

impl Service<Uri> for Connector {
    type Response = <HttpsConnector<HttpConnector> as Service<Uri>>::Response;
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
