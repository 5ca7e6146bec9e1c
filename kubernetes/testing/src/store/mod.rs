//! The store: objects by key, a strictly increasing revision, and the history that watches replay. It does not know
//! about requests.

mod collection;
mod stored;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::task::Waker;

use kubernetes_core::ObjectKey;

pub(crate) use collection::{Change, ChangeKind, Collection, event_line};
pub(crate) use stored::Stored;

/// Identifies the objects of one resource in all of its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CollectionId(usize);

/// Identifies a task that waits for changes. Tasks are woken in order of registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WaiterId(u64);

/// All objects.
#[derive(Debug)]
pub(crate) struct Store {
    /// The revision of the latest change.
    revision: u64,
    /// All versions before this one are forgotten.
    compacted: u64,
    /// The number of changes kept for each resource.
    history: usize,
    collections: Vec<Collection>,
    /// The objects with owners, by the owner's uid.
    dependents: HashMap<Box<str>, BTreeSet<(CollectionId, ObjectKey)>>,
    /// The number of waiters so far.
    waiters: u64,
    /// The wakers of tasks whose change has occurred since the last collection.
    woken: Vec<Waker>,
    /// The changes that controllers have not handled yet.
    unhandled: VecDeque<(CollectionId, Arc<Change>)>,
}

/// The revision of a new store: small numbers are not valid versions, as in a real cluster.
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
            unhandled: VecDeque::new(),
        }
    }

    pub(crate) fn add_collection(&mut self) -> CollectionId {
        self.collections.push(Collection::new(self.revision));
        CollectionId(self.collections.len() - 1)
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// The revision of the next change.
    pub(crate) fn next_revision(&self) -> u64 {
        self.revision + 1
    }

    pub(crate) fn collection(&self, id: CollectionId) -> &Collection {
        // An id comes from `add_collection` of this store, and collections are never removed.
        &self.collections[id.0]
    }

    pub(crate) fn get(&self, id: CollectionId, key: &ObjectKey) -> Option<&Arc<Stored>> {
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
    pub(crate) fn dependents(&self, uid: &str) -> Vec<(CollectionId, ObjectKey)> {
        self.dependents.get(uid).into_iter().flatten().cloned().collect()
    }

    /// Forgets all versions except the current one, like etcd's compaction. Running watches continue.
    pub(crate) fn compact(&mut self) {
        self.compacted = self.revision;
    }

    /// Registers a waiter.
    pub(crate) fn add_waiter(&mut self) -> WaiterId {
        self.waiters += 1;
        WaiterId(self.waiters)
    }

    /// Wakes `waker` on the next change of the resource; replaces the waiter's earlier waker.
    pub(crate) fn wait(&mut self, id: CollectionId, waiter: WaiterId, waker: &Waker) {
        self.collections[id.0].waiting.insert(waiter, waker.clone());
    }

    /// Removes a waiter.
    pub(crate) fn leave(&mut self, id: CollectionId, waiter: WaiterId) {
        self.collections[id.0].waiting.remove(&waiter);
    }

    /// The wakers of waiters whose change has occurred since the last call.
    pub(crate) fn take_woken(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.woken)
    }

    /// Wakes all waiters, for a reason other than a change of an object.
    pub(crate) fn wake_all(&mut self) {
        for collection in &mut self.collections {
            self.woken.extend(std::mem::take(&mut collection.waiting).into_values());
        }
    }

    /// The oldest change that no controller has handled yet.
    pub(crate) fn take_unhandled(&mut self) -> Option<(CollectionId, Arc<Change>)> {
        self.unhandled.pop_front()
    }

    fn record(&mut self, id: CollectionId, change: Change) {
        self.revision += 1;
        let change = Arc::new(change);
        self.unhandled.push_back((id, Arc::clone(&change)));
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

#[cfg(test)]
mod tests;
