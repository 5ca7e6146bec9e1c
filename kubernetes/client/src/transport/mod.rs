//! The service behind a client, with its types erased.

use std::future::{Future, poll_fn};
use std::pin::Pin;

use http::{Request, Response};
use tower_service::Service;

use crate::body::Body;
use crate::error::BoxError;

mod connect;
pub(crate) mod pool;
mod proxy;
mod rotation;
pub(crate) mod tls;

pub(crate) use connect::Connector;
pub(crate) use pool::Pool;
pub(crate) use rotation::{ClientCertificate, rotating};

/// How a response is read, which a transport may choose a connection by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// At once, to its end.
    Whole,
    /// As it arrives, which may be forever.
    Streamed,
}

/// Any service that answers requests, shared by all users of a client.
pub(crate) trait Transport: Send + Sync {
    fn send(
        &self,
        request: Request<Body>,
        delivery: Delivery,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send + '_>>;
}

impl<S, B> Transport for S
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    fn send(
        &self,
        request: Request<Body>,
        _: Delivery,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send + '_>> {
        Box::pin(async move {
            let mut service = self.clone();
            poll_fn(|cx| service.poll_ready(cx)).await.map_err(Into::<BoxError>::into)?;
            let response = service.call(request).await.map_err(Into::<BoxError>::into)?;
            Ok(response.map(Body::new))
        })
    }
}
