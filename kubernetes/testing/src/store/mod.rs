//! The store: objects by key, a revision that strictly rises, and the history that watches replay. It knows no requests.

mod collection;
mod stored;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::task::Waker;

pub(crate) use collection::{Change, ChangeKind, Collection, event_line};
pub(crate) use stored::{Key, Stored};

/// Where the objects of one resource are, whatever the version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CollectionId(usize);

/// Who waits for changes. They are woken in the order in which they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WaiterId(u64);

/// All objects.
#[derive(Debug)]
pub(crate) struct Store {
    /// That of the latest change.
    revision: u64,
    /// Every version before this one is forgotten.
    compacted: u64,
    /// How many changes of each resource are kept.
    history: usize,
    collections: Vec<Collection>,
    /// The objects that have an owner, by its uid.
    dependents: HashMap<Box<str>, BTreeSet<(CollectionId, Key)>>,
    /// How many there were who wait.
    waiters: u64,
    /// Who waits for changes that were made since they were last collected.
    woken: Vec<Waker>,
}

/// The revision of a store that nothing was ever written to: small numbers are no versions, as in a real cluster.
const FIRST_REVISION: u64 = 100;

impl Store {
    pub(crate) fn new(history: usize) -> Self {
        Self {
            revision: FIRST_REVISION,
            compacted: FIRST_REVISION,
            history: history.max(1),
            collections: Vec::new(),
            dependents: HashMap::new(),
            waiters: 0,
            woken: Vec::new(),
        }
    }

    pub(crate) fn add_collection(&mut self) -> CollectionId {
        self.collections.push(Collection::new(self.revision));
        CollectionId(self.collections.len() - 1)
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// The revision that the next change will have.
    pub(crate) fn next_revision(&self) -> u64 {
        self.revision + 1
    }

    pub(crate) fn collection(&self, id: CollectionId) -> &Collection {
        // An id comes from `add_collection` of this store, and collections are never removed.
        &self.collections[id.0]
    }

    pub(crate) fn get(&self, id: CollectionId, key: &Key) -> Option<&Arc<Stored>> {
        self.collection(id).get(key)
    }

    /// The oldest version from which every later change is still known.
    pub(crate) fn oldest(&self, id: CollectionId) -> u64 {
        self.collection(id).forgotten().max(self.compacted)
    }

    /// Writes an object, which must carry [`next_revision`](Self::next_revision).
    pub(crate) fn put(&mut self, id: CollectionId, object: Stored) -> Arc<Stored> {
        debug_assert_eq!(object.revision, self.next_revision(), "an object carries the revision of its change");
        let object = Arc::new(object);
        let previous = self.collections[id.0].insert(Arc::clone(&object));
        if let Some(previous) = &previous {
            self.forget_owners(id, previous);
        }
        for owner in &*object.owners {
            self.dependents.entry(owner.clone()).or_default().insert((id, object.key.clone()));
        }
        let kind = if previous.is_some() { ChangeKind::Modified } else { ChangeKind::Added };
        self.record(id, Change::new(kind, Arc::clone(&object), previous));
        object
    }

    /// Removes an object; `last` is its last state, carrying [`next_revision`](Self::next_revision).
    pub(crate) fn remove(&mut self, id: CollectionId, last: Stored) -> Option<Arc<Stored>> {
        debug_assert_eq!(last.revision, self.next_revision(), "the last state carries the revision of its change");
        let previous = self.collections[id.0].remove(&last.key)?;
        self.forget_owners(id, &previous);
        let last = Arc::new(last);
        self.record(id, Change::new(ChangeKind::Deleted, Arc::clone(&last), Some(previous)));
        Some(last)
    }

    /// The objects that name `uid` as an owner.
    pub(crate) fn dependents(&self, uid: &str) -> Vec<(CollectionId, Key)> {
        self.dependents.get(uid).into_iter().flatten().cloned().collect()
    }

    /// Forgets every version but the current one, as etcd's compaction does. Watches that run go on.
    pub(crate) fn compact(&mut self) {
        self.compacted = self.revision;
    }

    /// Somebody new who waits.
    pub(crate) fn add_waiter(&mut self) -> WaiterId {
        self.waiters += 1;
        WaiterId(self.waiters)
    }

    /// Has `waker` woken by the next change of the resource, in place of the waiter's earlier one.
    pub(crate) fn wait(&mut self, id: CollectionId, waiter: WaiterId, waker: &Waker) {
        self.collections[id.0].waiting.insert(waiter, waker.clone());
    }

    /// The waiter waits no more.
    pub(crate) fn leave(&mut self, id: CollectionId, waiter: WaiterId) {
        self.collections[id.0].waiting.remove(&waiter);
    }

    /// Those who wait for what was changed since the last call, or for anything.
    pub(crate) fn take_woken(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.woken)
    }

    /// Wakes all who wait, for what is no change of an object.
    pub(crate) fn wake_all(&mut self) {
        for collection in &mut self.collections {
            self.woken.extend(std::mem::take(&mut collection.waiting).into_values());
        }
    }

    fn record(&mut self, id: CollectionId, change: Change) {
        self.revision += 1;
        let history = self.history;
        let collection = &mut self.collections[id.0];
        collection.record(change, history);
        self.woken.extend(std::mem::take(&mut collection.waiting).into_values());
    }

    fn forget_owners(&mut self, id: CollectionId, object: &Stored) {
        for owner in &*object.owners {
            if let Some(dependents) = self.dependents.get_mut(owner) {
                dependents.remove(&(id, object.key.clone()));
                if dependents.is_empty() {
                    self.dependents.remove(owner);
                }
            }
        }
    }
}
