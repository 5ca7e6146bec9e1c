//! The life of a namespace: it must be there before anything is in it, and takes everything along when it goes.

use serde_json::{Value, json};

use super::delete::{Outcome, delete_object, mark};
use super::delete_options::DeleteOptions;
use super::write::Writer;
use crate::failure::{Failure, Named, Result};
use crate::object::Object;
use crate::registry::Served;
use crate::state::State;
use crate::store::{Key, Stored};

/// Those that a new cluster has.
pub(crate) const INITIAL: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// The label of every namespace (`pkg/apis/core/v1/defaults.go`).
pub(super) fn initialize(object: &mut Object) {
    let name = object.text("name").to_owned();
    let labels = object.metadata_mut().entry("labels").or_insert_with(|| json!({}));
    if let Some(labels) = labels.as_object_mut() {
        labels.insert("kubernetes.io/metadata.name".to_owned(), name.into());
    }
}

/// What a new namespace gets, and nobody owns (`pkg/registry/core/namespace/strategy.go`).
pub(super) fn complete(object: &mut Object) {
    object.0.insert("spec".to_owned(), json!({"finalizers": ["kubernetes"]}));
    object.0.insert("status".to_owned(), json!({"phase": "Active"}));
}

struct Namespaces;

impl Named for Namespaces {
    fn group(&self) -> &str {
        ""
    }

    fn plural(&self) -> &str {
        "namespaces"
    }

    fn kind(&self) -> &str {
        "Namespace"
    }
}

fn find(state: &State, name: &str) -> Option<std::sync::Arc<Stored>> {
    let served = state.registry.get("", "v1", "namespaces")?;
    state.store.get(served.collection, &Key::new(None, name)).cloned()
}

/// Nothing is created in a namespace that is not there, or is going, as the admission plugin `NamespaceLifecycle` says.
pub(super) fn check_open(state: &State, writer: &Writer<'_>, name: &str) -> Result<()> {
    let Some(namespace) = writer.namespace.filter(|_| state.settings.require_namespaces) else { return Ok(()) };
    let Some(found) = find(state, namespace) else { return Err(Failure::not_found(&Namespaces, namespace)) };
    if Object::of(&found).is_deleting() {
        let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
        return Err(Failure::forbidden(writer.served, name, &why));
    }
    Ok(())
}

/// Marks a namespace, deletes what is in it, and then the namespace itself: what the namespace controller does.
pub(super) fn delete(state: &mut State, writer: &Writer<'_>, mut object: Object, dry_run: bool) -> Result<Outcome> {
    if object.is_deleting() {
        return Ok(Outcome::Pending(object));
    }
    mark(state, &mut object, 0);
    // Its finalizer is in its specification, and the metadata says nothing of a grace period.
    object.unset("deletionGracePeriodSeconds");
    if let Some(status) = object.0.entry("status").or_insert_with(|| json!({})).as_object_mut() {
        status.insert("phase".to_owned(), "Terminating".into());
    }
    if dry_run {
        return Ok(Outcome::Pending(object));
    }
    let marked = writer.put(state, object)?;
    let namespace = marked.text("name").to_owned();
    let prefix = format!("{namespace}/");
    for served in state.registry.collections() {
        if !served.namespaced {
            continue;
        }
        let objects: Vec<_> = state.store.collection(served.collection).objects(&prefix).cloned().collect();
        for object in objects {
            let Some(current) = state.store.get(served.collection, &object.key).cloned() else { continue };
            delete_object(state, &served, &current, &DeleteOptions::default())?;
        }
    }
    end_if_empty(state, &namespace);
    Ok(Outcome::Pending(marked))
}

/// A namespace that goes may have waited for this object.
pub(super) fn after_remove(state: &mut State, served: &Served, last: &Stored) {
    let Some(namespace) = last.key.namespace().filter(|_| served.namespaced) else { return };
    let is_going = find(state, namespace).is_some_and(|found| Object::of(&found).is_deleting());
    if is_going {
        let namespace = namespace.to_owned();
        end_if_empty(state, &namespace);
    }
}

/// Ends a namespace that goes and waits for nothing any more.
pub(super) fn settle(state: &mut State, served: &Served, object: &Object) {
    if served.group.is_empty() && served.plural == "namespaces" && object.is_deleting() {
        end_if_empty(state, object.text("name"));
    }
}

fn end_if_empty(state: &mut State, namespace: &str) {
    let prefix = format!("{namespace}/");
    let is_empty = state
        .registry
        .collections()
        .iter()
        .filter(|served| served.namespaced)
        .all(|served| state.store.collection(served.collection).objects(&prefix).next().is_none());
    let (Some(served), Some(stored)) = (state.registry.get("", "v1", "namespaces").cloned(), find(state, namespace))
    else {
        return;
    };
    let mut object = Object::of(&stored);
    if !is_empty || object.finalizers().next().is_some() {
        return;
    }
    if let Some(spec) = object.0.get_mut("spec").and_then(Value::as_object_mut) {
        spec.remove("finalizers");
    }
    Writer::controller(&served, &stored.key).remove(state, object);
}
