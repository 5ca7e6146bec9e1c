use kubernetes_client::{Client, Error, Retry};
use kubernetes_core::meta::v1::{DeleteOptions, Preconditions};
use kubernetes_core::{
    ApplyRequest, ByteString, ClusterResource, DeleteRequest, JsonPatch, Patch, PatchRequest, ReadRequest, Str, extract,
};
use kubernetes_models::admissionregistration::v1::{
    MutatingWebhook, MutatingWebhookConfiguration, ValidatingWebhook, ValidatingWebhookConfiguration,
    WebhookClientConfig,
};
use serde_json::json;

/// A manager for the CA bundles alone, so that an apply of the rest leaves them.
pub(crate) const CA_BUNDLE_MANAGER: &str = "webhook-certificates";

/// How often the removal of webhooks is tried, while others change the object.
const REMOVAL_ATTEMPTS: u32 = 10;

/// A configuration of admission webhooks.
pub(crate) trait AdmissionConfiguration: ClusterResource + Clone {
    type Webhook;

    fn webhooks_mut(&mut self) -> &mut Vec<Self::Webhook>;

    fn webhook_name(webhook: &Self::Webhook) -> &Str;

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
        let entries = found
            .clients()
            .map(|(name, _)| json!({"name": name.as_str(), "clientConfig": {"caBundle": bundle.to_base64()}}));
        let object = json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": Self::KIND,
            // A webhook that has been removed since must not come back.
            "metadata": {"name": name, "resourceVersion": found.metadata().resource_version},
            "webhooks": entries.collect::<Vec<_>>(),
        });
        let patch = Patch::apply_json(&object);
        let request = PatchRequest::<Self>::cluster(name, &patch);
        request.field_manager(CA_BUNDLE_MANAGER).force(true).send(client).await.map(|_| true)
    }

    /// Applies the next configuration of this name; without one, that of this manager is deleted.
    ///
    /// A webhook whose CA bundle another manager has set would stay without its other fields, and be refused. So it is
    /// removed as a whole, after the others have been applied: each is called until its successor is.
    async fn apply(client: &Client, name: &str, field_manager: &str, next: Option<&Self>) -> Result<(), Error> {
        let found = match ReadRequest::<Self>::cluster(name).send(client).await {
            Err(error) if error.is_not_found() => None,
            found => Some(found?),
        };
        let Some(next) = next else {
            let is_ours = |found: &Self| {
                let managers = &found.metadata().managed_fields;
                managers.iter().any(|entry| entry.manager.as_deref() == Some(field_manager))
            };
            return match found.filter(is_ours) {
                Some(found) => delete(client, &found).await,
                None => Ok(()),
            };
        };
        let mut all = next.clone();
        // What this manager has applied has no unknown fields, so it can be extracted.
        let owned = found.and_then(|found| Some(extract(&found, field_manager).ok()?.into_object()));
        let mut obsolete = owned.map(|mut owned| std::mem::take(owned.webhooks_mut())).unwrap_or_default();
        obsolete.retain(|webhook| next.clients().all(|(name, _)| name != Self::webhook_name(webhook)));
        let names: Vec<Str> = obsolete.iter().map(|webhook| Self::webhook_name(webhook).clone()).collect();
        all.webhooks_mut().append(&mut obsolete);
        ApplyRequest::cluster(&all, field_manager).force(true).send(client).await?;
        Self::remove(client, name, field_manager, &names).await
    }

    /// Removes webhooks with the fields of all managers.
    async fn remove(client: &Client, name: &str, field_manager: &str, webhooks: &[Str]) -> Result<(), Error> {
        let mut attempts = Retry { attempts: REMOVAL_ATTEMPTS, ..Retry::default() }.start();
        while !webhooks.is_empty() {
            let found = ReadRequest::<Self>::cluster(name).send(client).await?;
            let version = found.metadata().resource_version.clone().unwrap_or_default();
            let mut patch = JsonPatch::new().test("/metadata/resourceVersion", version);
            let indices: Vec<_> =
                found.clients().enumerate().filter(|(_, (name, _))| webhooks.contains(name)).collect();
            if indices.is_empty() {
                break;
            }
            for (index, _) in indices.iter().rev() {
                patch = patch.remove(format!("/webhooks/{index}"));
            }
            let patch = Patch::json(&patch);
            match PatchRequest::<Self>::cluster(name, &patch).field_manager(field_manager).send(client).await {
                Err(error) if error.is_conflict() || error.is_invalid() => attempts.wait_after(error).await?,
                result => return result.map(drop),
            }
        }
        Ok(())
    }
}

impl AdmissionConfiguration for MutatingWebhookConfiguration {
    type Webhook = MutatingWebhook;

    fn webhooks_mut(&mut self) -> &mut Vec<MutatingWebhook> {
        &mut self.webhooks
    }

    fn webhook_name(webhook: &MutatingWebhook) -> &Str {
        &webhook.name
    }

    fn clients(&self) -> impl Iterator<Item = (&Str, &WebhookClientConfig)> + Clone {
        self.webhooks.iter().map(|webhook| (&webhook.name, &webhook.client_config))
    }
}

impl AdmissionConfiguration for ValidatingWebhookConfiguration {
    type Webhook = ValidatingWebhook;

    fn webhooks_mut(&mut self) -> &mut Vec<ValidatingWebhook> {
        &mut self.webhooks
    }

    fn webhook_name(webhook: &ValidatingWebhook) -> &Str {
        &webhook.name
    }

    fn clients(&self) -> impl Iterator<Item = (&Str, &WebhookClientConfig)> + Clone {
        self.webhooks.iter().map(|webhook| (&webhook.name, &webhook.client_config))
    }
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
