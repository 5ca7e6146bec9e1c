use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tower_service::Service;

use super::forwarder::PortForwarder;
use super::tunnel::PortStream;
use crate::error::Error;

/// Gives an HTTP client its connections: a [`Service`] of a [`Uri`], as hyper-util's `Client` takes it.
///
/// ```no_run
/// use bytes::Bytes;
/// use http_body_util::Empty;
/// use hyper_util::client::legacy::Client;
/// use hyper_util::rt::TokioExecutor;
/// use kubernetes_streams::port_forward::PortForwarder;
///
/// # async fn example(forwarder: &PortForwarder) -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder(TokioExecutor::new()).build::<_, Empty<Bytes>>(forwarder.connector());
/// let response = client.get("http://web:8080/healthz".parse()?).await?;
/// assert!(response.status().is_success());
/// # Ok(())
/// # }
/// ```
///
/// The port is that of the URI, or the one of its scheme; its host is that of the request alone, as all connections lead
/// to the forwarder's target. TLS is a layer on top, such as hyper-rustls.
#[derive(Clone, Debug)]
pub struct Connector(PortForwarder);

impl PortForwarder {
    /// A connector for HTTP clients.
    pub fn connector(&self) -> Connector {
        Connector(self.clone())
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<PortStream>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let forwarder = self.0.clone();
        let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(default);
        Box::pin(async move { forwarder.connect(port).await.map(TokioIo::new) })
    }
}

impl Connection for PortStream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}
