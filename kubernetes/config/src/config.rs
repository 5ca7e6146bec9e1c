//! What a client needs to know to reach a server.

use std::fmt;
use std::path::PathBuf;

use http::Uri;

use crate::{
    ClientIdentity, Credentials, Environment, Error, Impersonate, Kubeconfig, Overrides, Proxy, ProxyRules, in_cluster,
    resolve,
};

/// How to reach one API server, and as whom.
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
    /// The certificates (PEM) that may sign the server's; `None` means those the platform trusts.
    pub certificate_authority: Option<Vec<u8>>,
    /// The file that they were read from, to be read again as it changes; `None` for inline data.
    pub certificate_authority_file: Option<PathBuf>,
    /// Whether any server certificate is accepted, which lets anyone on the path read and change every request.
    pub insecure_skip_tls_verify: bool,
    /// The name to ask for in TLS and to expect in the server's certificate, instead of the host of `server`.
    pub tls_server_name: Option<String>,
    /// The certificate and key with which the client proves who it is in TLS.
    pub client_identity: Option<ClientIdentity>,
    /// What the client says who it is with, beside `client_identity`.
    pub credentials: Credentials,
    /// The proxy to reach the server through: `http`, `https`, `socks5` or `socks5h`. It may contain a password.
    pub proxy_url: Option<Uri>,
    /// What the environment says about proxies, for when there is no `proxy_url`; see [`proxy_for`](Self::proxy_for).
    pub proxy: ProxyRules,
    /// Whether responses must not be compressed.
    pub disable_compression: bool,
    /// As whom the requests are to be made, other than the authenticated user.
    pub impersonate: Option<Impersonate>,
}

impl Config {
    /// A configuration for `server` with nothing else: platform trust, no credentials, no proxy, namespace `default`.
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
        }
    }

    /// The current context of `$KUBECONFIG` or `~/.kube/config`, or else what a pod in a cluster finds.
    ///
    /// # Errors
    ///
    /// As [`from_environment`](Self::from_environment).
    pub fn from_env() -> Result<Self, Error> {
        Self::from_environment(&Environment::from_process())
    }

    /// As [`from_env`](Self::from_env), with the environment given as a value.
    ///
    /// A kubeconfig that names a current context decides alone; only when there is none is the in-cluster
    /// configuration tried (as client-go's `DeferredLoadingClientConfig`).
    ///
    /// # Errors
    ///
    /// When a kubeconfig or what it refers to is wrong, or nothing is found; the message then tells all that was tried.
    pub fn from_environment(environment: &Environment) -> Result<Self, Error> {
        Self::from_environment_with(environment, &Overrides::default())
    }

    /// As [`from_environment`](Self::from_environment), with values that count instead of what is found there.
    ///
    /// A context, a cluster or a server that is asked for is looked for in the kubeconfig alone. In a pod without a
    /// kubeconfig `namespace`, `token` and `certificate_authority` replace what the pod has.
    ///
    /// # Errors
    ///
    /// As [`from_environment`](Self::from_environment), and when an override is wrong.
    pub fn from_environment_with(environment: &Environment, overrides: &Overrides) -> Result<Self, Error> {
        environment.load_config(overrides)
    }

    /// The given context of a kubeconfig, or its current one; reads the files that the context refers to.
    ///
    /// The rules are client-go's (`tools/clientcmd`), except that what would lead to a request as nobody by mistake is
    /// an error here: a user or cluster that is named but does not exist, and a client key without a certificate as
    /// the only credential.
    /// - Inline data beats a file, which is then not read. (kubectl says the same, and stops.)
    /// - Relative paths are resolved against the directory of the kubeconfig that has the entry.
    /// - An empty string counts as unset.
    /// - Of several credentials one is used: `tokenFile`, unless it cannot be read; `token`; `username` and `password`,
    ///   which contradict both; `exec`, unless there is a client certificate; `auth-provider`, which contradicts `exec`.
    /// - A server without a scheme is `http`. For an `http` server the user's credentials and TLS settings are left
    ///   out, so that none is sent in the clear.
    /// - `proxy-url` beats the proxies of the environment of this process, and heeds no `NO_PROXY`.
    ///
    /// # Errors
    ///
    /// When there is no such context, when it is incomplete or contradicts itself, when a file cannot be read, when
    /// data is no base64 or no PEM, when an exec plugin or auth provider is not set up completely or not a known one,
    /// and when a proxy variable of the environment is no URL.
    pub fn from_kubeconfig(kubeconfig: &Kubeconfig, context: Option<&str>) -> Result<Self, Error> {
        let overrides = Overrides { context: context.map(str::to_owned), ..Overrides::default() };
        Self::from_kubeconfig_with(kubeconfig, &overrides)
    }

    /// As [`from_kubeconfig`](Self::from_kubeconfig), with values that count instead of the kubeconfig's.
    ///
    /// # Errors
    ///
    /// As [`from_kubeconfig`](Self::from_kubeconfig), and when an override is wrong.
    pub fn from_kubeconfig_with(kubeconfig: &Kubeconfig, overrides: &Overrides) -> Result<Self, Error> {
        let mut config = resolve::config(kubeconfig, overrides)?;
        config.proxy = ProxyRules::from_environment(&Environment::from_process())?;
        Ok(config)
    }

    /// The configuration that every pod with a service account finds.
    ///
    /// The server is `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`; `token`, `ca.crt` and `namespace` are
    /// files in `/var/run/secrets/kubernetes.io/serviceaccount`. Without `ca.crt` the platform's certificates are
    /// trusted. The namespace is `$POD_NAMESPACE`, else that of the file, else `default`. As client-go's
    /// `rest.InClusterConfig`.
    ///
    /// # Errors
    ///
    /// When a variable is not set, the token cannot be read or is empty, or `ca.crt` has no certificate.
    pub fn from_cluster() -> Result<Self, Error> {
        let environment = Environment::from_process();
        in_cluster::config(&environment, &Overrides::default())
    }

    /// The proxy for a request to `uri`: `proxy_url`, or else the one that the environment has for it.
    ///
    /// `None` means a direct connection. What is not sent to the server, such as a request to an OpenID Connect
    /// provider, goes by [`proxy`](Self::proxy) alone.
    ///
    /// # Errors
    ///
    /// When `proxy_url` is not the URL of a proxy, which happens only where it was set by hand.
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
            .finish()
    }
}

/// Bytes shown by their number, since a PEM text drowns everything else.
pub(crate) struct Shortened<'a>(pub(crate) &'a [u8]);

impl fmt::Debug for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}
