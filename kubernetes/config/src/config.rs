//! The configuration with which a client reaches a server.

use std::fmt;
use std::path::PathBuf;

use http::Uri;

use crate::secret::Shortened;
use crate::{ClientIdentity, Credentials, Error, Impersonate, Proxy, ProxyRules};

/// How to reach one API server, and as which user.
///
/// ```
/// use kubernetes_config::{Config, Credentials};
///
/// let mut config = Config::new("https://10.0.0.1:6443".parse()?);
/// config.credentials = Credentials::Token("s3cret".into());
/// assert_eq!(config.default_namespace, "default");
/// # Ok::<(), http::uri::InvalidUri>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// `https://host:port` with an optional path prefix, which has no trailing slash, no query and no user.
    ///
    /// `server.path()` is `/` when there is no prefix.
    pub server: Uri,
    /// The namespace of the context or of the service account, otherwise `default`.
    pub default_namespace: String,
    /// The CA certificates (PEM) for the server's certificate; `None` means those that the platform trusts.
    pub certificate_authority: Option<Vec<u8>>,
    /// The file that the CA certificates come from, to be read again when it changes; `None` for inline data.
    pub certificate_authority_file: Option<PathBuf>,
    /// Whether any server certificate is accepted, which lets anyone on the path read and change every request.
    pub insecure_skip_tls_verify: bool,
    /// The name to request in TLS and to expect in the server's certificate, instead of the host of `server`.
    pub tls_server_name: Option<String>,
    /// The certificate and key with which the client identifies itself in TLS.
    pub client_identity: Option<ClientIdentity>,
    /// The credentials for the `Authorization` header, in addition to `client_identity`.
    pub credentials: Credentials,
    /// The proxy in front of the server: `http`, `https`, `socks5` or `socks5h`. The URL may contain a password.
    pub proxy_url: Option<Uri>,
    /// The proxies of the environment, used without a `proxy_url`; see [`proxy_for`](Self::proxy_for).
    pub proxy: ProxyRules,
    /// Whether responses must not be compressed.
    pub disable_compression: bool,
    /// The name of the kubeconfig's context, for messages.
    pub context: Option<String>,
    /// The name of the kubeconfig's user, for messages. The API server may know the user by another name.
    pub user: Option<String>,
    /// The user to impersonate: requests are made as that user instead of the authenticated one.
    pub impersonate: Option<Impersonate>,
}

impl Config {
    /// Creates a configuration for `server` with defaults: the platform's CA certificates, no credentials, no proxy,
    /// and the namespace `default`.
    pub fn new(server: Uri) -> Self {
        Self {
            server,
            default_namespace: "default".to_owned(),
            certificate_authority: None,
            certificate_authority_file: None,
            insecure_skip_tls_verify: false,
            tls_server_name: None,
            client_identity: None,
            credentials: Credentials::None,
            proxy_url: None,
            proxy: ProxyRules::default(),
            disable_compression: false,
            impersonate: None,
            context: None,
            user: None,
        }
    }

    /// The proxy for a request to `uri`: `proxy_url`, or else that of the environment.
    ///
    /// `None` means a direct connection. Requests to other servers, such as an OpenID Connect provider, use only
    /// [`proxy`](Self::proxy).
    ///
    /// # Errors
    ///
    /// Returns an error if `proxy_url` is not the URL of a proxy, which is possible only if the program set it.
    pub fn proxy_for(&self, uri: &Uri) -> Result<Option<Proxy>, Error> {
        match &self.proxy_url {
            Some(url) => Proxy::from_uri(url).map(Some),
            None => Ok(self.proxy.for_uri(uri).cloned()),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("server", &self.server)
            .field("default_namespace", &self.default_namespace)
            .field("certificate_authority", &self.certificate_authority.as_deref().map(Shortened))
            .field("certificate_authority_file", &self.certificate_authority_file)
            .field("insecure_skip_tls_verify", &self.insecure_skip_tls_verify)
            .field("tls_server_name", &self.tls_server_name)
            .field("client_identity", &self.client_identity)
            .field("credentials", &self.credentials)
            .field("proxy_url", &self.proxy_url.as_ref().map(crate::url::without_user))
            .field("proxy", &self.proxy)
            .field("disable_compression", &self.disable_compression)
            .field("impersonate", &self.impersonate)
            .field("context", &self.context)
            .field("user", &self.user)
            .finish()
    }
}
