use std::sync::Arc;

use kubernetes_client::Client;
use kubernetes_core::meta::v1::{DeleteOptions, Preconditions};
use kubernetes_core::{DeleteRequest, ListRequest};
use kubernetes_models::coordination::v1::Lease;
use tokio::runtime::Handle;

use super::config::ShardsConfig;
use crate::config::LeaseConfig;
use crate::failure::Failure;
use crate::lock::{LeaseLock, within};

/// The Lease by which other replicas know of this one.
pub(super) struct Member {
    client: Client,
    config: Arc<LeaseConfig>,
    lock: LeaseLock,
    has_left: bool,
}

/// A run that is dropped leaves in the background.
impl Drop for Member {
    fn drop(&mut self) {
        if self.has_left || self.lock.lease().is_none() {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            let mut left = Self {
                client: self.client.clone(),
                config: Arc::clone(&self.config),
                lock: self.lock.clone(),
                has_left: true,
            };
            runtime.spawn(async move { left.leave().await });
        }
    }
}

impl Member {
    pub(super) fn new(client: &Client, config: &ShardsConfig) -> Self {
        let config = Arc::new(config.member());
        let lock = LeaseLock::new(client.clone(), Arc::clone(&config));
        Self { client: client.clone(), config, lock, has_left: false }
    }

    /// Renews the Lease, or creates it.
    pub(super) async fn announce(&mut self) -> Result<(), Failure> {
        if self.lock.lease().is_some() && self.lock.update(self.lock.renewed_record()).await.is_ok() {
            return Ok(());
        }
        match self.lock.get().await?.is_some() {
            true => self.lock.update(self.lock.renewed_record()).await,
            false => self.lock.create().await,
        }
    }

    /// All Leases of the shards and their members.
    pub(super) async fn list(&self, config: &ShardsConfig) -> Result<Vec<Lease>, Failure> {
        let request = ListRequest::<Lease>::namespaced(config.namespace()).label_selector(config.selector());
        Ok(within(self.config.request_timeout(), request.send(&self.client)).await?.items)
    }

    /// Deletes the Lease, so that others know at once.
    pub(super) async fn leave(&mut self) {
        if let Some(mut lease) = self.lock.lease().cloned() {
            // A renewal may have been carried out unseen.
            lease.metadata.resource_version = None;
            self.delete(&lease).await;
        }
        self.has_left = true;
    }

    /// Deletes a Lease that nobody needs, as it was seen: one that is taken meanwhile stays.
    pub(super) async fn delete(&self, lease: &Lease) {
        let metadata = &lease.metadata;
        let name = metadata.name.as_deref().unwrap_or_default();
        let preconditions =
            Preconditions { uid: metadata.uid.clone(), resource_version: metadata.resource_version.clone() };
        let options = DeleteOptions { preconditions: preconditions.into(), ..DeleteOptions::default() };
        let namespace = self.config.key.namespace().unwrap_or_default();
        let request = DeleteRequest::<Lease>::namespaced(namespace, name).options(&options);
        match within(self.config.request_timeout(), request.send(&self.client)).await {
            Err(failure) if !failure.is_not_found() && !failure.is_conflict() => {
                tracing::warn!(lease = name, error = %failure, "failed to delete a Lease that nobody needs");
            }
            _ => {}
        }
    }
}
