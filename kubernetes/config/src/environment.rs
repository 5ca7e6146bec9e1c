//! Everything outside of files that determines the configuration.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::Secret;

/// The environment variables and directories used to find a configuration.
///
/// ```
/// use kubernetes_config::{Config, Environment};
///
/// let mut environment = Environment::default();
/// environment.kubeconfig = Some("/does/not/exist".into());
/// let error = Config::from_environment(&environment).unwrap_err().to_string();
/// assert!(error.contains("/does/not/exist"), "{error}");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Environment {
    /// `$KUBECONFIG`: files, separated as in `$PATH`.
    pub kubeconfig: Option<OsString>,
    /// The home directory, for `~/.kube/config`.
    pub home: Option<PathBuf>,
    /// `$KUBERNETES_SERVICE_HOST`.
    pub service_host: Option<String>,
    /// `$KUBERNETES_SERVICE_PORT`.
    pub service_port: Option<String>,
    /// `$POD_NAMESPACE`.
    pub pod_namespace: Option<String>,
    /// The directory of the service account's `token`, `ca.crt` and `namespace`.
    pub service_account: PathBuf,
    /// `$HTTP_PROXY` or `$http_proxy`: for servers without TLS.
    pub http_proxy: Option<Secret>,
    /// `$HTTPS_PROXY` or `$https_proxy`.
    pub https_proxy: Option<Secret>,
    /// `$ALL_PROXY` or `$all_proxy`: for the schemes that the two above do not set.
    pub all_proxy: Option<Secret>,
    /// `$NO_PROXY` or `$no_proxy`: the hosts that are reached without a proxy.
    pub no_proxy: Option<String>,
}

impl Default for Environment {
    /// An environment without variables and without a home directory.
    fn default() -> Self {
        Self {
            kubeconfig: None,
            home: None,
            service_host: None,
            service_port: None,
            pod_namespace: None,
            service_account: PathBuf::from("/var/run/secrets/kubernetes.io/serviceaccount"),
            http_proxy: None,
            https_proxy: None,
            all_proxy: None,
            no_proxy: None,
        }
    }
}

impl Environment {
    /// The environment of this process. An empty variable counts as not set.
    pub fn from_process() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let either = |name: &str| text(name).or_else(|| text(&name.to_lowercase()));
        // In a CGI program, HTTP_PROXY is the `Proxy` header of the request.
        let cgi = std::env::var_os("REQUEST_METHOD").is_some_and(|method| !method.is_empty());
        Self {
            kubeconfig: std::env::var_os("KUBECONFIG").filter(|value| !value.is_empty()),
            home: std::env::home_dir().filter(|home| !home.as_os_str().is_empty()),
            service_host: text("KUBERNETES_SERVICE_HOST"),
            service_port: text("KUBERNETES_SERVICE_PORT"),
            pod_namespace: text("POD_NAMESPACE"),
            http_proxy: if cgi { text("http_proxy") } else { either("HTTP_PROXY") }.map(Secret::new),
            https_proxy: either("HTTPS_PROXY").map(Secret::new),
            all_proxy: either("ALL_PROXY").map(Secret::new),
            no_proxy: either("NO_PROXY"),
            ..Self::default()
        }
    }
}
