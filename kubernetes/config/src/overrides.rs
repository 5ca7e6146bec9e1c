//! Values from a command line that override the kubeconfig.

use std::path::{Path, PathBuf};

use crate::{Impersonate, Secret};

/// Values that override the kubeconfig's, like kubectl's flags.
///
/// ```
/// use kubernetes_config::{Config, Kubeconfig, Overrides};
///
/// let text = "
/// contexts: [{ name: dev, context: { cluster: here } }]
/// clusters: [{ name: here, cluster: { server: 'https://10.0.0.1:6443/' } }]
/// ";
/// let kubeconfig = Kubeconfig::parse(text, "config".as_ref())?;
/// let mut overrides = Overrides::default();
/// overrides.context = Some("dev".to_owned());
/// overrides.namespace = Some("shop".to_owned());
/// let config = Config::from_kubeconfig_with(&kubeconfig, &overrides)?;
/// assert_eq!((config.server.host(), config.default_namespace.as_str()), (Some("10.0.0.1"), "shop"));
/// # Ok::<(), kubernetes_config::Error>(())
/// ```
///
/// `None` and the empty string keep the kubeconfig's value. Relative paths are resolved against the current directory.
/// As in client-go (`tools/clientcmd/client_config.go`):
/// - A requested context, cluster or user must exist. Without a context, `server` alone is enough.
/// - `certificate_authority` and `insecure_skip_tls_verify` each replace all trust settings of the cluster: the file,
///   the data and whether it is insecure.
/// - `server` discards the cluster's `tls-server-name`, unless that is overridden too.
/// - `client_certificate` and `client_key` replace the user's file and data.
/// - `token` keeps the user's client certificate, but disables an exec plugin. Unlike in client-go, it also replaces
///   the user's `tokenFile`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Overrides {
    /// `--context`: the context to use instead of the current one.
    pub context: Option<String>,
    /// `--cluster`: the cluster to use instead of the context's.
    pub cluster: Option<String>,
    /// `--user`: the user to use instead of the context's.
    pub user: Option<String>,
    /// `--namespace`
    pub namespace: Option<String>,
    /// `--server`
    pub server: Option<String>,
    /// `--tls-server-name`
    pub tls_server_name: Option<String>,
    /// `--certificate-authority`: a file.
    pub certificate_authority: Option<PathBuf>,
    /// `--insecure-skip-tls-verify`; `false` keeps the kubeconfig's value.
    pub insecure_skip_tls_verify: bool,
    /// `--proxy-url`
    pub proxy_url: Option<Secret>,
    /// `--disable-compression`; `false` keeps the kubeconfig's value.
    pub disable_compression: bool,
    /// `--client-certificate`: a file.
    pub client_certificate: Option<PathBuf>,
    /// `--client-key`: a file.
    pub client_key: Option<PathBuf>,
    /// `--token`
    pub token: Option<Secret>,
    /// `--username`
    pub username: Option<String>,
    /// `--password`
    pub password: Option<Secret>,
    /// `--as`, `--as-group`, `--as-uid`, `--as-user-extra`; replaces the user's settings as a whole.
    pub impersonate: Option<Impersonate>,
}

impl Overrides {
    /// Overrides only the context.
    pub fn context(name: impl Into<String>) -> Self {
        Self { context: Some(name.into()), ..Self::default() }
    }

    /// Whether they identify the user without the kubeconfig.
    pub(crate) fn have_credentials(&self) -> bool {
        secret(&self.token).is_some() || text(&self.username).is_some() || non_empty(&self.client_certificate).is_some()
    }

    /// Whether they name an entry of a kubeconfig, or a server in place of one.
    pub(crate) fn choose(&self) -> bool {
        [&self.context, &self.cluster, &self.user, &self.server].into_iter().any(|name| text(name).is_some())
    }

    /// Whether they are enough without any kubeconfig.
    pub(crate) fn is_server_alone(&self) -> bool {
        text(&self.server).is_some()
            && [&self.context, &self.cluster, &self.user].iter().all(|name| text(name).is_none())
    }
}

/// The text, unless it is empty, which counts as unset.
pub(crate) fn text(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|text| !text.is_empty())
}

pub(crate) fn secret(value: &Option<Secret>) -> Option<&str> {
    value.as_ref().map(Secret::expose).filter(|text| !text.is_empty())
}

pub(crate) fn non_empty(path: &Option<PathBuf>) -> Option<&Path> {
    path.as_deref().filter(|path| !path.as_os_str().is_empty())
}
