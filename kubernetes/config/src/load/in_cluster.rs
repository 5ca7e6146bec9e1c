//! The configuration from a pod's service account.

use std::io;
use std::path::PathBuf;

use super::overrides::{field, path};
use super::{context, pem};
use crate::error::Place;
use crate::kubeconfig::entry::Entry;
use crate::kubeconfig::schema::{Cluster, User};
use crate::{Config, Credentials, Environment, Error, Overrides, ProxyRules, files, token, url};

/// The pod's configuration with overrides, by the rules for a kubeconfig.
pub(crate) fn config(environment: &Environment, overrides: &Overrides) -> Result<Config, Error> {
    let pod = pod(environment)?;
    let mut cluster = Entry::<Cluster>::synthetic("clusters", "cluster");
    cluster.value.server = field(pod.server.to_string());
    cluster.value.certificate_authority = match &pod.certificate_authority_file {
        Some(file) => path("certificate-authority", file)?,
        None => None,
    };
    let mut user = Entry::<User>::synthetic("users", "user");
    if let Credentials::TokenFile(file) = &pod.credentials {
        user.value.token_file = path("tokenFile", file)?;
    }
    let mut config = context::from_parts(Some(&pod.default_namespace), cluster, user, overrides)?;
    config.proxy = ProxyRules::from_environment(environment)?;
    Ok(config)
}

/// The pod's own configuration.
fn pod(environment: &Environment) -> Result<Config, Error> {
    let host = variable("KUBERNETES_SERVICE_HOST", &environment.service_host).map_err(Error::not_found)?;
    let port = variable("KUBERNETES_SERVICE_PORT", &environment.service_port)
        .map_err(|message| Error::new(Place::default(), message))?;
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
    let server = url::server(&format!("https://{host}:{port}")).map_err(|message| {
        let message = format!("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT: https://{host}:{port} {message}");
        Error::new(Place::default(), message)
    })?;

    let mut config = Config::new(server);
    let token = environment.service_account.join("token");
    token::check_file(&token).map_err(|error| {
        Error::new(Place::file(&token), "can't read the service account's token").with_source(error)
    })?;
    config.credentials = Credentials::TokenFile(token);
    (config.certificate_authority, config.certificate_authority_file) = certificate_authority(environment)?.unzip();
    if let Some(namespace) = namespace(environment) {
        config.default_namespace = namespace;
    }
    Ok(config)
}

fn variable<'a>(name: &str, value: &'a Option<String>) -> Result<&'a str, String> {
    let value = value.as_deref().filter(|value| !value.is_empty());
    value.ok_or_else(|| format!("${name} is not set: not running in a pod"))
}

/// As in client-go, the platform's certificates are trusted if the file is missing.
fn certificate_authority(environment: &Environment) -> Result<Option<(Vec<u8>, PathBuf)>, Error> {
    let path = environment.service_account.join("ca.crt");
    let bytes = match files::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(Error::new(Place::file(&path), "can't read the cluster's certificate").with_source(error));
        }
    };
    match pem::certificate_fault(&bytes) {
        None => Ok(Some((bytes, path))),
        Some(fault) => Err(Error::new(Place::file(&path), fault)),
    }
}

fn namespace(environment: &Environment) -> Option<String> {
    let variable = environment.pod_namespace.clone().filter(|namespace| !namespace.is_empty());
    variable.or_else(|| {
        let bytes = files::read(&environment.service_account.join("namespace")).ok()?;
        let namespace = String::from_utf8(bytes).ok()?;
        Some(namespace.trim().to_owned()).filter(|namespace| !namespace.is_empty())
    })
}
