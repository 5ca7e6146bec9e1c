use std::ops::Bound;
use std::sync::Arc;

use kubernetes_core::{Object, ObjectKey};

use super::snapshot::Objects;
use super::version::is_same_state;
use crate::StoreEvent;

/// A change of an object in the store: the event for subscriptions, and the previous object.
pub(super) struct Delta<K> {
    pub(super) old: Option<Arc<K>>,
    pub(super) event: StoreEvent<K>,
}

impl<K> Delta<K> {
    /// The object after the change.
    pub(super) fn object(&self) -> Option<Arc<K>> {
        match &self.event {
            StoreEvent::Added(object) | StoreEvent::Updated { new: object, .. } => Some(Arc::clone(object)),
            StoreEvent::Deleted { .. } => None,
        }
    }
}

/// Returns the changes that lead from one state of the store to another.
pub(super) fn between_states<K: Object>(before: &Objects<K>, objects: &Objects<K>) -> Vec<Delta<K>> {
    let mut deltas = Vec::new();
    for (_, old) in before.iter().filter(|(key, _)| !objects.contains_key(*key)) {
        push(&mut deltas, Some(Arc::clone(old)), None, None);
    }
    for (key, new) in objects.iter() {
        push(&mut deltas, before.get(key).cloned(), Some(Arc::clone(new)), None);
    }
    deltas
}

/// The changes of the first `count` objects after `last`, and the last of these objects.
pub(super) fn after<K: Object>(
    last: Option<&ObjectKey>,
    before: &Objects<K>,
    objects: &Objects<K>,
    count: usize,
) -> (Option<ObjectKey>, Vec<Delta<K>>) {
    let range = (last.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
    let mut old = before.range::<ObjectKey, _>(range).peekable();
    let mut new = objects.range::<ObjectKey, _>(range).peekable();
    let (mut last, mut deltas) = (None, Vec::new());
    for _ in 0..count {
        let Some(key) = old.peek().into_iter().chain(new.peek()).map(|(key, _)| *key).min() else { break };
        let old = old.next_if(|(each, _)| *each == key).map(|(_, object)| Arc::clone(object));
        let new = new.next_if(|(each, _)| *each == key).map(|(_, object)| Arc::clone(object));
        push(&mut deltas, old, new, None);
        last = Some(key);
    }
    (last.cloned(), deltas)
}

/// Adds the changes that lead from one state of an object to another; returns whether there are any. If the deletion of
/// the object was observed, `last` is its last state.
pub(super) fn push<K: Object>(
    deltas: &mut Vec<Delta<K>>,
    old: Option<Arc<K>>,
    new: Option<Arc<K>>,
    last: Option<Arc<K>>,
) -> bool {
    let last = last.filter(|last| old.as_ref().is_some_and(|old| old.metadata().uid == last.metadata().uid));
    let observed = last.is_some();
    match (old, new) {
        (None, None) => return false,
        (None, Some(new)) => deltas.push(Delta { old: None, event: StoreEvent::Added(new) }),
        (Some(old), None) => {
            let object = last.unwrap_or_else(|| Arc::clone(&old));
            deltas.push(Delta { old: Some(old), event: StoreEvent::Deleted { object, observed } });
        }
        (Some(old), Some(new)) if is_same_state(&*old, &*new) => return false,
        (Some(old), Some(new)) if old.metadata().uid == new.metadata().uid => {
            deltas.push(Delta { old: Some(Arc::clone(&old)), event: StoreEvent::Updated { old, new } });
        }
        (Some(old), Some(new)) => {
            let object = Arc::clone(&old);
            deltas.push(Delta { old: Some(old), event: StoreEvent::Deleted { object, observed: false } });
            deltas.push(Delta { old: None, event: StoreEvent::Added(new) });
        }
    }
    true
}

// Not derived: it only refers to objects.
impl<K> Clone for Delta<K> {
    fn clone(&self) -> Self {
        Self { old: self.old.clone(), event: self.event.clone() }
    }
}
