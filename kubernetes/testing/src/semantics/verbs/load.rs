use kubernetes_core::{GroupVersionKind, ObjectKey};
use serde_json::Value;

use crate::object::Object;
use crate::resources::ServedResource;
use crate::semantics::writes::{Writer, initialize};
use crate::shape::normalize;
use crate::state::State;
use crate::status::{Result, Status};

/// Stores an object given by a test, including its status, replacing one of the same name.
pub(in crate::semantics) fn load(state: &mut State, value: Value) -> Result<()> {
    let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    let of_kind = GroupVersionKind::from_api_version(api_version, kind).ok();
    let Some(served) = of_kind.and_then(|kind| state.registry.of_kind(&kind).cloned()) else {
        return Err(Status::bad_request(format!("no matches for kind {kind:?} in version {api_version:?}")));
    };
    let Value::Object(mut fields) = value else { return Err(Status::bad_request("an object is a map")) };
    let unknown = normalize(served.shape(), &mut fields).map_err(Status::bad_request)?;
    if let Some(path) = unknown.first() {
        return Err(Status::bad_request(format!("{} has no field {path:?}", served.kind())));
    }
    if served.webhook.is_some() && served.version() != &*served.storage_version {
        let stored = &served.storage_version;
        return Err(Status::bad_request(format!(
            "a webhook converts {}: load it in the stored version {stored}",
            served.kind()
        )));
    }
    let mut object = Object(fields).without_type();
    (served.rules.convert)(&mut object);
    let namespace = namespace(&served, &mut object)?;
    let name = object.text("name").to_owned();
    if let Err(why) = served.check_name(&name) {
        return Err(Status::bad_request(format!("metadata.name {name:?}: {why}")));
    }
    let key = ObjectKey::new(namespace.as_deref(), &name);
    let old = state.store.get(served.collection, &key).cloned();
    complete(state, &served, old.as_deref().map(Object::of), &mut object);
    let writer = Writer::controller(&served, &key);
    writer.check(state, &object)?;
    writer.put(state, object);
    Ok(())
}

/// The namespace, by default `default`.
fn namespace(served: &ServedResource, object: &mut Object) -> Result<Option<String>> {
    match (served.namespaced, object.text("namespace")) {
        (true, "") => {
            object.set("namespace", "default");
            Ok(Some("default".to_owned()))
        }
        (true, namespace) => Ok(Some(namespace.to_owned())),
        (false, "") => Ok(None),
        (false, _) => Err(Status::bad_request(format!("{} do not have a namespace", served.plural))),
    }
}

/// Adds the fields that every object in a cluster has.
fn complete(state: &mut State, served: &ServedResource, old: Option<Object>, object: &mut Object) {
    let status = object.0.get("status").cloned();
    let time = state.clock.timestamp();
    initialize(served, object, &time);
    (served.rules.complete)(object);
    if let Some(status) = status {
        object.0.insert("status".to_owned(), status);
    }
    if object.text("uid").is_empty() {
        let uid = old.as_ref().map(|old| old.text("uid").to_owned()).unwrap_or_else(|| state.new_uid());
        object.set("uid", uid);
    }
    if object.text("creationTimestamp").is_empty() {
        object.set("creationTimestamp", time);
    }
    if served.rules.generation && object.integer("generation").is_none() {
        let generation = old.and_then(|old| old.integer("generation")).unwrap_or_default();
        object.set("generation", generation + 1);
    }
}
