use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::{join, join_all};
use kubernetes_core::{ObjectKey, Watchable};
use tokio::task::AbortHandle;

use super::{New, Runner};
use crate::applied::Applied;
use crate::consistency::Effect;
use crate::controller::context::Stores;
use crate::controller::error::{Cause, ControllerError};
use crate::controller::source::{Enqueuer, Source, Started, start_primary};
use crate::controller::tombstones::Tombstones;
use crate::informers::{Informers, Left, WatchedStore};
use crate::queue::Add;

/// The sources of a controller that has started. Dropping them ends them.
pub(super) struct StartedSources<K: Watchable> {
    pub(super) name: Arc<str>,
    pub(super) sync_timeout: Option<Duration>,
    enqueuer: Arc<Enqueuer<K>>,
    started: Vec<Started>,
    stores: Arc<Stores<K>>,
    settle: AbortHandle,
}

impl<K: Watchable> StartedSources<K> {
    pub(super) fn start(
        runner: &Runner<K>,
        new: New<K>,
        tombstones: Option<Arc<Tombstones<K>>>,
    ) -> Result<Self, ControllerError> {
        let (settings, inner, writes) = (&runner.settings, &runner.monitor.inner, &runner.writes);
        let informers = runner.informers.clone().unwrap_or_else(|| Informers::new(&runner.client));
        let Source { requests, drops_managed_fields, .. } = &new.primary;
        let unwatchable = |source, reason| ControllerError::new(&settings.name, Cause::Unwatchable { source, reason });
        let primary = {
            let shard = settings.shard;
            informers.get(&runner.client, requests, *drops_managed_fields, shard, &new.indexes, &Left::default())
        };
        let primary = primary.map_err(|reason| unwatchable(None, reason))?;
        let enqueuer = Arc::new(Enqueuer {
            name: Arc::clone(&settings.name),
            client: runner.client.clone(),
            informers,
            queue: inner.queue.clone(),
            primary: Arc::clone(&primary),
            stores: Arc::clone(&runner.stores),
            left: Left::default(),
            writes: Arc::clone(writes),
            tombstones,
            has_started_runs: AtomicBool::new(false),
        });
        let mut started = vec![start_primary(new.primary, settings.resync, settings.paused_by.clone(), &enqueuer)];
        for (index, source) in new.others.into_iter().enumerate() {
            let source = source.start(&enqueuer);
            started.push(source.map_err(|reason| unwatchable(Some(format!("source {}", index + 1)), reason))?);
        }
        runner.added.start(&enqueuer)?;
        let queue = inner.queue.clone();
        writes.start(move |key, effect| {
            let add = Add::new();
            queue.add_with(key.clone(), if effect == Effect::StartOver { add.reset_backoff() } else { add });
        });
        let (writes, queue) = (Arc::clone(writes), inner.queue.clone());
        let settle = writes.settle(runner.client.clone(), new.unsettled, move |key: &ObjectKey| queue.release(key));
        let settle = tokio::spawn(settle).abort_handle();
        let stores = Arc::new(Stores {
            controller: Arc::clone(&settings.name),
            field_manager: settings.field_manager(),
            primary,
            all: Arc::clone(&runner.stores),
            added: runner.added.clone(),
            recorder: settings.recorder.clone(),
            leadership: settings.leadership.clone(),
            applied: Applied::default(),
            has_no_source: std::sync::Once::new(),
        });
        Ok(Self {
            name: Arc::clone(&settings.name),
            sync_timeout: settings.sync_timeout,
            enqueuer,
            started,
            stores,
            settle,
        })
    }

    pub(super) fn stores(&self) -> Arc<Stores<K>> {
        Arc::clone(&self.stores)
    }

    /// Runs start from now on, and deletions are handled.
    pub(super) fn start_runs(&self) {
        self.enqueuer.has_started_runs.store(true, Ordering::Release);
    }

    pub(super) fn tombstones(&self) -> Option<Arc<Tombstones<K>>> {
        self.enqueuer.tombstones.clone()
    }

    /// Waits until all objects have been listed, and their keys added.
    pub(super) async fn wait_until_synced(&self) {
        let synced = join_all(self.started.iter().map(|started| started.follower.synced()));
        join(synced, self.stores.added.wait_until_synced()).await;
    }

    /// Waits until a store is no longer updated.
    pub(super) async fn wait_until_stopped(&self) -> ControllerError {
        let (store, stopped) = self.stores.all.wait_until_stopped().await;
        ControllerError::new(&self.name, Cause::Stopped { resource: resource(&*store), stopped })
    }

    pub(super) fn not_synced(&self, limit: Duration) -> Cause {
        let stores = self.stores.all.snapshot();
        let missing = || stores.values().filter(|store| !store.is_ready());
        let resources: BTreeSet<_> = missing().map(|store| resource(&**store)).collect();
        Cause::NotSynced { limit, resources, error: missing().find_map(|store| store.error()) }
    }
}

fn resource(store: &dyn WatchedStore) -> String {
    store.scope().resource.resource.to_string()
}

impl<K: Watchable> Drop for StartedSources<K> {
    fn drop(&mut self) {
        self.stores.added.end(&self.name);
        self.settle.abort();
    }
}
