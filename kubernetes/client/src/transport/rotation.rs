//! Connections with a client certificate that may change.
//!
//! A connection speaks as one user until it ends. When the client's certificate changes, another pool of connections
//! takes over: requests that are under way, watches among them, end where they began, and what they used closes after
//! the last of them. (client-go breaks them off.)

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use rustls::ClientConfig;
use rustls::sign::CertifiedKey;

use super::tls::Settings;
use super::{Delivery, Transport};
use crate::body::Body;
use crate::error::{BoxError, Error};
use crate::sync::lock;

/// Where the client's certificate for TLS comes from.
pub(crate) trait ClientCertificate: Send + Sync {
    /// The certificate for connections that are made now; the same allocation as long as it is the same certificate.
    fn current(&self) -> Option<Arc<CertifiedKey>>;

    fn can_change(&self) -> bool;
}

/// A transport that has connections by `make` for the certificate of `identity`.
pub(crate) fn rotating<T: Transport + 'static>(
    settings: Settings,
    identity: Option<Arc<dyn ClientCertificate>>,
    make: impl Fn(ClientConfig) -> Result<T, Error> + Send + Sync + 'static,
) -> Result<Box<dyn Transport>, Error> {
    let certificate = identity.as_ref().and_then(|identity| identity.current());
    let pool = make(settings.client_config(certificate.clone()))?;
    match identity.filter(|identity| identity.can_change()) {
        None => Ok(Box::new(pool)),
        Some(identity) => {
            let current = Mutex::new(Current { certificate, pool: Arc::new(pool) });
            Ok(Box::new(Rotating { settings, identity, make: Box::new(make), current }))
        }
    }
}

struct Rotating<T> {
    settings: Settings,
    identity: Arc<dyn ClientCertificate>,
    make: Box<dyn Fn(ClientConfig) -> Result<T, Error> + Send + Sync>,
    current: Mutex<Current<T>>,
}

struct Current<T> {
    certificate: Option<Arc<CertifiedKey>>,
    pool: Arc<T>,
}

impl<T> Rotating<T> {
    /// The connections for the certificate that is current.
    fn pool(&self) -> Arc<T> {
        let mut current = lock(&self.current);
        // Under the lock, lest two requests replace each other's connections.
        let certificate = self.identity.current();
        let is_same = match (&certificate, &current.certificate) {
            (Some(new), Some(old)) => Arc::ptr_eq(new, old),
            (None, None) => true,
            _ => false,
        };
        if !is_same {
            match (self.make)(self.settings.client_config(certificate.clone())) {
                Ok(pool) => *current = Current { certificate, pool: Arc::new(pool) },
                // Unreachable: the same configuration has worked before.
                Err(error) => tracing::error!(%error, "can't connect with the new client certificate"),
            }
        }
        Arc::clone(&current.pool)
    }
}

impl<T: Transport> Transport for Rotating<T> {
    fn send(
        &self,
        request: Request<Body>,
        delivery: Delivery,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send + '_>> {
        let pool = self.pool();
        Box::pin(async move { pool.send(request, delivery).await })
    }
}
