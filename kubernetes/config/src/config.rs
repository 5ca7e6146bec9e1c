//! What a client needs to know to reach a server.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use http::Uri;

use crate::{Environment, Error, Kubeconfig, Secret, in_cluster, resolve};

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
    /// Whether any server certificate is accepted, which lets anyone on the path read and change every request.
    pub insecure_skip_tls_verify: bool,
    /// The name to ask for in TLS and to expect in the server's certificate, instead of the host of `server`.
    pub tls_server_name: Option<String>,
    /// The certificate and key with which the client proves who it is in TLS.
    pub client_identity: Option<ClientIdentity>,
    /// What the client sends in the `Authorization` header.
    pub credentials: Credentials,
    /// The proxy to reach the server through: `http`, `https`, `socks5` or `socks5h`. It may contain a password.
    pub proxy_url: Option<Uri>,
    /// Whether responses must not be compressed.
    pub disable_compression: bool,
    /// As whom the requests are to be made, other than the authenticated user.
    pub impersonate: Option<Impersonate>,
}

impl Config {
    /// A configuration for `server` with nothing else: platform trust, no credentials, namespace `default`.
    pub fn new(server: Uri) -> Self {
        Self {
            server,
            default_namespace: "default".to_owned(),
            certificate_authority: None,
            insecure_skip_tls_verify: false,
            tls_server_name: None,
            client_identity: None,
            credentials: Credentials::None,
            proxy_url: None,
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
        environment.load_config()
    }

    /// The given context of a kubeconfig, or its current one; reads the files that the context refers to.
    ///
    /// The rules are client-go's (`tools/clientcmd`), except that what would lead to a request as nobody by mistake is
    /// an error here: a user or cluster that is named but does not exist, and a client key without a certificate as
    /// the only credential.
    /// - Inline data beats a file; `tokenFile` beats `token`, unless it cannot be read.
    /// - Relative paths are resolved against the directory of the kubeconfig that has the entry.
    /// - An empty string counts as unset.
    /// - A server without a scheme is `http`. For an `http` server the user's credentials and TLS settings are left
    ///   out, so that none is sent in the clear.
    ///
    /// # Errors
    ///
    /// When there is no such context, when it is incomplete or contradicts itself, when a file cannot be read, when
    /// data is no base64 or no PEM, and when the user needs an exec plugin or auth provider.
    pub fn from_kubeconfig(kubeconfig: &Kubeconfig, context: Option<&str>) -> Result<Self, Error> {
        resolve::config(kubeconfig, context)
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
        in_cluster::config(&Environment::from_process())
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("server", &self.server)
            .field("default_namespace", &self.default_namespace)
            .field("certificate_authority", &self.certificate_authority.as_deref().map(Shortened))
            .field("insecure_skip_tls_verify", &self.insecure_skip_tls_verify)
            .field("tls_server_name", &self.tls_server_name)
            .field("client_identity", &self.client_identity)
            .field("credentials", &self.credentials)
            .field("proxy_url", &self.proxy_url.as_ref().map(crate::url::without_user))
            .field("disable_compression", &self.disable_compression)
            .field("impersonate", &self.impersonate)
            .finish()
    }
}

/// A client certificate with its private key.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientIdentity {
    /// The certificate, and those that signed it, as PEM.
    pub certificate: Vec<u8>,
    /// The private key, as PEM.
    pub key: Secret,
}

impl ClientIdentity {
    /// Joins a certificate with its key, both PEM.
    pub fn new(certificate: impl Into<Vec<u8>>, key: impl Into<Secret>) -> Self {
        Self { certificate: certificate.into(), key: key.into() }
    }
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity")
            .field("certificate", &Shortened(&self.certificate))
            .field("key", &self.key)
            .finish()
    }
}

/// What goes into the `Authorization` header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// No header: the client is anonymous, or known by its [`ClientIdentity`].
    #[default]
    None,
    /// A bearer token.
    Token(Secret),
    /// A file with a bearer token between optional white space, to be read again as it is renewed.
    TokenFile(PathBuf),
    /// User name and password.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: Secret,
    },
}

/// The identity to act as, for users who may impersonate others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Impersonate {
    /// The user name (`Impersonate-User`); never empty.
    pub user: String,
    /// The groups (`Impersonate-Group`).
    pub groups: Vec<String>,
    /// The unique id (`Impersonate-Uid`).
    pub uid: Option<String>,
    /// More attributes (`Impersonate-Extra-…`).
    pub extra: BTreeMap<String, Vec<String>>,
}

impl Impersonate {
    /// Acts as `user`, without groups and attributes.
    pub fn new(user: impl Into<String>) -> Self {
        Self { user: user.into(), ..Self::default() }
    }
}

/// Bytes shown by their number, since a PEM text drowns everything else.
struct Shortened<'a>(&'a [u8]);

impl fmt::Debug for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}
