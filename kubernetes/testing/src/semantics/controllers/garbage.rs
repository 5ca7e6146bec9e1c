//! The garbage collector: dependents follow their owners.
//!
//! <https://kubernetes.io/docs/concepts/architecture/garbage-collection/>

use std::sync::Arc;

use kubernetes_core::{GroupVersionKind, ObjectKey};
use serde_json::Value;

use crate::object::Object;
use crate::resources::ServedResource;
use crate::semantics::options::{DeleteOptions, Propagation};
use crate::semantics::writes::{FOREGROUND, ORPHAN, Tracking, Writer, delete_object, finish};
use crate::state::State;
use crate::store::{CollectionId, Stored};

/// Handles an owner that waits for the collector. A dependent of a missing owner is kept, since a test may create
/// objects in any order.
pub(super) fn after_put(state: &mut State, served: &ServedResource, object: &Stored) {
    let current = Object::of(object);
    if !current.is_deleting() {
        return;
    }
    for finalizer in current.finalizers() {
        match finalizer {
            ORPHAN => {
                for (id, key) in state.store.dependents(&object.uid) {
                    release(state, id, &key, &object.uid);
                }
                drop_finalizer(state, served, &object.key, ORPHAN);
            }
            FOREGROUND => {
                let options = DeleteOptions { propagation: Some(Propagation::Foreground), ..DeleteOptions::default() };
                for (id, key) in state.store.dependents(&object.uid) {
                    delete_dependent(state, id, &key, &options);
                }
                finish_foreground(state, served, &object.key, &object.uid);
            }
            _ => {}
        }
    }
}

/// Deletes the dependents of a removed object unless they have another owner.
pub(super) fn after_remove(state: &mut State, last: &Stored) {
    for (id, key) in state.store.dependents(&last.uid) {
        let Some(dependent) = state.store.get(id, &key).cloned() else { continue };
        if dependent.owners.len() > 1 {
            release(state, id, &key, &last.uid);
        } else {
            delete_dependent(state, id, &key, &DeleteOptions::default());
        }
    }
    for owner in &*last.owners {
        let waiting = owner_waiting(state, last, owner);
        if let Some((served, key)) = waiting {
            finish_foreground(state, &served, &key, owner);
        }
    }
}

/// The owner with this uid, if it waits for its dependents.
fn owner_waiting(state: &State, dependent: &Stored, uid: &str) -> Option<(Arc<ServedResource>, ObjectKey)> {
    let object = Object::of(dependent);
    let reference =
        object.metadata_list("ownerReferences").find(|owner| owner.get("uid").and_then(Value::as_str) == Some(uid))?;
    let text = |field: &str| reference.get(field).and_then(Value::as_str).unwrap_or_default();
    let kind = GroupVersionKind::from_api_version(text("apiVersion"), text("kind")).ok()?;
    let served = state.registry.of_kind(&kind)?.clone();
    let namespace = dependent.key.namespace().filter(|_| served.namespaced);
    let key = ObjectKey::new(namespace, text("name"));
    let owner = state.store.get(served.collection, &key).filter(|owner| *owner.uid == *uid)?;
    Object::of(owner).finalizers().any(|name| name == FOREGROUND).then_some((served, key))
}

/// Ends the wait of an owner that no dependent blocks any longer.
fn finish_foreground(state: &mut State, served: &ServedResource, key: &ObjectKey, uid: &str) {
    let blocks = |(id, key): &(CollectionId, ObjectKey)| {
        state.store.get(*id, key).is_some_and(|dependent| {
            Object::of(dependent).metadata_list("ownerReferences").any(|owner| {
                owner.get("uid").and_then(Value::as_str) == Some(uid)
                    && owner.get("blockOwnerDeletion").and_then(Value::as_bool) == Some(true)
            })
        })
    };
    if !state.store.dependents(uid).iter().any(blocks) {
        drop_finalizer(state, served, key, FOREGROUND);
    }
}

fn drop_finalizer(state: &mut State, served: &ServedResource, key: &ObjectKey, finalizer: &str) {
    let Some(stored) = state.store.get(served.collection, key).cloned() else { return };
    let old = Object::of(&stored);
    let mut new = old.clone();
    new.set_finalizers(old.finalizers().filter(|name| *name != finalizer).map(str::to_owned).collect());
    if new != old {
        // Removing a finalizer violates no rule.
        let _ = finish(state, &Writer::controller(served, key), &old, new, Tracking::Done);
    }
}

/// Removes an owner from a dependent.
fn release(state: &mut State, id: CollectionId, key: &ObjectKey, uid: &str) {
    let Some((served, stored)) = dependent(state, id, key) else { return };
    let old = Object::of(&stored);
    let mut new = old.clone();
    let others = old.metadata_list("ownerReferences");
    let others: Vec<Value> =
        others.filter(|owner| owner.get("uid").and_then(Value::as_str) != Some(uid)).cloned().collect();
    if others.is_empty() {
        new.unset("ownerReferences");
    } else {
        new.set("ownerReferences", others);
    }
    // Removing an owner violates no rule.
    let _ = finish(state, &Writer::controller(&served, key), &old, new, Tracking::Done);
}

fn delete_dependent(state: &mut State, id: CollectionId, key: &ObjectKey, options: &DeleteOptions) {
    let Some((served, stored)) = dependent(state, id, key) else { return };
    if Object::of(&stored).is_deleting() {
        return;
    }
    delete_object(state, &served, &stored, options);
}

fn dependent(state: &State, id: CollectionId, key: &ObjectKey) -> Option<(Arc<ServedResource>, Arc<Stored>)> {
    let served = state.registry.of_collection(id)?.clone();
    Some((served, state.store.get(id, key)?.clone()))
}
