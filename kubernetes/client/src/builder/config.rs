//! The client for the server of a configuration.

use std::time::Duration;

use http::header::USER_AGENT;
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue};
use kubernetes_config::{Config, Credentials, is_loopback};

use super::ClientBuilder;
use crate::authentication::{Authentication, impersonation};
use crate::client::Client;
use crate::error::Error;
use crate::exchange::{Content, Exchange};
use crate::telemetry::Telemetry;
use crate::transport::{Connector, Pool, rotating, tls};

impl Client {
    /// Creates a client with kubectl's configuration: the current context of `$KUBECONFIG` or `~/.kube/config`, or else
    /// the configuration of a pod.
    ///
    /// Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no configuration or it is wrong; [`source`](std::error::Error::source) is the
    /// [`kubernetes_config::Error`] that names the file and field.
    pub fn from_env() -> Result<Self, Error> {
        Self::new(Config::from_env().map_err(Error::from)?)
    }

    /// Creates a client for `config`, with the default settings of [`ClientBuilder`].
    ///
    /// # Errors
    ///
    /// See [`ClientBuilder::build`].
    pub fn new(config: Config) -> Result<Self, Error> {
        Self::builder(config).build()
    }

    /// Returns a builder, for timeouts and limits other than the defaults.
    pub fn builder(config: Config) -> ClientBuilder {
        ClientBuilder::new(config)
    }
}

impl ClientBuilder {
    /// Sets the timeout for connecting, which includes name resolution, TCP with all addresses, and TLS: 30 s by
    /// default; with `None`, only the timeout of the request applies.
    pub fn connect_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.connect_timeout = timeout.into();
        self
    }

    /// Sets the time limit of an exec plugin, after which it is stopped and the requests that wait for it fail: 60 s by
    /// default, and five minutes if it can prompt the user. It is not part of a request's timeout.
    pub fn exec_timeout(mut self, timeout: Duration) -> Self {
        self.exec_timeout = Some(timeout);
        self
    }

    /// Sets the `User-Agent` header, which identifies the client in the server's audit log and metrics.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Builds the client. Nothing is sent, and no runtime is needed.
    ///
    /// # Errors
    ///
    /// Returns an error if the server's address is not an `http` or `https` URL, if a certificate or key is wrong, if
    /// the platform's certificates can't be read, if verification is off although there is a CA, if credentials would
    /// be sent over `http` to another machine, if the URL of the proxy is wrong, or if the rate limit is invalid.
    pub fn build(self) -> Result<Client, Error> {
        check_config(&self.target)?;
        self.check_rate_limit()?;
        let (config, connect_timeout) = (self.target, self.connect_timeout);
        let mut headers = config.impersonate.as_ref().map_or_else(|| Ok(HeaderMap::new()), impersonation::headers)?;
        let user_agent = HeaderValue::try_from(&self.user_agent).map_err(|error| {
            Error::build_from(format!("the user agent {:?} is not valid in a header", self.user_agent), error)
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
            telemetry: Telemetry::new(Some(server), self.observer),
        };
        Ok(Client::from_exchange(exchange, &default_namespace))
    }
}

/// Refuses settings that would send requests to the wrong place or unencrypted.
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
        return Err(Error::build(format!("credentials are not sent to {server}, because http is not encrypted")));
    }
    if config.insecure_skip_tls_verify && config.certificate_authority.is_some() {
        return Err(Error::build("insecure_skip_tls_verify contradicts certificate_authority; remove one of the two"));
    }
    Ok(())
}
