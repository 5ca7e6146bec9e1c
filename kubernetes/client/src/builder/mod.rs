//! The settings of a client.

mod config;
mod service;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kubernetes_config::Config;
use kubernetes_core::json::Budget;

use crate::error::Error;
use crate::exchange::{ContentType, Limits, RETRIES, RateLimit, Warning, Warnings};
use crate::telemetry::{Observation, Observer};

pub use service::InjectedService;

/// Like client-go's dialer (`transport/cache.go`), which gives as much to TCP alone.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Builds a [`Client`](crate::Client) from a configuration, or over an [injected
/// service](crate::Client::service_builder).
///
/// ```
/// use std::time::Duration;
///
/// use kubernetes_client::Client;
/// use kubernetes_config::Config;
///
/// let config = Config::new("http://127.0.0.1:8001".parse()?);
/// let client = Client::builder(config).request_timeout(Duration::from_secs(10)).user_agent("shop-operator/1.2").build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder<T = Config> {
    target: T,
    connect_timeout: Option<Duration>,
    exec_timeout: Option<Duration>,
    limits: Limits,
    user_agent: String,
    content_type: ContentType,
    retries: u32,
    rate_limit: Option<Arc<RateLimit>>,
    warnings: Warnings,
    observer: Option<Observer>,
}

impl<T> ClientBuilder<T> {
    fn new(target: T) -> Self {
        Self {
            target,
            connect_timeout: Some(CONNECT_TIMEOUT),
            exec_timeout: None,
            limits: Limits::default(),
            user_agent: format!(
                "kubernetes-sdk-rust/{} ({}/{})",
                env!("CARGO_PKG_VERSION"),
                std::env::consts::OS,
                std::env::consts::ARCH
            ),
            content_type: ContentType::default(),
            retries: RETRIES,
            rate_limit: None,
            warnings: Warnings::default(),
            observer: None,
        }
    }

    /// Sets the timeout of a request, including retries, until its whole response is read; for watches and logs, until
    /// the response begins. 60 s by default; `None` for no limit. Waiting for credentials, such as for a user who must
    /// log in, does not count.
    pub fn request_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.limits.request_timeout = timeout.into();
        self
    }

    /// Sets the maximum size of a response: 256 MiB by default. It does not limit watches and logs, which are read as
    /// they arrive.
    pub fn max_response_bytes(mut self, limit: usize) -> Self {
        self.limits.max_response_bytes = limit;
        self
    }

    /// Limits the memory that a decoded response may take; see [`Budget`] for the default.
    ///
    /// ```
    /// use kubernetes_client::Client;
    /// use kubernetes_core::json::Budget;
    /// # let config = kubernetes_config::Config::new("http://127.0.0.1:8001".parse()?);
    ///
    /// let client = Client::builder(config).decode_budget(Budget::new(64, 256 << 20)).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn decode_budget(mut self, budget: Budget) -> Self {
        self.limits.decode_budget = budget;
        self
    }

    /// Sets the time that an open stream, such as a followed log, may be silent before it fails with
    /// [`is_timeout`](crate::Error::is_timeout). By default there is no limit, since a container may log nothing for
    /// hours. A limit of more than a year is ignored.
    ///
    /// A lost server is detected within 45 s even without this limit, by pings over HTTP/2 and by TCP keep-alive over
    /// HTTP/1.1. The limit also detects a connection that was lost behind the server, such as to the node, or behind a
    /// proxy. A watch of `kubernetes-watch` has its own limit, and reconnects.
    pub fn idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.limits.idle_timeout = timeout.into();
        self
    }

    /// Sets the format in which objects are sent, and preferred in responses: JSON by default.
    ///
    #[cfg_attr(feature = "cbor", doc = "```")]
    #[cfg_attr(not(feature = "cbor"), doc = "```ignore")]
    /// use kubernetes_client::{Client, ContentType};
    /// # let config = kubernetes_config::Config::new("http://127.0.0.1:8001".parse()?);
    ///
    /// let client = Client::builder(config).content_type(ContentType::Cbor).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// CBOR needs the feature `cbor`. A server speaks it behind its feature gate `CBORServingAndStorage`. A server that
    /// does not answers in JSON; if it refuses a request for its format (415), the request is sent again in JSON, and so
    /// are all others after it to the same group and version.
    ///
    /// Watches, patches other than applies, and objects that are asked for [as text](kubernetes_core::Raw) stay JSON,
    /// and so does a request that names another media type. CBOR spares the server work; this client reads JSON with
    /// less.
    pub fn content_type(mut self, content_type: ContentType) -> Self {
        self.content_type = content_type;
        self
    }

    /// Sets the maximum number of retries of a request, within the request timeout: 10 by default; 0 disables retries.
    ///
    /// Like client-go, the client retries:
    /// - any request whose response is 429 or 5xx with a `Retry-After`, after that time,
    /// - a read (GET, HEAD, OPTIONS) whose connection is lost before the response, first after 0.1 s and up to 2 s,
    /// - any request that the server refused without processing it, because it closes an HTTP/2 connection (GOAWAY) or
    ///   has too many streams (REFUSED_STREAM).
    ///
    /// The delays are jittered, but never shorter than the server requests. Only the last case applies to watches and
    /// logs; a watch of `kubernetes-watch` reconnects automatically.
    pub fn retries(mut self, most: u32) -> Self {
        self.retries = most;
        self
    }

    /// Limits the client to `per_second` requests per second on average, with bursts of up to `burst`; further requests
    /// wait. Off by default: API servers limit clients fairly by themselves.
    ///
    /// All clones of the client share the limit. Each attempt of a request counts, and so does opening a watch.
    ///
    /// ```
    /// # use kubernetes_client::Client;
    /// # let config = kubernetes_config::Config::new("http://127.0.0.1:8001".parse()?);
    /// let client = Client::builder(config).rate_limit(50.0, 100).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// [`build`](Self::build) fails if the rate is not above zero.
    pub fn rate_limit(mut self, per_second: f64, burst: u32) -> Self {
        self.rate_limit = Some(Arc::new(RateLimit::new(per_second, burst)));
        self
    }

    /// Calls a function for each warning of a response, instead of logging each text once.
    ///
    /// ```
    /// # use kubernetes_client::Client;
    /// # let config = kubernetes_config::Config::new("http://127.0.0.1:8001".parse()?);
    /// let client = Client::builder(config).on_warning(|warning| eprintln!("Warning: {}", warning.text())).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// It is called before the request returns, so it should be quick.
    pub fn on_warning(mut self, handle: impl Fn(&Warning<'_>) + Send + Sync + 'static) -> Self {
        self.warnings = Warnings::Handled(Arc::new(handle));
        self
    }

    /// Calls a function after each attempt of each request, for metrics.
    ///
    /// ```
    /// # use kubernetes_client::Client;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    ///
    /// # let config = kubernetes_config::Config::new("http://127.0.0.1:8001".parse()?);
    /// let failures = Arc::new(AtomicU64::new(0));
    /// let count = Arc::clone(&failures);
    /// let builder = Client::builder(config).observe(move |attempt| {
    ///     if attempt.error_type().is_some() {
    ///         count.fetch_add(1, Ordering::Relaxed);
    ///     }
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// It is called before the request returns, so it should be quick.
    pub fn observe(mut self, observer: impl Fn(&Observation<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    pub(crate) fn check_rate_limit(&self) -> Result<(), Error> {
        if self.rate_limit.as_ref().is_some_and(|limit| !limit.is_possible()) {
            let message = "the rate limit must be greater than zero, and the burst at least one";
            return Err(Error::build(message));
        }
        Ok(())
    }
}

impl<T: fmt::Debug> fmt::Debug for ClientBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("target", &self.target)
            .field("connect_timeout", &self.connect_timeout)
            .field("exec_timeout", &self.exec_timeout)
            .field("limits", &self.limits)
            .field("user_agent", &self.user_agent)
            .field("content_type", &self.content_type)
            .field("retries", &self.retries)
            .field("rate_limit", &self.rate_limit)
            .field("observed", &self.observer.is_some())
            .finish_non_exhaustive()
    }
}
