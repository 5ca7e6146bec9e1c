//! CA bundles in the configurations of the API server.

use kubernetes_client::{Client, Error};
use kubernetes_core::json::Tree;
use kubernetes_core::schema::Definition;
use kubernetes_core::{
    ByteString, ClusterResource, ListRequest, PartialObjectMetadata, Patch, PatchRequest, ReadRequest, Str, Watchable,
};
use kubernetes_models::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use serde_json::json;

use super::changes::Changes;
use crate::configuration::{AdmissionConfiguration as _, CA_BUNDLE_MANAGER, Configuration};

/// An object with a CA bundle.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Validating(Str),
    Mutating(Str),
    Definition(Str),
}

impl Target {
    /// Those of a configuration.
    pub(super) fn of(configuration: &Configuration) -> Vec<Self> {
        let validating = configuration.validating.iter().map(|object| Self::Validating(object.name().into()));
        let mutating = configuration.mutating.iter().map(|object| Self::Mutating(object.name().into()));
        let definitions = configuration.conversions.iter().map(|(name, _)| Self::Definition(name.as_str().into()));
        validating.chain(mutating).chain(definitions).collect()
    }

    /// Tells when the object has changed.
    pub(super) fn watch(&self, client: &Client, changes: &mut Changes) {
        match self {
            Self::Validating(name) => changes.add(client, named::<ValidatingWebhookConfiguration>(name)),
            Self::Mutating(name) => changes.add(client, named::<MutatingWebhookConfiguration>(name)),
            Self::Definition(name) => changes.add(client, named::<Definition>(name)),
        }
    }

    /// Sets the CA bundle unless the object has it; returns whether it had another one. An object that does not exist yet
    /// is left for later.
    pub(super) async fn inject(&self, client: &Client, bundle: &str) -> Result<bool, Error> {
        let result = match self {
            Self::Validating(name) => ValidatingWebhookConfiguration::inject(client, name, bundle).await,
            Self::Mutating(name) => MutatingWebhookConfiguration::inject(client, name, bundle).await,
            Self::Definition(name) => inject_definition(client, name, bundle).await,
        };
        match result {
            Err(error) if error.is_not_found() => {
                tracing::info!(target = ?self, "waiting for the object to exist before setting its CA bundle");
                Ok(false)
            }
            result => result,
        }
    }

    /// The CA bundle of the object; empty if it does not exist.
    pub(super) async fn bundle(&self, client: &Client) -> Result<String, Error> {
        let result = match self {
            Self::Validating(name) => ValidatingWebhookConfiguration::bundle(client, name).await,
            Self::Mutating(name) => MutatingWebhookConfiguration::bundle(client, name).await,
            Self::Definition(name) => definition_bundle(client, name).await,
        };
        match result {
            Err(error) if error.is_not_found() => Ok(String::new()),
            bundle => bundle.map(|bundle| String::from_utf8_lossy(&bundle).into_owned()),
        }
    }
}

fn named<K: ClusterResource + Watchable>(name: &str) -> ListRequest<PartialObjectMetadata<K>> {
    ListRequest::<K>::cluster().metadata_only().field_selector(format!("metadata.name={name}"))
}

/// The client configuration of a definition with a conversion webhook.
fn client_config(definition: &Definition) -> Option<&Tree> {
    definition.spec().at("/conversion/webhook/clientConfig")
}

async fn definition_bundle(client: &Client, name: &str) -> Result<Vec<u8>, Error> {
    let found = ReadRequest::<Definition>::cluster(name).send(client).await?;
    let bundle = client_config(&found).and_then(|config| config.get("caBundle")).and_then(Tree::as_str);
    Ok(bundle.and_then(ByteString::from_base64).map(|bundle| bundle.0).unwrap_or_default())
}

async fn inject_definition(client: &Client, name: &str, bundle: &str) -> Result<bool, Error> {
    let found = ReadRequest::<Definition>::cluster(name).send(client).await?;
    let bundle = ByteString::from(bundle).to_base64();
    let Some(config) = client_config(&found) else { return Ok(false) };
    if config.get("caBundle").and_then(Tree::as_str) == Some(&*bundle) {
        return Ok(false);
    }
    let object = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": bundle}}}},
    });
    let patch = Patch::apply_json(&object);
    let request = PatchRequest::<Definition>::cluster(name, &patch);
    request.field_manager(CA_BUNDLE_MANAGER).force(true).send(client).await.map(|_| true)
}
