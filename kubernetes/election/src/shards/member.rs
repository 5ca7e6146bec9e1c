use std::sync::Arc;

use kubernetes_client::Client;
use kubernetes_core::{DeleteRequest, ListRequest};
use kubernetes_models::coordination::v1::Lease;

use super::config::ShardsConfig;
use crate::config::LeaseConfig;
use crate::lock::{Failure, LeaseLock, within};

/// The Lease by which other replicas know of this one.
pub(super) struct Member {
    client: Client,
    config: Arc<LeaseConfig>,
    lock: LeaseLock,
}

impl Member {
    pub(super) fn new(client: &Client, config: &ShardsConfig) -> Self {
        let config = Arc::new(config.member());
        Self { client: client.clone(), lock: LeaseLock::new(client.clone(), Arc::clone(&config)), config }
    }

    /// Renews the Lease, or creates it.
    pub(super) async fn keep(&mut self) -> Result<(), Failure> {
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
    pub(super) async fn leave(&self) {
        self.delete(self.config.key.name()).await;
    }

    /// Deletes the Lease of a member that is gone.
    pub(super) async fn delete(&self, name: &str) {
        let request = DeleteRequest::<Lease>::namespaced(self.config.key.namespace().unwrap_or_default(), name);
        let deleted = within(self.config.request_timeout(), request.send(&self.client)).await;
        match deleted {
            Err(failure) if !failure.is_not_found() => {
                tracing::warn!(lease = name, error = %failure, "failed to delete the Lease of a member");
            }
            _ => {}
        }
    }
}
