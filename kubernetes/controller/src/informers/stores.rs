use std::collections::{BTreeMap, HashMap};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use kubernetes_client::sync::lock;
use kubernetes_watch::Stopped;
use tokio::sync::watch;

use super::{InformerId, WatchedStore};

/// The stores of a controller, of which some may come and go while it runs.
pub(crate) struct WatchedStores {
    current: watch::Sender<Arc<Snapshot>>,
    /// How many have come.
    count: AtomicU64,
    /// How many sources have each.
    uses: Mutex<HashMap<StoreId, usize>>,
}

/// The stores at one moment, in the order in which they came. The first is that of the controller's own objects.
type Snapshot = BTreeMap<StoreId, Arc<dyn WatchedStore>>;

/// Tells a store from others of the controller, earlier ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StoreId(u64);

impl WatchedStores {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { current: watch::Sender::new(Arc::default()), count: AtomicU64::new(0), uses: Mutex::default() })
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.borrow())
    }

    /// Adds stores. One that it has already is the same, and is removed as often as it was added.
    pub(crate) fn add(&self, stores: impl IntoIterator<Item = Arc<dyn WatchedStore>>) -> Vec<StoreId> {
        let (mut uses, current, mut added) = (lock(&self.uses), self.snapshot(), Vec::new());
        let id_of = |store: Arc<dyn WatchedStore>| {
            let known = current.iter().find(|(_, known)| known.place() == store.place()).map(|(id, _)| *id);
            let id = known.unwrap_or_else(|| StoreId(self.count.fetch_add(1, Ordering::Relaxed)));
            if known.is_none() {
                added.push((id, store));
            }
            *uses.entry(id).or_default() += 1;
            id
        };
        let ids = stores.into_iter().map(id_of).collect();
        self.current.send_modify(|all| Arc::make_mut(all).extend(added));
        ids
    }

    /// Removes stores; returns the informers of those that are not used any more.
    pub(crate) fn remove(&self, ids: &[StoreId]) -> Vec<InformerId> {
        let (mut uses, current) = (lock(&self.uses), self.snapshot());
        let is_unused = |id: &&StoreId| {
            let left = uses.get_mut(id).map_or(0, |uses| {
                *uses -= 1;
                *uses
            });
            left == 0 && uses.remove(id).is_some()
        };
        let unused: Vec<_> = ids.iter().filter(is_unused).collect();
        self.current.send_modify(|all| Arc::make_mut(all).retain(|id, _| !unused.contains(&id)));
        unused.into_iter().filter_map(|id| current.get(id)).map(|store| store.place().0).collect()
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
