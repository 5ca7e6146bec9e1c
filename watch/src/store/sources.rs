use std::collections::HashMap;
use std::sync::Arc;

use kubernetes_core::{Object, ObjectKey};

use super::snapshot::Objects;
use super::version::{is_newer, is_same_state, newer, precedes};

/// The objects of each source, that is, each writer of a store.
///
/// Watches are not synchronized: if two sources have the same object, one of them may be behind. The store has the
/// newest state of any source, and never goes back to an older one.
pub(super) struct Sources<K> {
    /// The objects of each source; not kept for a single source, whose objects are those of the store.
    objects: Vec<Objects<K>>,
    /// Deleted objects whose predecessors of the same name are still in a source that is behind.
    successors: HashMap<ObjectKey, Arc<K>>,
}

impl<K: Object> Sources<K> {
    pub(super) fn new(count: usize) -> Self {
        Self { objects: vec![Objects::new_sync(); count], successors: HashMap::new() }
    }

    /// Whether there is only one source.
    pub(super) fn is_single(&self) -> bool {
        self.objects.len() == 1
    }

    /// The objects of a source; `all` are those of the store.
    pub(super) fn objects_of(&self, source: usize, all: &Objects<K>) -> Objects<K> {
        if self.is_single() {
            return all.clone();
        }
        self.objects.get(source).cloned().unwrap_or_default()
    }

    /// Records that a source now has `new` of an object, and returns the state that the store should have instead of
    /// `current`.
    pub(super) fn settle(
        &mut self,
        source: usize,
        key: &ObjectKey,
        new: Option<Arc<K>>,
        current: Option<&Arc<K>>,
    ) -> Option<Arc<K>> {
        if self.is_single() {
            return new;
        }
        let before = self.record(source, key, new.as_ref());
        if self.is_outlived(key, new.as_ref()) {
            return current.cloned();
        }
        match new {
            // The store has the last state of this very source, so it follows the source even without an order.
            Some(new) if is_same(before.as_ref(), current) => Some(new),
            Some(new) => Some(newer(current.cloned(), new)),
            None => self.without(key, current),
        }
    }

    /// Records a source's state of an object; returns the previous one.
    fn record(&mut self, source: usize, key: &ObjectKey, new: Option<&Arc<K>>) -> Option<Arc<K>> {
        let objects = self.objects.get_mut(source)?;
        let before = objects.get(key).cloned();
        match new {
            Some(new) => objects.insert_mut(key.clone(), Arc::clone(new)),
            None => {
                objects.remove_mut(key);
            }
        }
        before
    }

    /// Whether `new` must have been deleted before another object of its name was created and deleted, so that its
    /// source is behind. Once no source is behind, the successor is forgotten.
    fn is_outlived(&mut self, key: &ObjectKey, new: Option<&Arc<K>>) -> bool {
        let Some(successor) = self.successors.get(key) else { return false };
        let mut of_sources = self.objects.iter().filter_map(|objects| objects.get(key));
        if of_sources.any(|object| precedes(&**object, &**successor)) {
            return new.is_some_and(|new| precedes(&**new, &**successor));
        }
        self.successors.remove(key);
        false
    }

    /// The state that the store should have of an object after a source has lost it: the newest of the other sources.
    fn without(&mut self, key: &ObjectKey, current: Option<&Arc<K>>) -> Option<Arc<K>> {
        let others = self.objects.iter().filter_map(|objects| objects.get(key)).cloned();
        let newest = others.fold(None, |newest, object| Some(newer(newest, object)))?;
        match current {
            Some(current) if is_newer(&**current, &*newest) => {
                if current.metadata().uid == newest.metadata().uid {
                    // The other source is behind, so its older state does not count.
                    return Some(Arc::clone(current));
                }
                // The other source still has a predecessor of the deleted object, and will report it for a while.
                self.successors.insert(key.clone(), Arc::clone(current));
                None
            }
            _ => Some(newest),
        }
    }
}

/// Whether a source had the same state as the store, or both have none.
fn is_same<K: Object>(before: Option<&Arc<K>>, current: Option<&Arc<K>>) -> bool {
    match (before, current) {
        (Some(before), Some(current)) => Arc::ptr_eq(before, current) || is_same_state(&**before, &**current),
        (_, current) => current.is_none(),
    }
}
