//! The Secret that replicas share.

use kubernetes_client::{Client, Error};
use kubernetes_core::{CreateRequest, ReadRequest, ReplaceRequest};
use kubernetes_models::core::v1::Secret;

use super::BoxError;
use super::authorities::Authorities;
use super::authority::Authority;

const CERTIFICATE: &str = "ca.crt";
const KEY: &str = "ca.key";
const NEXT_CERTIFICATE: &str = "next-ca.crt";
const NEXT_KEY: &str = "next-ca.key";
const RETIRED: &str = "retired-ca.crt";
const END: &str = "-----END CERTIFICATE-----\n";

/// The place of the Secret.
pub(super) struct Store {
    namespace: String,
    name: String,
}

/// The authorities, and the Secret that they were read from.
pub(super) struct Stored {
    pub(super) authorities: Authorities,
    secret: Secret,
}

impl Store {
    pub(super) fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }

    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The authorities; `None` if there is no Secret yet.
    pub(super) async fn read(&self, client: &Client) -> Result<Option<Stored>, BoxError> {
        let secret = match ReadRequest::<Secret>::namespaced(&self.namespace, &self.name).send(client).await {
            Ok(secret) => secret,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let text = |key: &str| secret.data.get(key).map(|value| String::from_utf8_lossy(value).into_owned());
        let authority = |certificate: &str, key: &str| match (text(certificate), text(key)) {
            (Some(certificate), Some(key)) => Authority::parse(certificate, key).map(Some),
            _ => Ok(None),
        };
        let current = authority(CERTIFICATE, KEY)?.ok_or_else(|| {
            format!("the Secret {}/{} has no {CERTIFICATE} or no {KEY}: delete it", self.namespace, self.name)
        })?;
        let next = authority(NEXT_CERTIFICATE, NEXT_KEY)?;
        let retired = text(RETIRED).unwrap_or_default();
        let retired = retired.split_inclusive(END).map(str::to_owned).collect();
        Ok(Some(Stored { authorities: Authorities { current, next, retired }, secret }))
    }

    /// Creates the Secret.
    pub(super) async fn create(&self, client: &Client, authorities: &Authorities) -> Result<(), Error> {
        let mut secret = Secret::named(self.name.as_str());
        fill(&mut secret, authorities);
        CreateRequest::namespaced(&self.namespace, &secret).send(client).await.map(drop)
    }

    /// Replaces the content of the Secret, unless another has changed it since.
    pub(super) async fn replace(
        &self,
        client: &Client,
        stored: &Stored,
        authorities: &Authorities,
    ) -> Result<(), Error> {
        let mut secret = stored.secret.clone();
        fill(&mut secret, authorities);
        ReplaceRequest::namespaced(&self.namespace, &secret).send(client).await.map(drop)
    }
}

fn fill(secret: &mut Secret, authorities: &Authorities) {
    let Authorities { current, next, retired } = authorities;
    let mut set = |key: &str, value: Option<&str>| match value.filter(|value| !value.is_empty()) {
        Some(value) => drop(secret.data.insert(key, value)),
        None => drop(secret.data.remove(key)),
    };
    set(CERTIFICATE, Some(&current.certificate));
    set(KEY, Some(&current.key));
    set(NEXT_CERTIFICATE, next.as_ref().map(|next| next.certificate.as_str()));
    set(NEXT_KEY, next.as_ref().map(|next| next.key.as_str()));
    set(RETIRED, Some(&retired.concat()));
}
