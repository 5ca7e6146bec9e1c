use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use kubernetes_watch::Stopped;
use tokio::sync::watch;

use super::WatchedStore;

/// The stores of a controller, of which some may come and go while it runs.
pub(crate) struct WatchedStores {
    current: watch::Sender<Arc<Snapshot>>,
    /// How many have come.
    count: AtomicU64,
}

/// The stores at one moment, in the order in which they came. The first is that of the controller's own objects.
type Snapshot = BTreeMap<StoreId, Arc<dyn WatchedStore>>;

/// Tells a store from others of the controller, earlier ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StoreId(u64);

impl WatchedStores {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { current: watch::Sender::new(Arc::default()), count: AtomicU64::new(0) })
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.borrow())
    }

    pub(crate) fn add(&self, stores: impl IntoIterator<Item = Arc<dyn WatchedStore>>) -> Vec<StoreId> {
        let with_id = |store| (StoreId(self.count.fetch_add(1, Ordering::Relaxed)), store);
        let added: Vec<_> = stores.into_iter().map(with_id).collect();
        let ids = added.iter().map(|(id, _)| *id).collect();
        self.current.send_modify(|all| Arc::make_mut(all).extend(added));
        ids
    }

    pub(crate) fn remove(&self, ids: &[StoreId]) {
        let removed = self.snapshot();
        self.current.send_modify(|all| Arc::make_mut(all).retain(|id, _| !ids.contains(id)));
        // A watch may end here, which is not to be done under the lock.
        drop(removed);
    }

    /// Waits until a condition on a store holds, or the store has been removed or has stopped.
    pub(crate) async fn wait_for(&self, id: StoreId, condition: &(dyn Fn(&dyn WatchedStore) -> bool + Sync)) {
        let Some(store) = self.snapshot().get(&id).cloned() else { return };
        let mut changes = self.current.subscribe();
        let is_met = || condition(&*store);
        let removed = pin!(changes.wait_for(|stores| !stores.contains_key(&id)));
        select(store.wait_for(&is_met), removed).await;
    }

    /// Waits until one of the stores is no longer updated.
    pub(crate) async fn wait_until_stopped(&self) -> (Arc<dyn WatchedStore>, Stopped) {
        let mut changes = self.current.subscribe();
        loop {
            let stores = Arc::clone(&changes.borrow_and_update());
            let stopped = stores.iter().map(async |(id, store)| (*id, store.wait_until_stopped().await));
            let mut stopped: FuturesUnordered<_> = stopped.collect();
            // That of no store never comes.
            let first = pin!(async {
                match stopped.next().await {
                    Some(first) => first,
                    None => std::future::pending().await,
                }
            });
            if let Either::Left(((id, stopped), _)) = select(first, pin!(changes.changed())).await
                // One that has been removed may stop.
                && let Some(store) = self.snapshot().get(&id)
            {
                return (Arc::clone(store), stopped);
            }
        }
    }
}
