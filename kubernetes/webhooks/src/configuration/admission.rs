use kubernetes_client::{Client, Error};
use kubernetes_core::meta::v1::{DeleteOptions, Preconditions};
use kubernetes_core::{ByteString, ClusterResource, DeleteRequest, Patch, PatchRequest, ReadRequest, Str};
use kubernetes_models::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration, WebhookClientConfig,
};
use serde_json::{Value, json};

/// A manager for the CA bundles alone, so that an apply of the rest leaves them.
pub(crate) const CA_BUNDLE_MANAGER: &str = "webhook-certificates";

/// A configuration of admission webhooks.
pub(crate) trait AdmissionConfiguration: ClusterResource {
    /// The webhooks' names, and how they are reached.
    fn clients(&self) -> impl Iterator<Item = (&Str, &WebhookClientConfig)> + Clone;

    /// The CA bundle of the first webhook that has one; all have the same.
    async fn bundle(client: &Client, name: &str) -> Result<Vec<u8>, Error> {
        let found = ReadRequest::<Self>::cluster(name).send(client).await?;
        let bundle = found.clients().find_map(|(_, config)| config.ca_bundle.as_ref());
        Ok(bundle.map(|bundle| bundle.to_vec()).unwrap_or_default())
    }

    /// Sets the CA bundle of each webhook that has another one; returns whether any had.
    async fn inject(client: &Client, name: &str, bundle: &str) -> Result<bool, Error> {
        let found = ReadRequest::<Self>::cluster(name).send(client).await?;
        if found.clients().all(|(_, config)| config.ca_bundle.as_deref() == Some(bundle.as_bytes())) {
            return Ok(false);
        }
        let bundle = ByteString::from(bundle);
        // An apply gives up what it leaves out, so all are applied.
        let entries = found.clients().map(|(name, _)| entry(name, Some(&bundle))).collect();
        apply_bundles::<Self>(client, name, entries).await.map(|()| true)
    }

    /// Takes away what the next configuration of this name does not have; with `None` it has nothing.
    ///
    /// A webhook whose CA bundle another manager has set would stay without its other fields, and be refused.
    async fn make_room(client: &Client, name: &str, field_manager: &str, next: Option<&Self>) -> Result<(), Error> {
        let found = match ReadRequest::<Self>::cluster(name).send(client).await {
            Err(error) if error.is_not_found() => return Ok(()),
            found => found?,
        };
        let managers = || found.metadata().managed_fields.iter().filter_map(|entry| entry.manager.as_deref());
        match next {
            None if managers().any(|manager| manager == field_manager) => delete(client, &found).await,
            Some(next) if managers().any(|manager| manager == CA_BUNDLE_MANAGER) => {
                let stays = |name: &Str| next.clients().any(|(other, _)| other == name);
                if found.clients().all(|(name, _)| stays(name)) {
                    return Ok(());
                }
                let staying = found.clients().filter(|(name, _)| stays(name));
                let entries = staying.map(|(name, config)| entry(name, config.ca_bundle.as_ref())).collect();
                apply_bundles::<Self>(client, name, entries).await
            }
            _ => Ok(()),
        }
    }
}

impl AdmissionConfiguration for MutatingWebhookConfiguration {
    fn clients(&self) -> impl Iterator<Item = (&Str, &WebhookClientConfig)> + Clone {
        self.webhooks.iter().map(|webhook| (&webhook.name, &webhook.client_config))
    }
}

impl AdmissionConfiguration for ValidatingWebhookConfiguration {
    fn clients(&self) -> impl Iterator<Item = (&Str, &WebhookClientConfig)> + Clone {
        self.webhooks.iter().map(|webhook| (&webhook.name, &webhook.client_config))
    }
}

/// A webhook with its CA bundle alone.
fn entry(name: &Str, bundle: Option<&ByteString>) -> Value {
    match bundle {
        Some(bundle) => json!({"name": name.as_str(), "clientConfig": {"caBundle": bundle.to_base64()}}),
        None => json!({"name": name.as_str()}),
    }
}

async fn apply_bundles<K: ClusterResource>(client: &Client, name: &str, webhooks: Vec<Value>) -> Result<(), Error> {
    let object = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": K::KIND,
        "metadata": {"name": name},
        "webhooks": webhooks,
    });
    let patch = Patch::apply_json(&object);
    let request = PatchRequest::<K>::cluster(name, &patch);
    request.field_manager(CA_BUNDLE_MANAGER).force(true).send(client).await.map(drop)
}

/// Deletes an object, unless it is another one by now.
async fn delete<K: ClusterResource>(client: &Client, object: &K) -> Result<(), Error> {
    let metadata = object.metadata();
    let preconditions = Preconditions { uid: metadata.uid.clone(), ..Preconditions::default() };
    let options = DeleteOptions { preconditions: Some(Box::new(preconditions)), ..DeleteOptions::default() };
    let name = metadata.name.as_deref().unwrap_or_default();
    match DeleteRequest::<K>::cluster(name).options(&options).send(client).await {
        Err(error) if error.is_not_found() => Ok(()),
        result => result.map(drop),
    }
}
