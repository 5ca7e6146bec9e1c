use std::collections::HashMap;
use std::sync::Arc;

use kubernetes_core::{Object, ObjectKey};

use super::snapshot::Objects;
use super::version::{is_newer, is_same_state, newer, precedes};

/// The objects of each source of a store, that is, of each of its writers.
///
/// Watches are not in step: where two sources have the same object, one of them is behind. The store has the newest
/// state that any has, and never goes back to an older one.
pub(super) struct Sources<K> {
    /// The objects of each; not kept for a single source, whose objects are those of the store.
    objects: Vec<Objects<K>>,
    /// Objects that have gone, but whose predecessors of the same name some source still has, as it is behind.
    successors: HashMap<ObjectKey, Arc<K>>,
}

impl<K: Object> Sources<K> {
    pub(super) fn new(count: usize) -> Self {
        Self { objects: vec![Objects::new_sync(); count], successors: HashMap::new() }
    }

    /// Whether there is one source only.
    pub(super) fn is_single(&self) -> bool {
        self.objects.len() == 1
    }

    /// The objects of a source, of which the store has `all`.
    pub(super) fn objects_of(&self, source: usize, all: &Objects<K>) -> Objects<K> {
        if self.is_single() {
            return all.clone();
        }
        self.objects.get(source).cloned().unwrap_or_default()
    }

    /// Notes that a source now has `new` in place of what it had of an object, and returns what the store is to have of
    /// it, where it has `current`.
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
            // The store has the last state of this very source: it goes along with it, whether there is an order or not.
            Some(new) if is_same(before.as_ref(), current) => Some(new),
            Some(new) => Some(newer(current.cloned(), new)),
            None => self.without(key, current),
        }
    }

    /// Takes in the state of an object that a source has; returns the one that it had.
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

    /// Whether `new` is an object that must have gone before another of its name came, and went: the source that has it
    /// is behind. Once no source is, the successor is forgotten.
    fn is_outlived(&mut self, key: &ObjectKey, new: Option<&Arc<K>>) -> bool {
        let Some(successor) = self.successors.get(key) else { return false };
        let mut of_sources = self.objects.iter().filter_map(|objects| objects.get(key));
        if of_sources.any(|object| precedes(&**object, &**successor)) {
            return new.is_some_and(|new| precedes(&**new, &**successor));
        }
        self.successors.remove(key);
        false
    }

    /// The state that the store is to have of an object after a source has lost it: the newest that another has.
    fn without(&mut self, key: &ObjectKey, current: Option<&Arc<K>>) -> Option<Arc<K>> {
        let others = self.objects.iter().filter_map(|objects| objects.get(key)).cloned();
        let newest = others.fold(None, |newest, object| Some(newer(newest, object)))?;
        match current {
            Some(current) if is_newer(&**current, &*newest) => {
                if current.metadata().uid == newest.metadata().uid {
                    // The other source is behind: its older state does not count.
                    return Some(Arc::clone(current));
                }
                // The other source has a predecessor of the object that is gone, and will report it for a while.
                self.successors.insert(key.clone(), Arc::clone(current));
                None
            }
            _ => Some(newest),
        }
    }
}

/// Whether what a source had is what the store has: the same state, or nothing.
fn is_same<K: Object>(before: Option<&Arc<K>>, current: Option<&Arc<K>>) -> bool {
    match (before, current) {
        (Some(before), Some(current)) => Arc::ptr_eq(before, current) || is_same_state(&**before, &**current),
        (_, current) => current.is_none(),
    }
}
