use serde_json::Value;

use super::create::{complete as complete_kind, initialize};
use super::write::Writer;
use crate::failure::{Failure, Result};
use crate::names;
use crate::object::Object;
use crate::registry::Served;
use crate::state::State;
use crate::store::Key;
use crate::structure;

/// Stores an object as a test gives it, status and all, in place of one of the same name.
pub(crate) fn load_value(state: &mut State, value: Value) -> Result<()> {
    let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
    let Some(served) = state.registry.of_kind(group, version, &kind).cloned() else {
        return Err(Failure::bad_request(format!("no matches for kind {kind:?} in version {api_version:?}")));
    };
    let Value::Object(mut fields) = value else { return Err(Failure::bad_request("an object is a map")) };
    let unknown = structure::normalize(served.shape(), &mut fields).map_err(Failure::bad_request)?;
    if let Some(path) = unknown.first() {
        return Err(Failure::bad_request(format!("{kind} has no field {path:?}")));
    }
    let mut object = Object(fields).without_type();
    let namespace = namespace(&served, &mut object)?;
    let name = object.text("name").to_owned();
    if let Err(why) = names::check(&served.group, &served.plural, &name) {
        return Err(Failure::bad_request(format!("metadata.name {name:?}: {why}")));
    }
    let key = Key::new(namespace.as_deref(), &name);
    let old = state.store.get(served.collection, &key).cloned();
    complete(state, &served, old.as_deref().map(Object::of), &mut object);
    let writer = Writer::controller(&served, &key);
    writer.check(state, &object)?;
    writer.put(state, object).map(drop)
}

/// The namespace, which is `default` if none is named.
fn namespace(served: &Served, object: &mut Object) -> Result<Option<String>> {
    match (served.namespaced, object.text("namespace")) {
        (true, "") => {
            object.set("namespace", "default");
            Ok(Some("default".to_owned()))
        }
        (true, namespace) => Ok(Some(namespace.to_owned())),
        (false, "") => Ok(None),
        (false, _) => Err(Failure::bad_request(format!("{} live in no namespace", served.plural))),
    }
}

/// Adds what every object in a cluster has.
fn complete(state: &mut State, served: &Served, old: Option<Object>, object: &mut Object) {
    let status = object.0.get("status").cloned();
    let time = state.clock.timestamp();
    initialize(served, object, &time);
    complete_kind(served, object);
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
    if served.behaviour.generation && object.integer("generation").is_none() {
        let generation = old.and_then(|old| old.integer("generation")).unwrap_or_default();
        object.set("generation", generation + 1);
    }
}
