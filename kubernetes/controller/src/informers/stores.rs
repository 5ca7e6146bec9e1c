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
        drop(uses);
        // A watch may end with `current`, which is not to be done under the lock.
        unused.into_iter().filter_map(|id| current.get(id)).map(|store| store.place().0).collect()
    }

    /// Removes all.
    pub(crate) fn clear(&self) {
        lock(&self.uses).clear();
        // A watch may end here, which is not to be done under the lock.
        drop(self.current.send_replace(Arc::default()));
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
            // Without stores, only a change ends the wait.
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use futures_util::future::BoxFuture;
    use kubernetes_core::{ListRequest, ObjectKey, Str};
    use kubernetes_watch::Error;

    use super::*;
    use crate::informers::Scope;

    kubernetes_core::doc_test_resource!(Pod);

    /// A store that notes whether the lock is free when it is dropped.
    struct Noting {
        scope: Scope,
        id: InformerId,
        stores: Arc<WatchedStores>,
        was_free: Arc<AtomicBool>,
    }

    impl Drop for Noting {
        fn drop(&mut self) {
            self.was_free.store(self.stores.uses.try_lock().is_ok(), Ordering::Relaxed);
        }
    }

    impl WatchedStore for Noting {
        fn scope(&self) -> &Scope {
            &self.scope
        }

        fn place(&self) -> (InformerId, usize) {
            (self.id, 0)
        }

        fn uid_of(&self, _: &ObjectKey) -> Option<Str> {
            None
        }

        fn has_selected(&self, _: &ObjectKey) -> bool {
            false
        }

        fn has_seen(&self, _: &ObjectKey, _: &str) -> bool {
            false
        }

        fn wait_for<'a>(&'a self, _: &'a (dyn Fn() -> bool + Sync)) -> BoxFuture<'a, Result<(), Stopped>> {
            Box::pin(std::future::pending())
        }

        fn wait_until_stopped(&self) -> BoxFuture<'_, Stopped> {
            Box::pin(std::future::pending())
        }

        fn is_ready(&self) -> bool {
            false
        }

        fn error(&self) -> Option<Error> {
            None
        }
    }

    #[test]
    fn a_removed_store_is_dropped_after_the_lock() {
        let (stores, was_free) = (WatchedStores::new(), Arc::<AtomicBool>::default());
        let scope = Scope::of(&ListRequest::<Pod>::all_namespaces(), None).unwrap();
        let (id, all) = (InformerId::new(), Arc::clone(&stores));
        let store: Arc<dyn WatchedStore> = Arc::new(Noting { scope, id, stores: all, was_free: Arc::clone(&was_free) });
        let ids = stores.add([store]);
        assert_eq!(stores.remove(&ids), [id]);
        assert!(was_free.load(Ordering::Relaxed));
    }
}
