//! Connections with the certificate of the day.
//!
//! A connection speaks as one user until it ends. When the client's certificate changes, another pool of connections
//! takes over: requests that are under way, watches among them, end where they began, and what they used closes after
//! the last of them. (client-go breaks them off.)

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http::{Request, Response};
use rustls::ClientConfig;
use rustls::sign::CertifiedKey;
use tower_service::Service;

use crate::error::BoxError;
use crate::tls::{Identity, Settings};
use crate::transport::Transport;
use crate::{Body, Error};

/// A transport that has connections by `make` for the certificate of `identity`.
pub(crate) fn transport<S, B>(
    settings: Settings,
    identity: Option<&Arc<Identity>>,
    make: impl Fn(ClientConfig) -> Result<S, Error> + Send + Sync + 'static,
) -> Result<Box<dyn Transport>, Error>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let certificate = identity.and_then(|identity| identity.current());
    let service = make(settings.client_config(certificate.clone()))?;
    match identity.filter(|identity| identity.can_change()) {
        None => Ok(Box::new(service)),
        Some(identity) => {
            let current = Mutex::new(Current { certificate, service });
            let pools = Pools { settings, identity: Arc::clone(identity), make: Box::new(make), current };
            Ok(Box::new(Rotating(Arc::new(pools))))
        }
    }
}

struct Rotating<S>(Arc<Pools<S>>);

struct Pools<S> {
    settings: Settings,
    identity: Arc<Identity>,
    make: Box<dyn Fn(ClientConfig) -> Result<S, Error> + Send + Sync>,
    current: Mutex<Current<S>>,
}

struct Current<S> {
    certificate: Option<Arc<CertifiedKey>>,
    service: S,
}

impl<S: Clone> Pools<S> {
    /// The connections for the certificate that is current.
    fn service(&self) -> S {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock, lest two requests replace each other's connections.
        let certificate = self.identity.current();
        let is_same = match (&certificate, &current.certificate) {
            (Some(new), Some(old)) => Arc::ptr_eq(new, old),
            (None, None) => true,
            _ => false,
        };
        if !is_same {
            match (self.make)(self.settings.client_config(certificate.clone())) {
                Ok(service) => *current = Current { certificate, service },
                // Can't be: it was made from the same configuration before.
                Err(error) => tracing::error!(%error, "can't connect with the new client certificate"),
            }
        }
        current.service.clone()
    }
}

impl<S> Clone for Rotating<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S, B> Service<Request<Body>> for Rotating<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let mut service = self.0.service();
        Box::pin(async move {
            poll_fn(|cx| service.poll_ready(cx)).await.map_err(Into::into)?;
            service.call(request).await.map_err(Into::into)
        })
    }
}
