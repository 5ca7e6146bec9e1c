use http::StatusCode;
use serde_json::Value;

use super::Reply;
use super::context::{Target, decode_object};
use super::create::create_object;
use super::options::WriteOptions;
use super::update::{Tracking, check_name, finish};
use super::write::{Writer, respond};
use crate::call::Call;
use crate::failure::{Cause, Failure, Result};
use crate::fields;
use crate::load::read_yaml_body;
use crate::object::Object;
use crate::registry::Served;
use crate::state::State;
use crate::structure;

/// Applies a configuration: <https://kubernetes.io/docs/reference/using-api/server-side-apply/>.
pub(super) fn apply(state: &mut State, call: &Call, target: &Target, options: WriteOptions) -> Result<Reply> {
    let manager = call.query.text("fieldManager").unwrap_or_default();
    if manager.is_empty() {
        let cause = Cause::required("fieldManager", "is required for apply patch");
        return Err(Failure::invalid_options("PatchOptions", cause));
    }
    let value = read(call)?;
    let served = &target.served;
    let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default();
    if text("kind").is_empty() || text("apiVersion").is_empty() {
        return Err(Failure::bad_request(format!(
            "invalid object type: {}/, Kind={}",
            text("apiVersion"),
            text("kind")
        )));
    }
    if value.pointer("/metadata/managedFields").and_then(Value::as_array).is_some_and(|entries| !entries.is_empty()) {
        return Err(Failure::bad_request("metadata.managedFields must be nil"));
    }
    check_declared(served, &value)?;
    let (_, warnings) = decode_object(call, served, value.clone())?;
    // What is empty is given up by leaving it out, and owned by naming it: the configuration stays as it was sent.
    let mut config = Object(value.as_object().cloned().unwrap_or_default()).without_type();
    if config.text("name").is_empty() {
        config.set("name", target.name());
    }
    let writer = Writer::of(call, target, options);
    check_name(&writer, &config)?;
    writer.check_namespace(&mut config)?;
    let stored = target.find(state).cloned();
    if stored.is_none() && target.subresource.is_some() {
        return Err(Failure::not_found(&**served, target.name()));
    }
    let old = stored.as_deref().map(Object::of);
    check_version(&writer, old.as_ref(), &mut config)?;
    let force = call.query.flag("force") == Some(true);
    let time = state.clock.timestamp();
    let ownership = (manager, writer.subresource);
    let merged = fields::apply(served, ownership, &time, old.as_ref(), &config, force)
        .map_err(|(message, causes)| Failure::apply_conflict(message, &causes))?;
    let (object, status) = match old {
        Some(old) => (finish(state, &writer, &old, merged, Tracking::Done)?, StatusCode::OK),
        None => (create_object(state, &writer, merged, Tracking::Done)?, StatusCode::CREATED),
    };
    Ok(respond(served, object, status).with_warnings(&warnings))
}

fn read(call: &Call) -> Result<Value> {
    let wrong = |error: &dyn std::fmt::Display| Failure::bad_request(format!("error encoding patch: {error}"));
    let text = std::str::from_utf8(&call.body).map_err(|error| wrong(&error))?;
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(_) => read_yaml_body(text).map_err(|error| wrong(&error))?,
    };
    if value.is_object() { Ok(value) } else { Err(wrong(&"it is no object")) }
}

/// Every field must be known, whatever `fieldValidation` says.
fn check_declared(served: &Served, value: &Value) -> Result<()> {
    let mut fields = value.as_object().cloned().unwrap_or_default();
    // What does not fit is told of when the object is decoded.
    let unknown = structure::normalize(served.shape(), &mut fields).unwrap_or_default();
    let Some(path) = unknown.first() else { return Ok(()) };
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
    let kind = format!("{}/{}, Kind={}", served.group, served.version, served.kind);
    let message = format!(
        "failed to create typed patch object ({namespace}/{name}; {kind}): .{path}: field not declared in schema"
    );
    Err(Failure::internal(message))
}

/// A configuration may name the version that it is meant for.
fn check_version(writer: &Writer<'_>, old: Option<&Object>, config: &mut Object) -> Result<()> {
    let Some(Value::String(version)) = config.unset("resourceVersion") else { return Ok(()) };
    match old {
        Some(old) if version.is_empty() || old.text("resourceVersion") == version => Ok(()),
        Some(_) => Err(Failure::modified(writer.served, writer.name)),
        None if version.is_empty() => Ok(()),
        None => Err(Failure::not_found(writer.served, writer.name)),
    }
}
