//! The authorities in the configurations of the API server.

use kubernetes_client::{Client, Error};
use kubernetes_core::json::Tree;
use kubernetes_core::schema::Definition;
use kubernetes_core::{ByteString, ClusterResource, Patch, PatchRequest, ReadRequest, Str};
use kubernetes_models::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration, WebhookClientConfig,
};
use serde_json::{Value, json};

use crate::configuration::Configuration;

/// A manager for these fields alone, so that an apply of the rest leaves them.
const FIELD_MANAGER: &str = "webhook-certificates";

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
            Self::Validating(name) => inject_validating(client, name, bundle).await,
            Self::Mutating(name) => inject_mutating(client, name, bundle).await,
            Self::Definition(name) => inject_definition(client, name, bundle).await,
        };
        match result {
            Err(error) if error.is_not_found() => {
                tracing::info!(target = ?self, "there is no such object yet to set the webhooks' authorities in");
                Ok(())
            }
            result => result,
        }
    }
}

async fn inject_validating(client: &Client, name: &str, bundle: &str) -> Result<(), Error> {
    let found = ReadRequest::<ValidatingWebhookConfiguration>::cluster(name).send(client).await?;
    let stale = stale(found.webhooks.iter().map(|webhook| (&webhook.name, &webhook.client_config)), bundle);
    apply::<ValidatingWebhookConfiguration>(client, name, "ValidatingWebhookConfiguration", stale).await
}

async fn inject_mutating(client: &Client, name: &str, bundle: &str) -> Result<(), Error> {
    let found = ReadRequest::<MutatingWebhookConfiguration>::cluster(name).send(client).await?;
    let stale = stale(found.webhooks.iter().map(|webhook| (&webhook.name, &webhook.client_config)), bundle);
    apply::<MutatingWebhookConfiguration>(client, name, "MutatingWebhookConfiguration", stale).await
}

/// All webhooks with their authorities, if one of them has others.
fn stale<'a>(
    webhooks: impl Iterator<Item = (&'a Str, &'a WebhookClientConfig)> + Clone,
    bundle: &str,
) -> Option<Vec<Value>> {
    let has = |config: &WebhookClientConfig| config.ca_bundle.as_deref() == Some(bundle.as_bytes());
    if webhooks.clone().all(|(_, config)| has(config)) {
        return None;
    }
    // An apply gives up what it leaves out, so all are applied.
    let entry =
        |(name, _): (&Str, &WebhookClientConfig)| json!({"name": name, "clientConfig": {"caBundle": encoded(bundle)}});
    Some(webhooks.map(entry).collect())
}

async fn apply<K>(client: &Client, name: &str, kind: &str, webhooks: Option<Vec<Value>>) -> Result<(), Error>
where
    K: ClusterResource,
{
    let Some(webhooks) = webhooks else { return Ok(()) };
    let object = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": name},
        "webhooks": webhooks,
    });
    let patch = Patch::apply_json(&object);
    let request = PatchRequest::<K>::cluster(name, &patch);
    request.field_manager(FIELD_MANAGER).force(true).send(client).await.map(drop)
}

async fn inject_definition(client: &Client, name: &str, bundle: &str) -> Result<(), Error> {
    let found = ReadRequest::<Definition>::cluster(name).send(client).await?;
    let bundle = encoded(bundle);
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
    request.field_manager(FIELD_MANAGER).force(true).send(client).await.map(drop)
}

/// As it stands in JSON.
fn encoded(bundle: &str) -> String {
    let text = kubernetes_core::json::to_string(&ByteString::from(bundle)).unwrap_or_default();
    text.trim_matches('"').to_owned()
}
