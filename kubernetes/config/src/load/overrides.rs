//! Replaces the kubeconfig's values by those of a command line.

use std::path::Path;

use crate::error::Place;
use crate::kubeconfig::entry::Entry;
use crate::kubeconfig::from_node::{Field, Spanned};
use crate::kubeconfig::schema::{Cluster, User};
use crate::overrides::{non_empty, secret, text};
use crate::{Error, Overrides};

impl Overrides {
    pub(super) fn apply_to_cluster(&self, cluster: &mut Entry<Cluster>) -> Result<(), Error> {
        let authority = non_empty(&self.certificate_authority);
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
            cluster.value.insecure_skip_tls_verify = field(true);
            cluster.mark_overridden("insecure-skip-tls-verify");
        }
        if self.disable_compression {
            cluster.value.disable_compression = Some(true);
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

    pub(super) fn apply_to_user(&self, user: &mut Entry<User>) -> Result<(), Error> {
        if let Some(file) = non_empty(&self.client_certificate) {
            user.value.client_certificate_data = None;
            user.value.client_certificate = path("client-certificate", file)?;
            user.mark_overridden("client-certificate");
        }
        if let Some(file) = non_empty(&self.client_key) {
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
}

/// A value that is in no file.
pub(super) fn field<T>(value: T) -> Field<T> {
    Some(Spanned { value, line: None })
}

/// An absolute path, since it is not relative to the kubeconfig's directory.
pub(super) fn path(key: &str, path: &Path) -> Result<Field<String>, Error> {
    let place = Place { field: Some(format!("the override of {key}")), ..Place::default() };
    let absolute = std::path::absolute(path)
        .map_err(|error| Error::new(place.clone(), format!("can't use {}", path.display())).with_source(error))?;
    match absolute.into_os_string().into_string() {
        Ok(text) => Ok(field(text)),
        Err(path) => Err(Error::new(place, format!("{} is not valid UTF-8", path.display()))),
    }
}
