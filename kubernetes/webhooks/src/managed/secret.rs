//! The Secret that replicas share.

use std::sync::Mutex;

use kubernetes_client::sync::lock;
use kubernetes_client::{Client, Error};
use kubernetes_core::{CreateRequest, ListRequest, PartialObjectMetadata, ReadRequest, ReplaceRequest};
use kubernetes_models::core::v1::Secret;
use kubernetes_serving::CertificatesError;

use super::BoxError;
use super::ca::{Ca, certificates};
use super::rotation::Rotation;

const CERTIFICATE: &str = "ca.crt";
const KEY: &str = "ca.key";
const NEXT_CERTIFICATE: &str = "next-ca.crt";
const NEXT_KEY: &str = "next-ca.key";
const RETIRED: &str = "retired-ca.crt";
const KEYS: [&str; 5] = [CERTIFICATE, KEY, NEXT_CERTIFICATE, NEXT_KEY, RETIRED];

/// The Secret, and the CAs that were last read from it or written to it.
pub(super) struct Store {
    namespace: String,
    name: String,
    last: Mutex<Option<Rotation>>,
}

/// The state of the Secret.
pub(super) enum Stored {
    Missing,
    /// It was created by others, for this program to fill: the right to create Secrets can't be limited to a name.
    Empty(Secret),
    Filled {
        rotation: Rotation,
        secret: Secret,
    },
}

impl Store {
    pub(super) fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned(), last: Mutex::default() }
    }

    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The CAs that were last seen: all replicas still use them when the Secret is gone.
    pub(super) fn last(&self) -> Option<Rotation> {
        lock(&self.last).clone()
    }

    /// The request that watches the Secret.
    pub(super) fn watched(&self) -> ListRequest<PartialObjectMetadata<Secret>> {
        let field = format!("metadata.name={}", self.name);
        ListRequest::<Secret>::namespaced(&self.namespace).metadata_only().field_selector(field)
    }

    pub(super) async fn read(&self, client: &Client) -> Result<Stored, BoxError> {
        let secret = match ReadRequest::<Secret>::namespaced(&self.namespace, &self.name).send(client).await {
            Ok(secret) => secret,
            Err(error) if error.is_not_found() => return Ok(Stored::Missing),
            Err(error) => return Err(error.into()),
        };
        let rotation = match parse(&secret) {
            Ok(Some(rotation)) => rotation,
            Ok(None) => return Ok(Stored::Empty(secret)),
            Err(error) => {
                let (namespace, name) = (&self.namespace, &self.name);
                return Err(format!("{error} in the Secret {namespace}/{name}: use another name, or delete it").into());
            }
        };
        *lock(&self.last) = Some(rotation.clone());
        Ok(Stored::Filled { rotation, secret })
    }

    /// Creates the Secret.
    pub(super) async fn create(&self, client: &Client, rotation: &Rotation) -> Result<(), Error> {
        let mut secret = Secret::named(self.name.as_str());
        fill(&mut secret, rotation);
        CreateRequest::namespaced(&self.namespace, &secret).send(client).await?;
        *lock(&self.last) = Some(rotation.clone());
        Ok(())
    }

    /// Replaces the content of the Secret, unless another has changed it since.
    pub(super) async fn replace(&self, client: &Client, mut secret: Secret, rotation: &Rotation) -> Result<(), Error> {
        fill(&mut secret, rotation);
        ReplaceRequest::namespaced(&self.namespace, &secret).send(client).await?;
        *lock(&self.last) = Some(rotation.clone());
        Ok(())
    }
}

/// The CAs in a Secret; `None` if it is empty. One with other content is of another program, whose readers must not get
/// the key of a CA.
fn parse(secret: &Secret) -> Result<Option<Rotation>, CertificatesError> {
    let text = |key: &str| secret.data.get(key).map(|value| String::from_utf8_lossy(value).into_owned());
    let (certificate, key) = match (text(CERTIFICATE), text(KEY)) {
        (None, None) => {
            return match secret.data.keys().find(|key| !KEYS.contains(&key.as_str())) {
                None => Ok(None),
                Some(other) => {
                    Err(CertificatesError::new(format!("there is {other}, but neither {CERTIFICATE} nor {KEY}")))
                }
            };
        }
        (Some(certificate), Some(key)) => (certificate, key),
        (Some(_), None) => return Err(CertificatesError::new(format!("there is {CERTIFICATE} without {KEY}"))),
        (None, Some(_)) => return Err(CertificatesError::new(format!("there is {KEY} without {CERTIFICATE}"))),
    };
    let current = Ca::parse(certificate, key)?;
    let next = text(NEXT_CERTIFICATE).zip(text(NEXT_KEY)).and_then(|(certificate, key)| {
        // Another is made.
        let ignored = |error: &CertificatesError| tracing::warn!(%error, "ignoring {NEXT_CERTIFICATE} of the Secret");
        Ca::parse(certificate, key).inspect_err(ignored).ok()
    });
    let retired = certificates(&text(RETIRED).unwrap_or_default());
    Ok(Some(Rotation { current, next, retired }))
}

fn fill(secret: &mut Secret, rotation: &Rotation) {
    let Rotation { current, next, retired } = rotation;
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
