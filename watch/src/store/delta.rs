use std::sync::Arc;

use kubernetes_core::Object;

use super::snapshot::Objects;
use super::version::is_same_state;
use crate::StoreEvent;

/// A change of an object in the store: the event for subscriptions, and the previous object.
pub(super) struct Delta<K> {
    pub(super) old: Option<Arc<K>>,
    pub(super) event: StoreEvent<K>,
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
