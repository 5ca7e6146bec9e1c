//! From a context of a kubeconfig to a [`Config`].

use std::path::PathBuf;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use http::Uri;

use crate::document::{Cluster, Context, Field, User};
use crate::error::Place;
use crate::kubeconfig::{Entry, Kubeconfig, find, list_names, names, set};
use crate::{ClientIdentity, Config, Credentials, Error, Impersonate, Secret, files, pem, url};

/// Go's `base64.StdEncoding`: padded, and tolerant of unused bits in the last character.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

pub(crate) fn config(kubeconfig: &Kubeconfig, context: Option<&str>) -> Result<Config, Error> {
    let asked = context.filter(|name| !name.is_empty());
    let name = asked.or(kubeconfig.current_context()).ok_or_else(|| kubeconfig.no_current_context())?;
    let context = find(&kubeconfig.contexts, name).ok_or_else(|| kubeconfig.unknown_context(name, asked.is_some()))?;
    let cluster = cluster_of(kubeconfig, context)?;
    let user = user_of(kubeconfig, context)?;

    let mut config = Config::new(server(cluster)?);
    if let Some(namespace) = context.value.namespace.as_deref().filter(|namespace| !namespace.is_empty()) {
        namespace.clone_into(&mut config.default_namespace);
    }
    config.proxy_url = proxy_url(cluster)?;
    config.disable_compression = cluster.value.disable_compression.unwrap_or_default().0;
    if let Some(user) = user {
        config.impersonate = impersonate(user)?;
    }
    // As client-go: nothing secret goes over a connection that anyone can read.
    if config.server.scheme_str() == Some("https") {
        apply_tls(&mut config, cluster)?;
        if let Some(user) = user {
            apply_user(&mut config, user)?;
        }
    }
    Ok(config)
}

fn cluster_of<'a>(kubeconfig: &'a Kubeconfig, context: &Entry<Context>) -> Result<&'a Entry<Cluster>, Error> {
    let name = context.value.cluster.as_ref().map_or("", |name| &name.value);
    find(&kubeconfig.clusters, name).ok_or_else(|| {
        let known = list_names("clusters", names(&kubeconfig.clusters).into_iter());
        let message = match name {
            "" => format!("is missing; {known}"),
            _ => format!("there is no cluster {name:?}; {known}"),
        };
        Error::new(context.field("cluster", &context.value.cluster), message)
    })
}

/// `None` when the context names no user, who is then anonymous on purpose.
fn user_of<'a>(kubeconfig: &'a Kubeconfig, context: &Entry<Context>) -> Result<Option<&'a Entry<User>>, Error> {
    let name = context.value.user.as_ref().map_or("", |name| &name.value);
    match find(&kubeconfig.users, name) {
        None if !name.is_empty() => {
            let known = list_names("users", names(&kubeconfig.users).into_iter());
            let place = context.field("user", &context.value.user);
            Err(Error::new(place, format!("there is no user {name:?}; {known}")))
        }
        user => Ok(user),
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
    let parsed = set(&cluster.value.proxy_url).map(|proxy| url::proxy(&proxy.value)).transpose();
    parsed.map_err(|message| Error::new(cluster.field("proxy-url", &cluster.value.proxy_url), message))
}

fn apply_tls(config: &mut Config, cluster: &Entry<Cluster>) -> Result<(), Error> {
    let value = &cluster.value;
    let authority =
        Source { entry: cluster, data: &value.certificate_authority_data, file: &value.certificate_authority }
            .read("certificate-authority")?;
    config.insecure_skip_tls_verify = value.insecure_skip_tls_verify.as_ref().is_some_and(|insecure| insecure.value.0);
    if config.insecure_skip_tls_verify && authority.is_some() {
        let place = cluster.field("insecure-skip-tls-verify", &value.insecure_skip_tls_verify);
        return Err(Error::new(place, "contradicts certificate-authority; remove one of the two"));
    }
    config.certificate_authority = authority.map(|it| it.checked(pem::certificate_fault)).transpose()?;
    config.tls_server_name = set(&value.tls_server_name).map(|name| name.value.clone());
    Ok(())
}

fn apply_user(config: &mut Config, user: &Entry<User>) -> Result<(), Error> {
    refuse_unsupported(user)?;
    config.client_identity = client_identity(user)?;
    config.credentials = credentials(user)?;
    let has_key = set(&user.value.client_key).or(set(&user.value.client_key_data)).is_some();
    if has_key && config.client_identity.is_none() && config.credentials == Credentials::None {
        return Err(Error::new(user.place(), "has a client-key, but no client-certificate to go with it"));
    }
    Ok(())
}

/// Leaving out a plugin would make the request anonymous, whose answer explains nothing.
fn refuse_unsupported(user: &Entry<User>) -> Result<(), Error> {
    let (key, value, what) = match &user.value {
        User { exec: value @ Some(_), .. } => ("exec", value, "exec plugins are"),
        User { auth_provider: value @ Some(_), .. } => ("auth-provider", value, "auth providers are"),
        _ => return Ok(()),
    };
    let message = format!("{what} not supported yet; use a token, a token file or a client certificate");
    Err(Error::new(user.field(key, value), message))
}

fn client_identity(user: &Entry<User>) -> Result<Option<ClientIdentity>, Error> {
    let value = &user.value;
    let certificate = Source { entry: user, data: &value.client_certificate_data, file: &value.client_certificate }
        .read("client-certificate")?;
    let Some(certificate) = certificate else { return Ok(None) };
    let key = Source { entry: user, data: &value.client_key_data, file: &value.client_key }.read("client-key")?;
    let Some(key) = key else {
        return Err(Error::new(user.place(), "has a client-certificate, but neither client-key-data nor client-key"));
    };
    let certificate = certificate.checked(pem::certificate_fault)?;
    let place = key.place.clone();
    let key =
        String::from_utf8(key.checked(pem::key_fault)?).map_err(|_| Error::new(place, "is not PEM: it is not text"))?;
    Ok(Some(ClientIdentity::new(certificate, key)))
}

fn credentials(user: &Entry<User>) -> Result<Credentials, Error> {
    let User { token, token_file, username, password, .. } = &user.value;
    let bearer = bearer(user)?;
    if set(username).is_none() && set(password).is_none() {
        return Ok(bearer);
    }
    if bearer != Credentials::None {
        let (key, value) = if set(token).is_some() { ("token", token) } else { ("tokenFile", token_file) };
        return Err(Error::new(user.field(key, value), "contradicts username and password; remove one of the two"));
    }
    let text = |field: &Field<String>| set(field).map(|text| text.value.clone()).unwrap_or_default();
    Ok(Credentials::Basic { username: text(username), password: Secret::new(text(password)) })
}

fn bearer(user: &Entry<User>) -> Result<Credentials, Error> {
    let User { token, token_file, .. } = &user.value;
    if let Some(file) = set(token_file) {
        let path = user.resolve(&file.value);
        match files::check_token(&path) {
            Ok(()) => return Ok(Credentials::TokenFile(path)),
            // As client-go, which takes the token until the file can be read.
            Err(_) if set(token).is_some() => {}
            Err(error) => {
                let message = format!("cannot read a token from {}", path.display());
                return Err(Error::new(user.field("tokenFile", token_file), message).with_source(error));
            }
        }
    }
    match set(token) {
        Some(text) if !files::is_header_text(&text.value) => Err(Error::new(
            user.field("token", token),
            "contains a line break or another character that no header can hold",
        )),
        Some(text) => Ok(Credentials::Token(Secret::new(text.value.clone()))),
        None => Ok(Credentials::None),
    }
}

fn impersonate(user: &Entry<User>) -> Result<Option<Impersonate>, Error> {
    let User { impersonate, as_uid, as_groups, as_user_extra, .. } = &user.value;
    let groups = as_groups.as_ref().map(|groups| groups.value.clone()).unwrap_or_default();
    let extra = as_user_extra.iter().flat_map(|extra| &extra.value);
    let extra = extra.map(|(key, values)| (key.clone(), values.clone().unwrap_or_default())).collect();
    let uid = set(as_uid).map(|uid| uid.value.clone());
    let name = set(impersonate).map(|name| name.value.clone()).unwrap_or_default();
    let impersonate = Impersonate { user: name, groups, uid, extra };
    if impersonate == Impersonate::default() {
        return Ok(None);
    }
    if impersonate.user.is_empty() {
        let message = "as-uid, as-groups and as-user-extra need a user to act as";
        return Err(Error::new(user.field("as", &user.value.impersonate), message));
    }
    Ok(Some(impersonate))
}

/// A value that is given inline as base64, or as the path of a file. Data beats the file.
struct Source<'a, T> {
    entry: &'a Entry<T>,
    data: &'a Field<String>,
    file: &'a Field<String>,
}

/// Bytes, and where they came from.
struct Loaded {
    bytes: Vec<u8>,
    place: Place,
    path: Option<PathBuf>,
}

impl<T> Source<'_, T> {
    fn read(&self, key: &str) -> Result<Option<Loaded>, Error> {
        if let Some(data) = set(self.data) {
            let place = self.entry.field(&format!("{key}-data"), self.data);
            // Go's decoder ignores line ends, which block scalars have.
            let text: String = data.value.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
            // The decoder's own error would quote the character it met.
            let bytes = BASE64.decode(text).map_err(|_| Error::new(place.clone(), "is no valid base64"))?;
            return Ok(Some(Loaded { bytes, place, path: None }));
        }
        let Some(file) = set(self.file) else { return Ok(None) };
        let place = self.entry.field(key, self.file);
        let path = self.entry.resolve(&file.value);
        match files::read(&path) {
            Ok(bytes) => Ok(Some(Loaded { bytes, place, path: Some(path) })),
            Err(error) => Err(Error::new(place, format!("cannot read {}", path.display())).with_source(error)),
        }
    }
}

impl Loaded {
    fn checked(self, fault: impl Fn(&[u8]) -> Option<&'static str>) -> Result<Vec<u8>, Error> {
        match (fault(&self.bytes), self.path) {
            (None, _) => Ok(self.bytes),
            (Some(fault), None) => Err(Error::new(self.place, fault)),
            (Some(fault), Some(path)) => Err(Error::new(self.place, format!("{} {fault}", path.display()))),
        }
    }
}
