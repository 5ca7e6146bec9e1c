use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use tower_service::Service;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A service, type-erased.
pub(crate) type Handler = Arc<
    dyn Fn(Request<Full<Bytes>>) -> Pin<Box<dyn Future<Output = Result<(StatusCode, Bytes), String>> + Send>>
        + Send
        + Sync,
>;

/// The webhooks that are served in process, by host.
#[derive(Clone, Default)]
pub(crate) struct Services(HashMap<String, Handler>);

impl Services {
    pub(crate) fn add<S, B>(&mut self, host: &str, service: S)
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send,
        S::Error: Into<BoxError>,
        B: Body<Error: Into<BoxError>> + Send + 'static,
        B::Data: Send,
    {
        let handler: Handler = Arc::new(move |request| {
            let mut service = service.clone();
            Box::pin(async move {
                let failed = |error: BoxError| error.to_string();
                std::future::poll_fn(|cx| service.poll_ready(cx)).await.map_err(|error| failed(error.into()))?;
                let response = service.call(request).await.map_err(|error| failed(error.into()))?;
                let status = response.status();
                let body = response.into_body().collect().await.map_err(|error| failed(error.into()))?;
                Ok((status, body.to_bytes()))
            })
        });
        self.0.insert(host.to_owned(), handler);
    }

    /// The service at a host, with or without its port.
    pub(crate) fn find(&self, authority: &str) -> Option<Handler> {
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        self.0.get(authority).or_else(|| self.0.get(host)).cloned()
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
