//! Converts a kubeconfig's user into credentials and identity.

use super::data_or_file::DataOrFile;
use super::{auth_provider, exec, pem};
use crate::kubeconfig::entry::{Entry, set};
use crate::kubeconfig::from_node::Field;
use crate::kubeconfig::schema::User;
use crate::{ClientIdentity, Credentials, Error, ExecCluster, Impersonate, Secret, token};

/// Refuses a user with contradictory settings, even if none of the credentials is used.
pub(crate) fn check(user: &Entry<User>) -> Result<(), Error> {
    exec::check(user)?;
    let User { token, token_file, username, password, exec, auth_provider, .. } = &user.value;
    if exec.is_some() && auth_provider.is_some() {
        return Err(Error::new(user.field("exec", exec), "contradicts auth-provider; remove one of the two"));
    }
    let bearer = if set(token).is_some() { ("token", token) } else { ("tokenFile", token_file) };
    if set(username).or(set(password)).is_some() && set(bearer.1).is_some() {
        let place = user.field(bearer.0, bearer.1);
        return Err(Error::new(place, "contradicts username and password; remove one of the two"));
    }
    Ok(())
}

pub(crate) fn client_identity(user: &Entry<User>) -> Result<Option<ClientIdentity>, Error> {
    let value = &user.value;
    let (data, file) = (&value.client_certificate_data, &value.client_certificate);
    let certificate = DataOrFile { entry: user, key: "client-certificate", data, file }.read()?;
    let Some(certificate) = certificate else { return Ok(None) };
    let (data, file) = (&value.client_key_data, &value.client_key);
    let Some(key) = (DataOrFile { entry: user, key: "client-key", data, file }).read()? else {
        return Err(Error::new(user.place(), "has a client-certificate, but neither client-key-data nor client-key"));
    };
    let certificate = certificate.checked(pem::certificate_fault)?;
    let key = key.checked(pem::key_fault)?;
    let place = key.place;
    let text = String::from_utf8(key.bytes).map_err(|_| Error::new(place, "is not PEM: it is not text"))?;
    Ok(Some(ClientIdentity {
        certificate: certificate.bytes,
        certificate_file: certificate.path,
        key: text.into(),
        key_file: key.path,
    }))
}

/// The credentials that are used, in the order documented at `from_kubeconfig`.
pub(crate) fn credentials(
    user: &Entry<User>,
    has_certificate: bool,
    cluster: ExecCluster,
) -> Result<Credentials, Error> {
    let User { username, password, client_key, client_key_data, .. } = &user.value;
    let bearer = bearer(user)?;
    if bearer != Credentials::None {
        return Ok(bearer);
    }
    // As in client-go, which ignores a password without a user name.
    if set(username).is_some() {
        return Ok(Credentials::Basic { username: string(username), password: Secret::new(string(password)) });
    }
    // As in client-go (`UpdateTransportConfig` of the exec plugin), a user with a certificate needs no plugin.
    if !has_certificate && let Some(exec) = exec::config(user, cluster)? {
        return Ok(Credentials::Exec(Box::new(exec)));
    }
    if let Some(oidc) = auth_provider::config(user)? {
        return Ok(Credentials::Oidc(Box::new(oidc)));
    }
    if has_certificate {
        return Ok(Credentials::None);
    }
    // Ignoring half a credential would lead to anonymous requests.
    if set(client_key).or(set(client_key_data)).is_some() {
        return Err(Error::new(user.place(), "has a client-key, but no client-certificate to go with it"));
    }
    if set(password).is_some() {
        return Err(Error::new(user.field("password", password), "has no username to go with it"));
    }
    Ok(Credentials::None)
}

fn bearer(user: &Entry<User>) -> Result<Credentials, Error> {
    let User { token, token_file, .. } = &user.value;
    if let Some(file) = set(token_file) {
        let path = user.resolve(&file.value);
        match token::check_file(&path) {
            Ok(()) => return Ok(Credentials::TokenFile(path)),
            // As in client-go, which uses the token until the file can be read.
            Err(_) if set(token).is_some() => {}
            Err(error) => {
                let message = format!("can't read a token from {}", path.display());
                return Err(Error::new(user.field("tokenFile", token_file), message).with_source(error));
            }
        }
    }
    match set(token) {
        Some(text) if !token::is_header_text(&text.value) => Err(Error::new(
            user.field("token", token),
            "contains a line break or another character not allowed in a header",
        )),
        Some(text) => Ok(Credentials::Token(Secret::new(text.value.clone()))),
        None => Ok(Credentials::None),
    }
}

pub(crate) fn impersonate(user: &Entry<User>) -> Result<Option<Impersonate>, Error> {
    let User { impersonate, as_uid, as_groups, as_user_extra, .. } = &user.value;
    let groups = as_groups.as_ref().map(|groups| groups.value.clone()).unwrap_or_default();
    let uid = set(as_uid).map(|uid| uid.value.clone());
    let mut impersonate = Impersonate { user: string(impersonate), groups, uid, ..Impersonate::default() };
    for (key, values) in as_user_extra.iter().flat_map(|extra| &extra.value) {
        impersonate.extra.insert(key.clone(), values.clone().unwrap_or_default());
    }
    if impersonate == Impersonate::default() {
        return Ok(None);
    }
    if impersonate.user.is_empty() {
        let message = "as-uid, as-groups and as-user-extra need a user to act as";
        return Err(Error::new(user.field("as", &user.value.impersonate), message));
    }
    Ok(Some(impersonate))
}

fn string(field: &Field<String>) -> String {
    set(field).map(|text| text.value.clone()).unwrap_or_default()
}
