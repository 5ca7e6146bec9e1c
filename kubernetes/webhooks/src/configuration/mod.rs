//! Builds the objects that make the API server call webhooks from their registrations.

mod admission;
mod build;

use std::fmt;

use kubernetes_client::{Client, Error, Retry, retry_on_conflict};
use kubernetes_core::json::{Tree, Value};
use kubernetes_core::schema::Definition;
use kubernetes_core::{
    Encoded, Execute as _, IntOrString, InvalidRequest, Json, Map, Object as _, ObjectMeta, Patch, PatchRequest,
    ReadRequest, RequestError as _, Resource, Str,
};
use kubernetes_models::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use kubernetes_models::core::v1::{Service, ServicePort, ServiceSpec};

pub(crate) use admission::{AdmissionConfiguration, CA_BUNDLE_MANAGER};

/// The address at which the API server reaches webhooks.
///
/// ```
/// use kubernetes_webhooks::Endpoint;
///
/// assert_eq!(Endpoint::service("shop", "webhooks").host(), "webhooks.shop.svc");
/// assert_eq!(Endpoint::url("https://10.0.0.1:9443").host(), "10.0.0.1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(pub(crate) Place);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Service { namespace: String, name: String, port: u16 },
    Url(String),
}

impl Endpoint {
    /// A Service, at its port 443.
    pub fn service(namespace: &str, name: &str) -> Self {
        Self(Place::Service { namespace: namespace.to_owned(), name: name.to_owned(), port: 443 })
    }

    /// A server outside the cluster, by a URL such as `https://10.0.0.1:9443`, to which paths are appended. API servers
    /// refuse URLs of other schemes than `https`.
    pub fn url(base: &str) -> Self {
        Self(Place::Url(base.trim_end_matches('/').to_owned()))
    }

    /// Sets the port of the Service.
    #[must_use]
    pub fn port(mut self, to: u16) -> Self {
        if let Place::Service { port, .. } = &mut self.0 {
            *port = to;
        }
        self
    }

    /// The name that the certificate must have.
    pub fn host(&self) -> String {
        match &self.0 {
            Place::Service { namespace, name, .. } => format!("{name}.{namespace}.svc"),
            Place::Url(url) => {
                let uri: Option<http::Uri> = url.parse().ok();
                uri.as_ref().and_then(http::Uri::host).unwrap_or_default().trim_matches(['[', ']']).to_owned()
            }
        }
    }

    /// The Service, which leads to a port of the pods that have these labels; `None` for a URL.
    pub fn to_service(
        &self,
        selector: impl IntoIterator<Item = (impl Into<Str>, impl Into<Str>)>,
        target_port: u16,
    ) -> Option<Service> {
        let Place::Service { namespace, name, port } = &self.0 else { return None };
        let mut service = Service::named(name.as_str());
        service.metadata.namespace = Some(namespace.as_str().into());
        let port = ServicePort {
            name: Some("https".into()),
            port: i32::from(*port),
            target_port: Some(IntOrString::Int(target_port.into())),
            ..ServicePort::default()
        };
        let selector: Map<Str> = selector.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        service.spec = ServiceSpec { ports: vec![port], selector, ..ServiceSpec::default() }.into();
        Some(service)
    }
}

/// The CAs by which the API server recognizes the webhooks' server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaBundle {
    /// Others set it, such as [`ManagedCertificates`](crate::ManagedCertificates).
    Unset,
    /// These certificates, as PEM.
    Pem(Vec<u8>),
    /// cert-manager sets it, from this Certificate (`namespace/name`).
    CertManager(String),
}

/// The objects that make the API server call webhooks.
///
/// ```
/// # use kubernetes_models::core::v1::Pod;
/// # use kubernetes_webhooks::{AdmissionRequest, Denied};
/// use kubernetes_webhooks::{CaBundle, Configuration, Endpoint, Webhooks};
///
/// # let webhooks = Webhooks::new().mutate(|pod: Pod, _: AdmissionRequest<Pod>| async move { Ok::<_, Denied>(pod) });
/// let endpoint = Endpoint::service("shop", "webhooks");
/// let ca_bundle = CaBundle::CertManager("shop/webhooks".to_owned());
/// let configuration = Configuration::new("shop", &webhooks, &endpoint, &ca_bundle);
/// for manifest in configuration.manifests() {
///     println!("{manifest}\n---"); // for kubectl apply
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    name: Str,
    /// The validating webhooks, if there are any.
    pub validating: Option<ValidatingWebhookConfiguration>,
    /// The mutating webhooks, if there are any.
    pub mutating: Option<MutatingWebhookConfiguration>,
    /// The fields of each definition of a converted resource: its name, and `metadata` and `spec.conversion`.
    pub(crate) conversions: Vec<(String, Json)>,
}

impl Configuration {
    /// All objects as JSON, for `kubectl apply --server-side`.
    ///
    /// The last are CustomResourceDefinitions with `spec.conversion` alone: they complete definitions that exist.
    pub fn manifests(&self) -> Vec<String> {
        let (mutating, validating) = (self.mutating.iter().map(tree), self.validating.iter().map(tree));
        let definitions = self.conversions.iter().map(|(_, definition)| definition.as_str().to_owned());
        mutating.chain(validating).map(|object| object.to_text()).chain(definitions).collect()
    }

    /// Applies all objects, as a manager of their fields. A configuration of the same name that this manager has
    /// applied, and that has no webhooks any more, is deleted.
    ///
    /// The definitions of converted resources must exist. Their `spec.conversion` is applied as another manager, whose
    /// name has `-conversion` behind it: so the two don't give up each other's fields if one program applies both. It
    /// stays when a later configuration has no conversion: see [`release_conversion`](Self::release_conversion).
    ///
    /// # Errors
    ///
    /// Returns an error if a request fails.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the rest unapplied.
    pub async fn apply(&self, client: &Client, field_manager: &str) -> Result<(), Error> {
        let converting = converting(field_manager);
        for (name, definition) in &self.conversions {
            let patch = Patch::apply_json(definition);
            let request = PatchRequest::<Definition>::cluster(name, &patch).field_manager(&converting).force(true);
            request.send(client).await?;
        }
        MutatingWebhookConfiguration::apply(client, &self.name, field_manager, self.mutating.as_ref()).await?;
        ValidatingWebhookConfiguration::apply(client, &self.name, field_manager, self.validating.as_ref()).await
    }

    /// Ends the conversion of the resource of which `K` is a version, if this manager has [applied](Self::apply) it: the
    /// strategy of its definition becomes `None`.
    ///
    /// ```no_run
    /// # kubernetes_core::doc_test_resource!(Lantern);
    /// # async fn example(client: kubernetes_client::Client) -> Result<(), kubernetes_client::Error> {
    /// use kubernetes_webhooks::Configuration;
    ///
    /// Configuration::release_conversion::<Lantern>(&client, "lantern-operator").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if a request fails, or an [`InvalidRequest`] if objects may be stored in another version than the
    /// storage version (`status.storedVersions`): API servers would show them as if they were of the new one.
    /// `migrate_storage` of `kubernetes-utils` stores them again. A definition that does not exist is not an error.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the conversion as it was, or ended.
    pub async fn release_conversion<K: Resource>(client: &Client, field_manager: &str) -> Result<(), Error> {
        let (name, converting) = (format!("{}.{}", K::PLURAL, K::GROUP), converting(field_manager));
        retry_on_conflict(Retry::default(), || release_conversion(client, &name, &converting)).await
    }
}

/// Ends the conversion of a definition, if this manager has it.
async fn release_conversion(client: &Client, name: &str, converting: &str) -> Result<(), Error> {
    let read = ReadRequest::<Definition>::cluster(name).request().clone();
    let document: Tree = match client.execute(read, Encoded::decode).await {
        Err(error) if error.is_not_found() => return Ok(()),
        found => found?,
    };
    let found: Definition = document.to_value().map_err(Error::from_decode)?;
    let mut managers = found.metadata().managed_fields.iter().filter_map(|entry| entry.manager.as_deref());
    if !managers.any(|manager| manager == converting) {
        return Ok(());
    }
    let stale = stale_versions(&document);
    if !stale.is_empty() {
        let stale = stale.join(", ");
        let message = format!("objects of {name} may be stored as {stale}: migrate them before the conversion ends");
        return Err(InvalidRequest::new(message).into());
    }
    // In one step, as a webhook without its CA bundle, or the other way round, would not work; and unless the stored
    // versions have changed since.
    let none = Patch::merge(&serde_json::json!({
        "metadata": {"resourceVersion": found.metadata().resource_version},
        "spec": {"conversion": {"strategy": "None", "webhook": null}},
    }));
    let request = PatchRequest::<Definition>::cluster(name, &none).field_manager(converting);
    request.send(client).await.map(drop)
}

/// The versions other than the storage version in which objects may be stored.
fn stale_versions(definition: &Tree) -> Vec<&str> {
    let list = |pointer: &str| match definition.at(pointer) {
        Some(Tree::List(items)) => items.as_slice(),
        _ => &[],
    };
    let storage = list("/spec/versions").iter().find(|version| version.get("storage") == Some(&Tree::Bool(true)));
    let storage = storage.and_then(|version| version.get("name")?.as_str());
    list("/status/storedVersions").iter().filter_map(Tree::as_str).filter(|version| Some(*version) != storage).collect()
}

/// The manager of `spec.conversion`.
fn converting(field_manager: &str) -> String {
    format!("{field_manager}-conversion")
}

/// A model as a document.
fn tree(model: &impl Value) -> Tree {
    // Only types with serde derives can fail to be written.
    Tree::from_value(model).unwrap_or(Tree::Null)
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Service { port, .. } => write!(f, "https://{}:{port}", self.host()),
            Place::Url(url) => f.write_str(url),
        }
    }
}

/// Metadata with a name, and cert-manager's annotation if that sets the CA bundle.
fn metadata(name: &str, ca_bundle: &CaBundle) -> ObjectMeta {
    let mut metadata = ObjectMeta { name: Some(name.into()), ..ObjectMeta::default() };
    if let CaBundle::CertManager(certificate) = ca_bundle {
        metadata.annotations.insert("cert-manager.io/inject-ca-from", certificate.as_str());
    }
    metadata
}
