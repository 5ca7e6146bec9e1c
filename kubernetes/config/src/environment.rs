//! Everything outside of files that decides about the configuration.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::error::Place;
use crate::kubeconfig::Found;
use crate::{Config, Error, Kubeconfig, in_cluster};

/// The variables and directories that a configuration is found by, as values.
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
}

impl Default for Environment {
    /// No variable is set, and there is no home directory.
    fn default() -> Self {
        Self {
            kubeconfig: None,
            home: None,
            service_host: None,
            service_port: None,
            pod_namespace: None,
            service_account: PathBuf::from("/var/run/secrets/kubernetes.io/serviceaccount"),
        }
    }
}

impl Environment {
    /// The environment of this process. An empty variable counts as not set.
    pub fn from_process() -> Self {
        let text = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            kubeconfig: std::env::var_os("KUBECONFIG").filter(|value| !value.is_empty()),
            home: std::env::home_dir().filter(|home| !home.as_os_str().is_empty()),
            service_host: text("KUBERNETES_SERVICE_HOST"),
            service_port: text("KUBERNETES_SERVICE_PORT"),
            pod_namespace: text("POD_NAMESPACE"),
            ..Self::default()
        }
    }

    pub(crate) fn load_config(&self) -> Result<Config, Error> {
        let no_kubeconfig = match Kubeconfig::find(self)? {
            Found::Kubeconfig(kubeconfig) if kubeconfig.current_context().is_some() => {
                return Config::from_kubeconfig(&kubeconfig, None);
            }
            Found::Kubeconfig(kubeconfig) => kubeconfig.no_current_context(),
            Found::Nothing(error) => error,
        };
        in_cluster::config(self).map_err(|not_in_cluster| {
            // Two reasons do not fit into one `source()`, so that both are told in full here.
            let (no_kubeconfig, not_in_cluster) = (no_kubeconfig.with_sources(), not_in_cluster.with_sources());
            let message = format!(
                "no configuration to reach a cluster with; tried the kubeconfig ({no_kubeconfig}), \
                 and the in-cluster configuration ({not_in_cluster})"
            );
            Error::new(Place::default(), message)
        })
    }
}
