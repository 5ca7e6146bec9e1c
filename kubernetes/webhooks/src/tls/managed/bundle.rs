//! The authorities in the configurations of the API server.

use kubernetes_client::{Client, Error};
use kubernetes_core::json::Tree;
use kubernetes_core::schema::Definition;
use kubernetes_core::{ByteString, Patch, PatchRequest, ReadRequest, Str};
use kubernetes_models::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use serde_json::json;

use crate::configuration::{AUTHORITIES_MANAGER, AdmissionConfiguration as _, Configuration, encoded};

/// An object with authorities.
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

    /// Sets the authorities, where they are others. An object that does not exist yet is left for later.
    pub(super) async fn inject(&self, client: &Client, bundle: &str) -> Result<(), Error> {
        let result = match self {
            Self::Validating(name) => ValidatingWebhookConfiguration::inject(client, name, bundle).await,
            Self::Mutating(name) => MutatingWebhookConfiguration::inject(client, name, bundle).await,
            Self::Definition(name) => inject_definition(client, name, bundle).await,
        };
        match result {
            Err(error) if error.is_not_found() => {
                tracing::info!(target = ?self, "waiting for the object to exist before setting its CA bundle");
                Ok(())
            }
            result => result,
        }
    }
}

async fn inject_definition(client: &Client, name: &str, bundle: &str) -> Result<(), Error> {
    let found = ReadRequest::<Definition>::cluster(name).send(client).await?;
    let bundle = encoded(&ByteString::from(bundle));
    let Some(config) = found.spec().at("/conversion/webhook/clientConfig") else { return Ok(()) };
    if config.get("caBundle").and_then(Tree::as_str) == Some(&bundle) {
        return Ok(());
    }
    let object = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {"conversion": {"strategy": "Webhook", "webhook": {"clientConfig": {"caBundle": bundle}}}},
    });
    let patch = Patch::apply_json(&object);
    let request = PatchRequest::<Definition>::cluster(name, &patch);
    request.field_manager(AUTHORITIES_MANAGER).force(true).send(client).await.map(drop)
}
