//! The essential controllers of a cluster. They act at once, within the request that triggers them.

mod expiry;
mod garbage;
mod namespaces;

use crate::definitions;
use crate::state::State;
use crate::store::{Change, ChangeKind, CollectionId};

pub(super) use expiry::expire;

/// Handles all changes, including those that the controllers make in the process.
pub(super) fn run(state: &mut State) {
    while let Some((collection, change)) = state.store.take_unhandled() {
        handle(state, collection, &change);
    }
}

fn handle(state: &mut State, collection: CollectionId, change: &Change) {
    let object = &*change.object;
    let served = state.registry.of_collection(collection).cloned();
    let is_definition = served.as_deref().is_some_and(definitions::is_definition);
    if change.kind == ChangeKind::Deleted {
        state.deadlines.remove(collection, &object.key);
        if is_definition {
            definitions::unregister(state, object);
        }
        garbage::after_remove(state, object);
        namespaces::after_remove(state, object);
        return;
    }
    if is_definition {
        definitions::register(state, object);
    }
    let Some(served) = served else { return };
    expiry::after_put(state, &served, object);
    garbage::after_put(state, &served, object);
    namespaces::after_put(state, &served, change);
}
