//! Reading what was written: a run starts when its stores have seen the writes of earlier runs for the same object.

mod hook;
mod own;
mod requirements;
mod settle;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_client::sync::lock;
use kubernetes_core::{GroupVersionResource, ObjectKey, Str};
use tokio::sync::mpsc;
use tracing::warn;

use crate::Histogram;
use crate::clock::{self, Instant};
use crate::informers::{StoreId, WatchedStore, WatchedStores};
use crate::queue::Delivery;
use hook::NoteWrites;
pub(crate) use own::{Author, Effect};
use own::{End, OwnWrites};
use requirements::{Requirement, Requirements};

type OnChange = Box<dyn Fn(&ObjectKey, Effect) + Send + Sync>;

/// The writes of a controller's runs that its stores have not seen yet.
pub(crate) struct Writes {
    /// The store of the controller's own objects is the first.
    stores: Arc<WatchedStores>,
    pending: Mutex<PendingWrites>,
    own: OwnWrites,
    /// Called with an object of the controller that another has changed while a run wrote it, if that has an effect.
    on_change: OnceLock<OnChange>,
    counters: Arc<ConsistencyCounters>,
    /// Names the objects that are held until stores have seen their writes.
    unsettled: mpsc::UnboundedSender<ObjectKey>,
    /// How long a run is held back; `None` if runs are not.
    limit: Option<Duration>,
}

/// The writes that stores may not have seen, by the objects that the runs were for.
///
/// Most have been seen when the next run for the object is due, as their events are its trigger. So nothing waits for them
/// before that, and those of objects without another run are forgotten when there are many.
#[derive(Default)]
struct PendingWrites {
    by_object: HashMap<ObjectKey, Pending>,
    /// How many there were of all objects, to tell the last.
    count: u64,
    /// How many objects there may be before those are forgotten whose writes are settled.
    cleanup_at: usize,
}

/// The writes of the runs for one object.
struct Pending {
    requirements: BTreeMap<StoreId, Requirements>,
    /// The number of the last write.
    last: u64,
    written_at: Instant,
    held_since: Option<Instant>,
}

impl PendingWrites {
    const MIN_CLEANUP: usize = 1024;

    /// Records another write for an object.
    fn record_write(&mut self, key: &ObjectKey, is_settled: impl Fn(&Pending) -> bool) -> &mut Pending {
        // No run starts meanwhile. As the limit doubles, this is seldom: there are many only if many objects were written
        // within the time limit.
        if self.by_object.len() >= self.cleanup_at.max(Self::MIN_CLEANUP) {
            self.by_object.retain(|_, pending| pending.held_since.is_some() || !is_settled(pending));
            self.cleanup_at = self.by_object.len() * 2;
        }
        self.count += 1;
        let (last, written_at) = (self.count, clock::now());
        let pending = self.by_object.entry(key.clone()).or_insert_with(|| Pending {
            requirements: BTreeMap::new(),
            last,
            written_at,
            held_since: None,
        });
        (pending.last, pending.written_at) = (last, written_at);
        pending
    }
}

/// Counts how long runs were held back.
pub(crate) struct ConsistencyCounters(Mutex<ConsistencyCounts>);

impl ConsistencyCounters {
    pub(crate) fn counts(&self) -> ConsistencyCounts {
        lock(&self.0).clone()
    }
}

/// How long runs were delayed, and how often until the time limit.
#[derive(Clone, Debug)]
pub(crate) struct ConsistencyCounts {
    pub(crate) wait: Histogram,
    pub(crate) timeouts: u64,
}

impl Writes {
    /// Waits up to `limit` for a store, if there is one. The receiver belongs to [`settle`](Self::settle).
    pub(crate) fn new(
        limit: Option<Duration>,
        stores: &Arc<WatchedStores>,
    ) -> (Arc<Self>, mpsc::UnboundedReceiver<ObjectKey>) {
        let (unsettled, receiver) = mpsc::unbounded_channel();
        let writes = Self {
            stores: Arc::clone(stores),
            pending: Mutex::default(),
            own: OwnWrites::default(),
            on_change: OnceLock::new(),
            counters: Arc::new(ConsistencyCounters(Mutex::new(ConsistencyCounts {
                wait: Histogram::new(Histogram::SECONDS),
                timeouts: 0,
            }))),
            unsettled,
            limit,
        };
        (Arc::new(writes), receiver)
    }

    /// Sets the function that is called with an object of the controller that another has changed while a run wrote it,
    /// the first time that it is called.
    pub(crate) fn start(&self, on_change: impl Fn(&ObjectKey, Effect) + Send + Sync + 'static) {
        let _ = self.on_change.set(Box::new(on_change));
    }

    /// A client whose writes are noted as those of a run for `key`.
    pub(crate) fn client(self: &Arc<Self>, client: &Client, key: &ObjectKey) -> Client {
        client.derived(NoteWrites::new(self, key))
    }

    /// Puts an item back if there are writes for it that a store has not seen. It is released once they are.
    pub(crate) fn hold_back<R: PartialEq>(&self, delivery: Delivery<ObjectKey, R>) -> Option<Delivery<ObjectKey, R>> {
        // While this is locked, the writes can't become settled, after which nobody would release the item.
        let mut all = lock(&self.pending);
        let Some(pending) = all.by_object.get_mut(delivery.item()) else { return Some(delivery) };
        if pending.held_since.is_none() {
            let are_seen = self.are_seen(pending);
            if are_seen || self.is_late(pending) {
                // Otherwise only a read could tell, and there was none.
                if !are_seen && pending.requirements.values().all(Requirements::are_known) {
                    self.timed_out(delivery.item());
                }
                all.by_object.remove(delivery.item());
                return Some(delivery);
            }
            pending.held_since = Some(clock::now());
            // If nobody receives it, the controller has ended.
            let _ = self.unsettled.send(delivery.item().clone());
        }
        delivery.hold(self.limit.unwrap_or_default().saturating_mul(2));
        None
    }

    /// Whether the stores have seen writes.
    fn are_seen(&self, pending: &Pending) -> bool {
        let (stores, mut requirements) = (self.stores.snapshot(), pending.requirements.iter());
        requirements.all(|(id, required)| {
            // A store that has been removed is not read.
            stores.get(id).is_none_or(|store| required.are_known() && required.are_met_by(&**store))
        })
    }

    /// The author of this state of one of the controller's own objects. If it is not known yet, the effect follows later.
    pub(crate) fn author(&self, key: &ObjectKey, version: Option<&Str>, effect: Effect) -> Author {
        self.own.author(key, version, effect)
    }

    /// Forgets one of the controller's own objects, which was deleted.
    pub(crate) fn forget(&self, key: &ObjectKey) {
        self.own.forget(key);
    }

    /// The counters alone: whoever keeps them keeps no store.
    pub(crate) fn counters(&self) -> Arc<ConsistencyCounters> {
        Arc::clone(&self.counters)
    }

    /// Whether this is one of the controller's own objects. Others would never be forgotten.
    fn is_own_object(&self, resource: &GroupVersionResource, key: &ObjectKey) -> bool {
        self.is_of_primary(resource) && self.is_in_store(key)
    }

    fn is_of_primary(&self, resource: &GroupVersionResource) -> bool {
        self.stores.snapshot().values().next().is_some_and(|primary| primary.scope().is_of(resource))
    }

    fn is_in_store(&self, key: &ObjectKey) -> bool {
        self.stores.snapshot().values().next().is_some_and(|primary| primary.uid_of(key).is_some())
    }

    fn begun(&self, key: &ObjectKey) {
        self.own.begun(key);
    }

    fn ended(&self, key: &ObjectKey, end: &End<'_>) {
        let effect = self.own.ended(key, end);
        if effect > Effect::Nothing
            && let Some(on_change) = self.on_change.get()
        {
            on_change(key, effect);
        }
        // It may have been deleted, and forgotten, before the write was noted.
        if !self.is_in_store(key) {
            self.own.forget(key);
        }
    }

    /// Notes what each store must have seen before the next run for `key`.
    fn require(&self, key: &ObjectKey, requirement: impl Fn(&dyn WatchedStore) -> Option<Requirement>) {
        if self.limit.is_none() {
            return;
        }
        let stores = self.stores.snapshot();
        let required = stores.iter().filter_map(|(id, store)| Some((*id, requirement(&**store)?)));
        let required: Vec<_> = required.collect();
        if required.is_empty() {
            return;
        }
        let mut all = lock(&self.pending);
        let pending = all.record_write(key, |pending| self.is_late(pending) || self.are_seen(pending));
        for (id, requirement) in required {
            pending.requirements.entry(id).or_default().add(requirement);
        }
    }

    /// Counts a run that starts although a store has not seen a write.
    fn timed_out(&self, key: &ObjectKey) {
        lock(&self.counters.0).timeouts += 1;
        let limit = self.limit.unwrap_or_default();
        warn!(%key, ?limit, "controller: a store has not seen a write in time; the next run may not see it");
    }

    /// Whether the last write was so long ago that a run does not wait for it.
    fn is_late(&self, pending: &Pending) -> bool {
        self.limit.is_none_or(|limit| clock::now().duration_since(pending.written_at) >= limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_without_another_run_are_forgotten() {
        let mut all = PendingWrites::default();
        let is_seen = |pending: &Pending| !pending.last.is_multiple_of(10);
        for index in 0..10_000 {
            let pending = all.record_write(&ObjectKey::new("shop", &format!("{index}")), is_seen);
            pending.held_since = (index == 0).then(clock::now);
        }
        assert!(all.by_object.len() < 3_000, "{}", all.by_object.len());
        let is_kept = |index: u32| all.by_object.contains_key(&ObjectKey::new("shop", &format!("{index}")));
        assert!(is_kept(0), "a run waits for it");
        assert!((9..10_000).step_by(10).all(is_kept), "no store has seen it");
    }
}
