//! What a command line says against the kubeconfig.

use std::path::{Path, PathBuf};

use crate::document::{Cluster, Field, Spanned, Switch, User};
use crate::entry::Entry;
use crate::error::Place;
use crate::{Error, Impersonate, Secret};

/// Values that count instead of the kubeconfig's, as kubectl's flags do.
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
/// `None` and the empty string leave the kubeconfig's value. Relative paths start from the current directory. As in
/// client-go (`tools/clientcmd/client_config.go`):
/// - A context, cluster or user that is asked for must exist. Without a context, `server` alone is enough.
/// - `certificate_authority` and `insecure_skip_tls_verify` each replace all of the cluster's trust: its file, its data
///   and whether it is insecure.
/// - `server` drops the cluster's `tls-server-name`, unless that is overridden too.
/// - `client_certificate` and `client_key` replace the user's file and data.
/// - `token` keeps a client certificate of the user, and an exec plugin then does not run. Unlike in client-go, it
///   replaces the user's `tokenFile` as well: who gives a token means it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Overrides {
    /// `--context`: the context to use instead of the current one.
    pub context: Option<String>,
    /// `--cluster`: the cluster to use instead of the context's.
    pub cluster: Option<String>,
    /// `--user`: the user to be instead of the context's.
    pub user: Option<String>,
    /// `--namespace`
    pub namespace: Option<String>,
    /// `--server`
    pub server: Option<String>,
    /// `--tls-server-name`
    pub tls_server_name: Option<String>,
    /// `--certificate-authority`: a file.
    pub certificate_authority: Option<PathBuf>,
    /// `--insecure-skip-tls-verify`; `false` leaves the kubeconfig's value.
    pub insecure_skip_tls_verify: bool,
    /// `--proxy-url`
    pub proxy_url: Option<Secret>,
    /// `--disable-compression`; `false` leaves the kubeconfig's value.
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
    /// `--as`, `--as-group`, `--as-uid`, `--as-user-extra`; replaces the user's as a whole.
    pub impersonate: Option<Impersonate>,
}

impl Overrides {
    /// Nothing but another context.
    pub fn context(name: impl Into<String>) -> Self {
        Self { context: Some(name.into()), ..Self::default() }
    }

    pub(crate) fn apply_to_cluster(&self, cluster: &mut Entry<Cluster>) -> Result<(), Error> {
        let authority = given(&self.certificate_authority);
        if authority.is_some() || self.insecure_skip_tls_verify {
            cluster.value.certificate_authority_data = None;
            cluster.value.insecure_skip_tls_verify = None;
            cluster.value.certificate_authority = None;
        }
        if let Some(authority) = authority {
            cluster.value.certificate_authority = path("certificate-authority", authority)?;
            cluster.mark_overridden("certificate-authority");
        }
        if self.insecure_skip_tls_verify {
            cluster.value.insecure_skip_tls_verify = field(Switch(true));
            cluster.mark_overridden("insecure-skip-tls-verify");
        }
        if self.disable_compression {
            cluster.value.disable_compression = Some(Switch(true));
        }
        if let Some(server) = text(&self.server) {
            cluster.value.server = field(server.to_owned());
            cluster.value.tls_server_name = None;
            cluster.mark_overridden("server");
        }
        if let Some(name) = text(&self.tls_server_name) {
            cluster.value.tls_server_name = field(name.to_owned());
        }
        if let Some(proxy) = secret(&self.proxy_url) {
            cluster.value.proxy_url = field(proxy.to_owned());
            cluster.mark_overridden("proxy-url");
        }
        Ok(())
    }

    pub(crate) fn apply_to_user(&self, user: &mut Entry<User>) -> Result<(), Error> {
        if let Some(file) = given(&self.client_certificate) {
            user.value.client_certificate_data = None;
            user.value.client_certificate = path("client-certificate", file)?;
            user.mark_overridden("client-certificate");
        }
        if let Some(file) = given(&self.client_key) {
            user.value.client_key_data = None;
            user.value.client_key = path("client-key", file)?;
            user.mark_overridden("client-key");
        }
        if let Some(token) = secret(&self.token) {
            user.value.token_file = None;
            user.value.token = field(token.to_owned());
            user.mark_overridden("token");
        }
        if let Some(name) = text(&self.username) {
            user.value.username = field(name.to_owned());
        }
        if let Some(password) = secret(&self.password) {
            user.value.password = field(password.to_owned());
        }
        Ok(())
    }

    /// Whether they say who the user is, without the kubeconfig's help.
    pub(crate) fn have_credentials(&self) -> bool {
        secret(&self.token).is_some() || text(&self.username).is_some() || given(&self.client_certificate).is_some()
    }

    /// Whether they name an entry of a kubeconfig, or a server instead of one.
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

fn secret(value: &Option<Secret>) -> Option<&str> {
    value.as_ref().map(Secret::expose).filter(|text| !text.is_empty())
}

/// A value that stands in no file.
pub(crate) fn field<T>(value: T) -> Field<T> {
    Some(Spanned { value, line: None })
}

/// An absolute path, since the kubeconfig's directory has nothing to do with it.
pub(crate) fn path(key: &str, path: &Path) -> Result<Field<String>, Error> {
    let place = Place { field: Some(format!("the override of {key}")), ..Place::default() };
    let absolute = std::path::absolute(path)
        .map_err(|error| Error::new(place.clone(), format!("cannot use {}", path.display())).with_source(error))?;
    match absolute.into_os_string().into_string() {
        Ok(text) => Ok(field(text)),
        Err(path) => Err(Error::new(place, format!("{} is not UTF-8 text", path.display()))),
    }
}

fn given(path: &Option<PathBuf>) -> Option<&Path> {
    path.as_deref().filter(|path| !path.as_os_str().is_empty())
}
