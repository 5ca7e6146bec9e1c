use crate::object::Object;
use crate::resources::ServedResource;
use crate::semantics::writes::Writer;
use crate::state::{Deadline, State};
use crate::store::Stored;

/// Sets the time at which an object expires.
pub(super) fn after_put(state: &mut State, served: &ServedResource, object: &Stored) {
    let Some(time_to_live) = served.rules.time_to_live else { return };
    let at = state.clock.elapsed().saturating_add(time_to_live);
    let (key, uid) = (object.key.clone(), object.uid.clone());
    state.deadlines.set(at, Deadline { collection: served.collection, key, uid, revision: Some(object.revision) });
}

/// Removes the pods whose grace period has ended, as their kubelets would, and expired objects.
pub(in crate::semantics) fn expire(state: &mut State) {
    let now = state.clock.elapsed();
    while let Some(deadline) = state.deadlines.take_due(now) {
        end(state, &deadline);
    }
}

fn end(state: &mut State, deadline: &Deadline) {
    let Deadline { collection, key, uid, revision } = deadline;
    let Some(served) = state.registry.of_collection(*collection).cloned() else { return };
    let found = state.store.get(*collection, key).filter(|object| object.uid == *uid).cloned();
    let Some(stored) = found.filter(|object| revision.is_none_or(|revision| revision == object.revision)) else {
        return;
    };
    let mut object = Object::of(&stored);
    let writer = Writer::controller(&served, key);
    // Expired objects do not wait for finalizers, because their lease in etcd ends.
    if revision.is_some() || object.finalizers().next().is_none() {
        writer.remove(state, object);
    } else {
        object.set("deletionGracePeriodSeconds", 0);
        writer.put(state, object);
    }
}
