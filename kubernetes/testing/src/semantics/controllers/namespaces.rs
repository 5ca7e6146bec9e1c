//! The namespace controller, which deletes the content of a deleted namespace.

use std::sync::Arc;

use kubernetes_core::{GroupVersion, ObjectKey};

use crate::object::Object;
use crate::resources::{Deletion, ServedResource};
use crate::semantics::options::DeleteOptions;
use crate::semantics::writes::{Writer, delete_object};
use crate::state::State;
use crate::store::{Change, Stored};

/// Deletes the content of a namespace that starts to terminate, and removes a terminating one that is empty.
pub(super) fn after_put(state: &mut State, served: &ServedResource, change: &Change) {
    let is_deleting = |object: &Stored| Object::of(object).is_deleting();
    if served.rules.deletion != Deletion::Namespace || !is_deleting(&change.object) {
        return;
    }
    let namespace = change.object.key.name();
    let begins = change.previous.as_deref().is_none_or(|previous| !is_deleting(previous));
    if begins {
        delete_content(state, namespace);
    }
    end_if_empty(state, namespace);
}

/// A terminating namespace may have waited for this object.
pub(super) fn after_remove(state: &mut State, last: &Stored) {
    let Some(namespace) = last.key.namespace() else { return };
    let is_terminating = find(state, namespace).is_some_and(|(_, found)| Object::of(&found).is_deleting());
    if is_terminating {
        end_if_empty(state, namespace);
    }
}

fn find(state: &State, name: &str) -> Option<(Arc<ServedResource>, Arc<Stored>)> {
    let served = state.registry.get(&GroupVersion::new("", "v1"), "namespaces")?;
    let found = state.store.get(served.collection, &ObjectKey::new(None, name))?;
    Some((Arc::clone(served), Arc::clone(found)))
}

fn delete_content(state: &mut State, namespace: &str) {
    for served in state.registry.collections() {
        if !served.namespaced {
            continue;
        }
        let objects: Vec<_> =
            state.store.collection(served.collection).objects(Some(namespace)).map(Arc::clone).collect();
        for object in objects {
            delete_object(state, &served, &object, &DeleteOptions::default());
        }
    }
}

fn end_if_empty(state: &mut State, namespace: &str) {
    let collections = state.registry.collections();
    let mut collections = collections.iter().filter(|served| served.namespaced);
    let is_empty =
        collections.all(|served| state.store.collection(served.collection).objects(Some(namespace)).next().is_none());
    let Some((served, stored)) = find(state, namespace).filter(|_| is_empty) else { return };
    let mut object = Object::of(&stored);
    if object.finalizers().next().is_some() {
        return;
    }
    if let Some(spec) = object.field_mut("spec") {
        spec.remove("finalizers");
    }
    Writer::controller(&served, &stored.key).remove(state, object);
}
