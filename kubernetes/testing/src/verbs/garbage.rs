//! What the garbage collector of a cluster does: dependents follow their owners.
//!
//! <https://kubernetes.io/docs/concepts/architecture/garbage-collection/>. It is done at once, in the same request.

use serde_json::Value;

use super::delete::{Outcome, delete_object};
use super::delete_options::{DeleteOptions, Propagation};
use super::update::{Tracking, finish};
use super::write::Writer;
use crate::object::Object;
use crate::registry::Served;
use crate::state::State;
use crate::store::{CollectionId, Key, Stored};

/// An owner that waits for the collector is served; a dependent whose owners are gone is left alone, since a test may
/// create objects in any order.
pub(super) fn after_put(state: &mut State, served: &Served, object: &Stored) {
    let current = Object::of(object);
    if !current.is_deleting() {
        return;
    }
    for finalizer in current.finalizers() {
        match finalizer {
            "orphan" => {
                for (id, key) in state.store.dependents(&object.uid) {
                    release(state, id, &key, &object.uid);
                }
                drop_finalizer(state, served, &object.key, "orphan");
            }
            "foregroundDeletion" => {
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

/// The dependents of what is gone are deleted, unless they have another owner.
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
fn owner_waiting(state: &State, dependent: &Stored, uid: &str) -> Option<(std::sync::Arc<Served>, Key)> {
    let object = Object::of(dependent);
    let reference =
        object.metadata_list("ownerReferences").find(|owner| owner.get("uid").and_then(Value::as_str) == Some(uid))?;
    let text = |field: &str| reference.get(field).and_then(Value::as_str).unwrap_or_default();
    let api_version = text("apiVersion");
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let served = state.registry.of_kind(group, version, text("kind"))?.clone();
    let namespace = dependent.key.namespace().filter(|_| served.namespaced);
    let key = Key::new(namespace, text("name"));
    let owner = state.store.get(served.collection, &key).filter(|owner| *owner.uid == *uid)?;
    Object::of(owner).finalizers().any(|name| name == "foregroundDeletion").then_some((served, key))
}

/// Ends the wait of an owner that no dependent blocks any more.
fn finish_foreground(state: &mut State, served: &Served, key: &Key, uid: &str) {
    let blocks = |(id, key): &(CollectionId, Key)| {
        state.store.get(*id, key).is_some_and(|dependent| {
            Object::of(dependent).metadata_list("ownerReferences").any(|owner| {
                owner.get("uid").and_then(Value::as_str) == Some(uid)
                    && owner.get("blockOwnerDeletion").and_then(Value::as_bool) == Some(true)
            })
        })
    };
    if !state.store.dependents(uid).iter().any(blocks) {
        drop_finalizer(state, served, key, "foregroundDeletion");
    }
}

fn drop_finalizer(state: &mut State, served: &Served, key: &Key, finalizer: &str) {
    let Some(stored) = state.store.get(served.collection, key).cloned() else { return };
    let old = Object::of(&stored);
    let mut new = old.clone();
    new.set_finalizers(old.finalizers().filter(|name| *name != finalizer).map(str::to_owned).collect());
    if new != old {
        // Taking a finalizer away breaks no rule.
        let _ = finish(state, &Writer::controller(served, key), &old, new, Tracking::Done);
    }
}

/// Takes an owner off a dependent.
fn release(state: &mut State, id: CollectionId, key: &Key, uid: &str) {
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
    // Taking an owner away breaks no rule.
    let _ = finish(state, &Writer::controller(&served, key), &old, new, Tracking::Done);
}

fn delete_dependent(state: &mut State, id: CollectionId, key: &Key, options: &DeleteOptions) {
    let Some((served, stored)) = dependent(state, id, key) else { return };
    if Object::of(&stored).is_deleting() {
        return;
    }
    match delete_object(state, &served, &stored, options) {
        Ok(Outcome::Removed(_) | Outcome::Pending(_)) | Err(_) => {}
    }
}

fn dependent(state: &State, id: CollectionId, key: &Key) -> Option<(std::sync::Arc<Served>, std::sync::Arc<Stored>)> {
    let served = state.registry.of_collection(id)?.clone();
    Some((served, state.store.get(id, key)?.clone()))
}
