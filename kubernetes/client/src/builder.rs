//! Settings of a client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::USER_AGENT;
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue};
use kubernetes_config::{Config, Credentials, is_loopback};
use kubernetes_core::json::Budget;

use crate::authentication::{Authentication, impersonation};
use crate::client::Client;
use crate::error::Error;
use crate::exchange::{Content, ContentType, Exchange, Limits, RETRIES, RateLimit, Warning, Warnings};
use crate::telemetry::{Observation, Observer, Telemetry};
use crate::transport::{Connector, Pool, rotating, tls};

/// As client-go's dialer (`transport/cache.go`), which gives as much to TCP alone.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

impl Client {
    /// Connects as kubectl does: the current context of `$KUBECONFIG` or `~/.kube/config`, else as a pod in a cluster.
    ///
    /// Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When no configuration is found or it is wrong; [`source`](std::error::Error::source) is the
    /// [`kubernetes_config::Error`] that names the file and field.
    pub fn from_env() -> Result<Self, Error> {
        Self::new(Config::from_env().map_err(Error::from)?)
    }

    /// A client for `config`, with the default settings of [`ClientBuilder`].
    ///
    /// # Errors
    ///
    /// As [`ClientBuilder::build`].
    pub fn new(config: Config) -> Result<Self, Error> {
        Self::builder(config).build()
    }

    /// A builder, for timeouts and limits other than the defaults.
    pub fn builder(config: Config) -> ClientBuilder {
        ClientBuilder::new(config)
    }
}

/// Builds a [`Client`] from a configuration.
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
pub struct ClientBuilder {
    config: Config,
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

impl ClientBuilder {
    fn new(config: Config) -> Self {
        Self {
            config,
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

    /// How long connecting may take: name, TCP on all addresses, and TLS. 30 s by default; `None` for no limit but
    /// that of the request.
    pub fn connect_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.connect_timeout = timeout.into();
        self
    }

    /// How long a request may take, retries included, until its whole response is read; for watches and logs, until the
    /// head of the response is there. 60 s by default; `None` for no limit. Waiting for credentials, such as for a user
    /// who has to log in, does not count.
    pub fn request_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.limits.request_timeout = timeout.into();
        self
    }

    /// How long an exec plugin may take before it is stopped, and the requests that wait for it fail. 60 s by default,
    /// and five minutes when it can talk with the user. It does not count as time of a request.
    pub fn exec_timeout(mut self, timeout: Duration) -> Self {
        self.exec_timeout = Some(timeout);
        self
    }

    /// The size above which a response is refused, 256 MiB by default. It does not limit watches and logs, which are
    /// read as they arrive.
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

    /// The `User-Agent` header, by which the server's audit log and metrics tell clients apart.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// How long a stream that was opened, as a log that is followed, may be silent before it fails with
    /// [`is_timeout`](crate::Error::is_timeout). There is no limit by default, since a container may say nothing for
    /// hours; one of more than a year is none.
    ///
    /// That the server is gone is found within 45 s without it: by pings over HTTP/2, and by TCP's keep-alive over
    /// HTTP/1.1. What this finds beyond that is a connection that was lost behind the server, to the node, or behind a proxy.
    /// A watch of `kubernetes-watch` has a limit of its own, and reconnects.
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

    /// How often a request is sent again, 10 times by default, all within the request timeout; 0 for never.
    ///
    /// As client-go, the client sends again
    /// - any request that is answered with 429 or 5xx and a `Retry-After`, after that time,
    /// - a read (GET, HEAD, OPTIONS) whose connection is lost before the answer, after 0.1 s at first and up to 2 s,
    /// - any request that the server refused unseen, when it closes an HTTP/2 connection (GOAWAY) or has too many
    ///   streams (REFUSED_STREAM).
    ///
    /// The waits are jittered, and never shorter than the server asks. For watches and logs, which are opened, only the
    /// last applies; a watch of `kubernetes-watch` reconnects by itself.
    pub fn retries(mut self, most: u32) -> Self {
        self.retries = most;
        self
    }

    /// Limits the client to `per_second` requests per second on average, with bursts of up to `burst`; further requests
    /// wait. Off by default: API servers limit clients fairly by themselves.
    ///
    /// All clones of the client share the limit. Each attempt of a request counts, also opening a watch.
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

    /// Calls a function for each warning that comes with a response, instead of logging each text once.
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

    /// Builds the client. Nothing is sent, and no runtime is needed.
    ///
    /// # Errors
    ///
    /// When the server's address is not a URL with `http` or `https`; when a certificate or key is wrong, or the
    /// platform's certificates can't be read; when verification is off in spite of an authority; when credentials would
    /// be sent over `http` to another machine; when the URL of the proxy is wrong; and when the rate limit makes no
    /// sense.
    pub fn build(self) -> Result<Client, Error> {
        self.check()?;
        let (config, connect_timeout) = (self.config, self.connect_timeout);
        let mut headers = config.impersonate.as_ref().map_or_else(|| Ok(HeaderMap::new()), impersonation::headers)?;
        let user_agent = HeaderValue::try_from(&self.user_agent).map_err(|error| {
            Error::build_from(format!("the user agent {:?} does not fit into a header", self.user_agent), error)
        })?;
        headers.insert(USER_AGENT, user_agent);
        let authentication = Authentication::new(&config, self.exec_timeout)?;
        let settings = tls::Settings::new(&config)?;
        let (server, compression) = (config.server.clone(), !config.disable_compression);
        let default_namespace = config.default_namespace.clone();
        let make_pool = move |tls: rustls::ClientConfig| {
            let upgrades = Connector::for_upgrades(&config, tls.clone(), connect_timeout)?;
            Ok(Pool::new(Connector::new(&config, tls, connect_timeout)?, upgrades, config.server.clone()))
        };
        let exchange = Exchange {
            transport: rotating(settings, authentication.certificate(), make_pool)?,
            server: Some(server.clone()),
            headers,
            authentication,
            limits: self.limits,
            retries: self.retries,
            rate_limit: self.rate_limit,
            compression,
            content: Content::new(self.content_type),
            warnings: self.warnings,
            telemetry: Telemetry::new(server, self.observer),
        };
        Ok(Client::from_exchange(exchange, &default_namespace))
    }

    fn check(&self) -> Result<(), Error> {
        check_config(&self.config)?;
        if self.rate_limit.as_ref().is_some_and(|limit| !limit.is_possible()) {
            let message = "the rate limit must be a number of requests above zero, and the burst at least one";
            return Err(Error::build(message));
        }
        Ok(())
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("config", &self.config)
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

/// Refuses settings with which requests would go to the wrong place, or in the clear.
fn check_config(config: &Config) -> Result<(), Error> {
    let server = &config.server;
    let Some(authority) = server.authority() else {
        return Err(Error::build(format!("the server URL {server} has no host")));
    };
    if authority.as_str().contains('@') {
        return Err(Error::build("the server URL contains a user or password; put them in the credentials"));
    }
    if ![Some(&Scheme::HTTPS), Some(&Scheme::HTTP)].contains(&server.scheme()) {
        return Err(Error::build(format!("the server {server} does not start with https:// or http://")));
    }
    if server.scheme() == Some(&Scheme::HTTP) && config.credentials != Credentials::None && !is_loopback(server) {
        return Err(Error::build(format!("credentials are not sent to {server}, since http is not encrypted")));
    }
    if config.insecure_skip_tls_verify && config.certificate_authority.is_some() {
        return Err(Error::build("insecure_skip_tls_verify contradicts certificate_authority; remove one of the two"));
    }
    Ok(())
}
