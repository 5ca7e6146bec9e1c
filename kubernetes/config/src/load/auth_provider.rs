//! Converts a user's `auth-provider` into an [`OidcConfig`].

use http::Uri;

use super::data_or_file::DataOrFile;
use super::pem;
use crate::kubeconfig::entry::{Entry, set};
use crate::kubeconfig::from_node::Field;
use crate::kubeconfig::schema::User;
use crate::{Error, KubeconfigUser, OidcConfig, Secret, token, url};

const ID_TOKEN: &str = "id-token";
const REFRESH_TOKEN: &str = "refresh-token";

pub(crate) fn config(user: &Entry<User>) -> Result<Option<OidcConfig>, Error> {
    let Some(provider) = &user.value.auth_provider else { return Ok(None) };
    let name = set(&provider.value.name).map_or("", |name| &name.value);
    let outer = &user.value.auth_provider;
    let refuse =
        |message: &str| Err(Error::new(user.field_in("auth-provider.name", &provider.value.name, outer), message));
    match name {
        "oidc" => oidc(user).map(Some),
        "gcp" => refuse(
            "gcp is no longer an auth provider (Kubernetes 1.26); install gke-gcloud-auth-plugin and run \
             gcloud container clusters get-credentials, which sets up exec",
        ),
        "azure" => refuse(
            "azure is no longer an auth provider (Kubernetes 1.26); install kubelogin and run \
             kubelogin convert-kubeconfig, which sets up exec",
        ),
        "" => refuse("is missing: oidc is the only auth provider"),
        _ => refuse("is not a known auth provider; use oidc, or exec for others"),
    }
}

fn oidc(user: &Entry<User>) -> Result<OidcConfig, Error> {
    let value = |key: &str| user.value.provider_value(key);
    let secret = |key: &str| set(value(key)).map(|text| Secret::new(text.value.clone()));
    let required = |key: &str| {
        set(value(key)).ok_or_else(|| {
            let place = user.field_in(&place(key), value(key), &user.value.auth_provider);
            Error::new(place, "is missing, but required for oidc")
        })
    };
    let issuer = issuer(&required("idp-issuer-url")?.value)
        .map_err(|message| Error::new(user.field(&place("idp-issuer-url"), value("idp-issuer-url")), message))?;
    let mut oidc = OidcConfig::new(issuer, required("client-id")?.value.clone());
    oidc.client_secret = secret("client-secret");
    (oidc.id_token, oidc.refresh_token) = (secret(ID_TOKEN), secret(REFRESH_TOKEN));
    if oidc.id_token.is_none() && oidc.refresh_token.is_none() {
        let place = user.field("auth-provider.config", &user.value.auth_provider);
        return Err(Error::new(place, "has neither id-token nor refresh-token; log in again with the provider's tool"));
    }
    if oidc.id_token.as_ref().is_some_and(|token| !token::is_header_text(token.expose())) {
        let place = user.field(&place(ID_TOKEN), value(ID_TOKEN));
        return Err(Error::new(place, "contains a line break or another character not allowed in a header"));
    }
    let (data, file) = (value("idp-certificate-authority-data"), value("idp-certificate-authority"));
    let key = place("idp-certificate-authority");
    if let Some(authority) = (DataOrFile { entry: user, key: &key, data, file }).read()? {
        let authority = authority.checked(pem::certificate_fault)?;
        (oidc.certificate_authority, oidc.certificate_authority_file) = (Some(authority.bytes), authority.path);
    }
    oidc.store = KubeconfigUser::of(user);
    Ok(oidc)
}

fn place(key: &str) -> String {
    format!("auth-provider.config.{key}")
}

/// The provider's URL; over `http`, anyone could read the refresh token.
fn issuer(text: &str) -> Result<Uri, String> {
    let uri = url::parse(text)?;
    match uri.scheme_str() {
        _ if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) => {
            Err("must not contain a user or password".to_owned())
        }
        Some("https") => Ok(uri),
        Some("http") if url::is_loopback(&uri) => Ok(uri),
        Some("http") => Err("must start with https://, since tokens are sent there".to_owned()),
        _ => Err("must start with https://".to_owned()),
    }
}

impl User {
    /// A key of the auth provider's configuration.
    fn provider_value(&self, key: &str) -> &Field<String> {
        let config = self.auth_provider.iter().flat_map(|provider| provider.value.config.iter().flatten().rev());
        config.into_iter().find(|(name, _)| name == key).map_or(&None, |(_, value)| value)
    }
}
