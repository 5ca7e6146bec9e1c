//! Services that take the place of the network.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use kubernetes_client::{Body, Client};
use tower_service::Service;

/// A service made of a function.
pub(crate) struct Fake<F>(Arc<F>);

impl<F> Clone for Fake<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<F, R> Service<Request<Body>> for Fake<F>
where
    F: Fn(Request<Body>) -> R,
    R: Future<Output = Response<Body>> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let response = (self.0)(request);
        Box::pin(async { Ok(response.await) })
    }
}

/// A service whose requests a function answers.
pub(crate) fn service<F, R>(answer: F) -> Fake<F>
where
    F: Fn(Request<Body>) -> R + Send + Sync + 'static,
    R: Future<Output = Response<Body>> + Send + 'static,
{
    Fake(Arc::new(answer))
}

/// A client whose requests a function answers.
pub(crate) fn client<F, R>(answer: F) -> Client
where
    F: Fn(Request<Body>) -> R + Send + Sync + 'static,
    R: Future<Output = Response<Body>> + Send + 'static,
{
    Client::with_service(service(answer), "default")
}

/// A client that gets the same answer to every request.
pub(crate) fn answering(code: u16, body: impl Into<bytes::Bytes>) -> Client {
    let body = body.into();
    client(move |_| {
        let mut response = Response::new(Body::from(body.clone()));
        *response.status_mut() = http::StatusCode::from_u16(code).expect("the test gives a status");
        async { response }
    })
}
