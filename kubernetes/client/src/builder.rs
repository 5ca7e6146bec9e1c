//! Settings of a client.

use std::time::Duration;

use http::header::USER_AGENT;
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue};
use kubernetes_config::{Config, Credentials, is_loopback};

use crate::authentication::Authentication;
use crate::client::Inner;
use crate::content::{Content, ContentType};
use crate::counts::Counters;
use crate::policy::{self, Policy};
use crate::pool::Pool;
use crate::{Client, Error, connect, impersonation, rotation, tls};

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
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    config: Config,
    connect_timeout: Option<Duration>,
    request_timeout: Option<Duration>,
    exec_timeout: Option<Duration>,
    pub(crate) idle_timeout: Option<Duration>,
    max_response_bytes: usize,
    user_agent: String,
    pub(crate) content_type: ContentType,
    pub(crate) policy: Policy,
}

impl ClientBuilder {
    /// As client-go's dialer (`transport/cache.go`), which gives as much to TCP alone.
    pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

    /// As long as the API server itself works on a request by default (`--request-timeout`).
    pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

    /// More than any list of a working cluster, and less than what brings most machines down.
    pub(crate) const MAX_RESPONSE_BYTES: usize = 1024 * 1024 * 1024;

    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            connect_timeout: Some(Self::CONNECT_TIMEOUT),
            request_timeout: Some(Self::REQUEST_TIMEOUT),
            exec_timeout: None,
            idle_timeout: None,
            max_response_bytes: Self::MAX_RESPONSE_BYTES,
            user_agent: format!(
                "kubernetes-sdk-rust/{} ({}/{})",
                env!("CARGO_PKG_VERSION"),
                std::env::consts::OS,
                std::env::consts::ARCH
            ),
            content_type: ContentType::default(),
            policy: Policy::default(),
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
        self.request_timeout = timeout.into();
        self
    }

    /// How long an exec plugin may take before it is stopped, and the requests that wait for it fail. 60 s by default,
    /// and five minutes when it can talk with the user. It does not count as time of a request.
    pub fn exec_timeout(mut self, timeout: Duration) -> Self {
        self.exec_timeout = Some(timeout);
        self
    }

    /// The size above which a response is refused, 1 GiB by default. It is no limit for watches and logs, which are
    /// read as they arrive.
    pub fn max_response_bytes(mut self, limit: usize) -> Self {
        self.max_response_bytes = limit;
        self
    }

    /// The `User-Agent` header, by which the server's audit log and metrics tell clients apart.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Builds the client. Nothing is sent, and no runtime is needed.
    ///
    /// # Errors
    ///
    /// When the server's address is no URL with `http` or `https`; when a certificate or key is wrong, or the
    /// platform's certificates can't be read; when verification is off in spite of an authority; when credentials would
    /// be sent over `http` to another machine; when the URL of the proxy is wrong; and when the rate limit makes no
    /// sense.
    pub fn build(self) -> Result<Client, Error> {
        let config = self.config;
        check(&config)?;
        policy::check(&self.policy)?;
        let policy = Policy { compression: !config.disable_compression, ..self.policy };
        let mut headers = config.impersonate.as_ref().map_or_else(|| Ok(HeaderMap::new()), impersonation::headers)?;
        let user_agent = HeaderValue::try_from(&self.user_agent).map_err(|error| {
            Error::build_from(format!("the user agent {:?} fits into no header", self.user_agent), error)
        })?;
        headers.insert(USER_AGENT, user_agent);
        let authentication = Authentication::new(&config, self.exec_timeout)?;
        let settings = tls::Settings::new(&config)?;
        let (server, default_namespace) = (config.server.clone(), config.default_namespace.clone());
        let make = move |tls| {
            let connector = connect::connector(&config, tls, self.connect_timeout)?;
            Ok(Pool::new(connector, config.server.clone()))
        };
        Ok(Client::from_inner(Inner {
            transport: rotation::transport(settings, authentication.identity(), make)?,
            authentication,
            server: Some(server),
            default_namespace,
            headers,
            request_timeout: self.request_timeout,
            idle_timeout: self.idle_timeout,
            max_response_bytes: self.max_response_bytes,
            content: Content::new(self.content_type),
            policy,
            counters: Counters::default(),
        }))
    }
}

/// Refuses what would go to the wrong place, or in the clear.
fn check(config: &Config) -> Result<(), Error> {
    let server = &config.server;
    let Some(authority) = server.authority() else {
        return Err(Error::build(format!("the server {server} is no URL with a host")));
    };
    if authority.as_str().contains('@') {
        return Err(Error::build("the server's URL contains a user or password, which belong into the credentials"));
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
