use http::StatusCode;
use serde_json::Value;

use crate::fields;
use crate::object::{Object, read_yaml_document};
use crate::reply::Reply;
use crate::request::ApiRequest;
use crate::resources::ServedResource;
use crate::semantics::decoding::decode_object;
use crate::semantics::options::WriteOptions;
use crate::semantics::target::Target;
use crate::semantics::writes::{Tracking, Writer, check_name, create_object, finish, respond};
use crate::shape::normalize;
use crate::state::State;
use crate::status::{Cause, Result, Status};

/// Applies a configuration: <https://kubernetes.io/docs/reference/using-api/server-side-apply/>.
pub(super) fn apply(state: &mut State, request: &ApiRequest, target: &Target, options: WriteOptions) -> Result<Reply> {
    let manager = request.query.text("fieldManager").unwrap_or_default();
    if manager.is_empty() {
        let cause = Cause::required("fieldManager", "is required for apply patch");
        return Err(Status::invalid_options("PatchOptions", cause));
    }
    let value = read(request)?;
    let served = &target.served;
    let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default();
    if text("kind").is_empty() || text("apiVersion").is_empty() {
        return Err(Status::bad_request(format!(
            "invalid object type: {}/, Kind={}",
            text("apiVersion"),
            text("kind")
        )));
    }
    if value.pointer("/metadata/managedFields").and_then(Value::as_array).is_some_and(|entries| !entries.is_empty()) {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    check_declared(served, &value)?;
    let (_, warnings) = decode_object(request, served, value.clone())?;
    // An empty field is owned, while a missing one is given up, so the configuration stays as it was sent.
    let mut config = Object(value.as_object().cloned().unwrap_or_default()).without_type();
    if config.text("name").is_empty() {
        config.set("name", target.name());
    }
    let writer = Writer::of(request, target, options);
    check_name(&writer, &config)?;
    writer.check_namespace(&mut config)?;
    let stored = target.find(state)?;
    if stored.is_none() && target.subresource.is_some() {
        return Err(target.not_found());
    }
    let old = stored.as_deref().map(Object::of);
    check_version(&writer, old.as_ref(), &mut config)?;
    let force = request.query.flag("force") == Some(true);
    let time = state.clock.timestamp();
    let ownership = (manager, writer.subresource);
    let merged = fields::apply(served, ownership, &time, old.as_ref(), &config, force)
        .map_err(|(message, causes)| Status::apply_conflict(message, causes))?;
    let (object, status) = match old {
        Some(old) => (finish(state, &writer, &old, merged, Tracking::Done)?, StatusCode::OK),
        None => (create_object(state, &writer, merged, Tracking::Done)?, StatusCode::CREATED),
    };
    Ok(respond(served, object, status).with_warnings(&warnings))
}

fn read(request: &ApiRequest) -> Result<Value> {
    let wrong = |error: &dyn std::fmt::Display| Status::bad_request(format!("error encoding patch: {error}"));
    let text = std::str::from_utf8(&request.body).map_err(|error| wrong(&error))?;
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(_) => read_yaml_document(text).map_err(|error| wrong(&error))?,
    };
    if value.is_object() { Ok(value) } else { Err(wrong(&"it is not an object")) }
}

/// Every field must be known, regardless of `fieldValidation`.
fn check_declared(served: &ServedResource, value: &Value) -> Result<()> {
    let mut fields = value.as_object().cloned().unwrap_or_default();
    // Wrong types are reported when the object is decoded.
    let unknown = normalize(served.shape(), &mut fields).unwrap_or_default();
    let Some(path) = unknown.first() else { return Ok(()) };
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
    let kind = format!("{}/{}, Kind={}", served.group(), served.version(), served.kind());
    let message = format!(
        "failed to create typed patch object ({namespace}/{name}; {kind}): .{path}: field not declared in schema"
    );
    Err(Status::internal(message))
}

/// A configuration may have the version that it applies to.
fn check_version(writer: &Writer<'_>, old: Option<&Object>, config: &mut Object) -> Result<()> {
    let Some(Value::String(version)) = config.unset("resourceVersion") else { return Ok(()) };
    match old {
        Some(old) if version.is_empty() || old.text("resourceVersion") == version => Ok(()),
        Some(_) => Err(writer.modified()),
        None if version.is_empty() => Ok(()),
        None => Err(Status::not_found(writer.served.group(), &writer.served.plural, writer.name)),
    }
}
