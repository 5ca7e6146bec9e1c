//! The client over a service of the program.

use std::fmt;

use tower_service::Service;

use super::ClientBuilder;
use crate::body::Body;
use crate::client::Client;
use crate::error::{BoxError, Error};
use crate::exchange::{Content, Exchange};
use crate::telemetry::Telemetry;
use crate::transport::Transport;

/// The service that receives a client's requests: the target of [`Client::service_builder`].
pub struct InjectedService {
    transport: Box<dyn Transport>,
    default_namespace: String,
}

impl Client {
    /// Creates a client that passes its requests to `service`, for fakes and layers, with the default settings of
    /// [`ClientBuilder`].
    ///
    /// The URI of a request is then a path with a query, without a server. An [`Error`] of the service is passed on
    /// unchanged, any other error is wrapped. For other settings, use [`service_builder`](Self::service_builder).
    pub fn with_service<S, B>(service: S, default_namespace: impl Into<String>) -> Self
    where
        S: Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        B: http_body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        Self::from_exchange(Exchange::over_service(Box::new(service)), &default_namespace.into())
    }

    /// Like [`with_service`](Self::with_service), but with timeouts and limits other than the defaults.
    ///
    /// ```
    /// # use std::convert::Infallible;
    /// # use std::future::{Ready, ready};
    /// # use std::task::{Context, Poll};
    /// # use kubernetes_client::{Body, Client};
    /// # use tower_service::Service;
    /// # #[derive(Clone)]
    /// # struct Fake;
    /// # impl Service<http::Request<Body>> for Fake {
    /// #     type Response = http::Response<Body>;
    /// #     type Error = Infallible;
    /// #     type Future = Ready<Result<http::Response<Body>, Infallible>>;
    /// #     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
    /// #         Poll::Ready(Ok(()))
    /// #     }
    /// #     fn call(&mut self, _: http::Request<Body>) -> Self::Future {
    /// #         ready(Ok(http::Response::new(Body::from("{}"))))
    /// #     }
    /// # }
    /// use std::time::Duration;
    ///
    /// let client = Client::service_builder(Fake, "shop").request_timeout(Duration::from_secs(5)).retries(0).build()?;
    /// assert_eq!(client.default_namespace(), "shop");
    /// # Ok::<(), kubernetes_client::Error>(())
    /// ```
    pub fn service_builder<S, B>(service: S, default_namespace: impl Into<String>) -> ClientBuilder<InjectedService>
    where
        S: Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        B: http_body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        let default_namespace = default_namespace.into();
        ClientBuilder::new(InjectedService { transport: Box::new(service), default_namespace })
    }
}

impl ClientBuilder<InjectedService> {
    /// Builds the client. Nothing is sent, and no runtime is needed.
    ///
    /// # Errors
    ///
    /// Returns an error if the rate limit is not above zero.
    pub fn build(self) -> Result<Client, Error> {
        self.check_rate_limit()?;
        let InjectedService { transport, default_namespace } = self.target;
        let defaults = Exchange::over_service(transport);
        let exchange = Exchange {
            limits: self.limits,
            retries: self.retries,
            rate_limit: self.rate_limit,
            content: Content::new(self.content_type),
            warnings: self.warnings,
            telemetry: Telemetry::new(None, self.observer),
            ..defaults
        };
        Ok(Client::from_exchange(exchange, &default_namespace))
    }
}

impl fmt::Debug for InjectedService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InjectedService").field("default_namespace", &self.default_namespace).finish_non_exhaustive()
    }
}
