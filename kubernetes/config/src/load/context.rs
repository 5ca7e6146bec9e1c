//! Converts a context of a kubeconfig and its overrides into a [`Config`].

use http::Uri;

use super::data_or_file::DataOrFile;
use super::{pem, user};
use crate::error::Place;
use crate::kubeconfig::entry::{Entry, find, list_names, names, set};
use crate::kubeconfig::schema::{Cluster, Context, User};
use crate::overrides::text;
use crate::{Config, Error, ExecCluster, Kubeconfig, Overrides, Proxy, Secret, url};

pub(crate) fn config(kubeconfig: &Kubeconfig, overrides: &Overrides) -> Result<Config, Error> {
    let context = context_of(kubeconfig, overrides)?;
    let cluster = cluster_of(kubeconfig, context, overrides)?;
    let user = user_of(kubeconfig, context, overrides)?;
    let namespace = context.and_then(|context| context.value.namespace.as_deref());
    let names = (context.map(|context| context.name.clone()), Some(user.name.clone()).filter(|name| !name.is_empty()));
    let mut config = from_parts(namespace, cluster, user, overrides)?;
    (config.context, config.user) = names;
    Ok(config)
}

/// Combines the entries of a context.
pub(crate) fn from_parts(
    namespace: Option<&str>,
    mut cluster: Entry<Cluster>,
    mut user: Entry<User>,
    overrides: &Overrides,
) -> Result<Config, Error> {
    overrides.apply_to_cluster(&mut cluster)?;
    overrides.apply_to_user(&mut user)?;

    let mut config = Config::new(server(&cluster)?);
    if let Some(namespace) = text(&overrides.namespace).or(namespace).filter(|namespace| !namespace.is_empty()) {
        namespace.clone_into(&mut config.default_namespace);
    }
    config.proxy_url = proxy_url(&cluster)?;
    config.disable_compression = cluster.value.disable_compression.unwrap_or_default();
    config.impersonate = match &overrides.impersonate {
        Some(impersonate) if impersonate.user.is_empty() => {
            let place = Place { field: Some("the override of as".to_owned()), ..Place::default() };
            return Err(Error::new(place, "as-uid, as-groups and as-user-extra need a user to act as"));
        }
        Some(impersonate) => Some(impersonate.clone()),
        None => user::impersonate(&user)?,
    };
    user::check(&user)?;
    // As in client-go: no secrets are sent over a connection that anyone can read.
    if config.server.scheme_str() == Some("https") {
        apply_tls(&mut config, &cluster)?;
        config.client_identity = user::client_identity(&user)?;
        let about_cluster = exec_cluster(&config, &cluster);
        config.credentials = user::credentials(&user, config.client_identity.is_some(), about_cluster)?;
    }
    Ok(config)
}

/// `None` if there is no context and the overrides suffice.
fn context_of<'a>(kubeconfig: &'a Kubeconfig, overrides: &Overrides) -> Result<Option<&'a Entry<Context>>, Error> {
    let asked = text(&overrides.context);
    let Some(name) = asked.or(kubeconfig.current_context()) else {
        let enough = text(&overrides.cluster).or(text(&overrides.server)).is_some();
        return if enough { Ok(None) } else { Err(kubeconfig.no_current_context()) };
    };
    let context = find(&kubeconfig.contexts, name);
    context.map(Some).ok_or_else(|| kubeconfig.unknown_context(name, asked.is_some()))
}

fn cluster_of(
    kubeconfig: &Kubeconfig,
    context: Option<&Entry<Context>>,
    overrides: &Overrides,
) -> Result<Entry<Cluster>, Error> {
    let known = || list_names("clusters", names(&kubeconfig.clusters).into_iter());
    if let Some(name) = text(&overrides.cluster) {
        let cluster = find(&kubeconfig.clusters, name);
        return cluster
            .cloned()
            .ok_or_else(|| Error::new(kubeconfig.place(), format!("there is no cluster {name:?}; {}", known())));
    }
    let name = context.and_then(|context| context.value.cluster.as_ref()).map_or("", |name| &name.value);
    match (find(&kubeconfig.clusters, name), context) {
        (Some(cluster), Some(_)) => Ok(cluster.clone()),
        (None, Some(context)) if text(&overrides.server).is_none() => {
            let message = match name {
                "" => format!("is missing; {}", known()),
                _ => format!("there is no cluster {name:?}; {}", known()),
            };
            Err(Error::new(context.field("cluster", &context.value.cluster), message))
        }
        _ => Ok(Entry::synthetic("clusters", "cluster")),
    }
}

/// Without keys if the context names no user, which means an anonymous user on purpose.
fn user_of(
    kubeconfig: &Kubeconfig,
    context: Option<&Entry<Context>>,
    overrides: &Overrides,
) -> Result<Entry<User>, Error> {
    let known = || list_names("users", names(&kubeconfig.users).into_iter());
    if let Some(name) = text(&overrides.user) {
        let user = find(&kubeconfig.users, name);
        return user
            .cloned()
            .ok_or_else(|| Error::new(kubeconfig.place(), format!("there is no user {name:?}; {}", known())));
    }
    let Some(context) = context else { return Ok(Entry::synthetic("users", "user")) };
    let name = context.value.user.as_ref().map_or("", |name| &name.value);
    match find(&kubeconfig.users, name) {
        Some(user) => Ok(user.clone()),
        None if name.is_empty() || overrides.have_credentials() => Ok(Entry::synthetic("users", "user")),
        None => {
            let place = context.field("user", &context.value.user);
            Err(Error::new(place, format!("there is no user {name:?}; {}", known())))
        }
    }
}

fn server(cluster: &Entry<Cluster>) -> Result<Uri, Error> {
    let place = cluster.field("server", &cluster.value.server);
    let Some(server) = set(&cluster.value.server) else {
        return Err(Error::new(place, "is missing: the URL of the API server"));
    };
    url::server(&server.value).map_err(|message| Error::new(place, message))
}

fn proxy_url(cluster: &Entry<Cluster>) -> Result<Option<Uri>, Error> {
    let Some(proxy) = set(&cluster.value.proxy_url) else { return Ok(None) };
    let parsed = url::parse(&proxy.value).and_then(|uri| Proxy::read(&uri).map(|_| Some(uri)));
    parsed.map_err(|message| Error::new(cluster.field("proxy-url", &cluster.value.proxy_url), message))
}

fn apply_tls(config: &mut Config, cluster: &Entry<Cluster>) -> Result<(), Error> {
    let value = &cluster.value;
    let (data, file) = (&value.certificate_authority_data, &value.certificate_authority);
    let authority = DataOrFile { entry: cluster, key: "certificate-authority", data, file }.read()?;
    config.insecure_skip_tls_verify = value.insecure_skip_tls_verify.as_ref().is_some_and(|insecure| insecure.value);
    if config.insecure_skip_tls_verify && authority.is_some() {
        let place = cluster.field("insecure-skip-tls-verify", &value.insecure_skip_tls_verify);
        return Err(Error::new(place, "contradicts certificate-authority; remove one of the two"));
    }
    if let Some(authority) = authority {
        let authority = authority.checked(pem::certificate_fault)?;
        (config.certificate_authority, config.certificate_authority_file) = (Some(authority.bytes), authority.path);
    }
    config.tls_server_name = set(&value.tls_server_name).map(|name| name.value.clone());
    Ok(())
}

/// The cluster for an exec plugin's information.
fn exec_cluster(config: &Config, cluster: &Entry<Cluster>) -> ExecCluster {
    let value = &cluster.value;
    ExecCluster {
        server: set(&value.server).map(|server| server.value.clone()).unwrap_or_default(),
        tls_server_name: config.tls_server_name.clone(),
        insecure_skip_tls_verify: config.insecure_skip_tls_verify,
        certificate_authority: config.certificate_authority.clone(),
        proxy_url: set(&value.proxy_url).map(|proxy| Secret::new(proxy.value.clone())),
        disable_compression: config.disable_compression,
        config: value.exec_extension(),
    }
}

impl Kubeconfig {
    /// The place to look for a missing entry.
    fn place(&self) -> Place {
        self.files().next().map_or_else(Place::default, Place::file)
    }
}
