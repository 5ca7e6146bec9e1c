use kubernetes_core::GroupVersion;
use serde_json::{Map, Value};

use super::target::Target;
use crate::generated::RESOURCES;
use crate::object::{Object, read_yaml_document};
use crate::request::ApiRequest;
use crate::resources::{ServedResource, Subresource};
use crate::shape::{Shape, normalize};
use crate::status::{Result, Status};

const ACCEPTED: &str = "application/json, application/yaml";

/// The value of a body in JSON or YAML.
pub(super) fn read_body(request: &ApiRequest, kind: &str) -> Result<Value> {
    let content_type = request.content_type();
    match content_type {
        "" | "application/json" => {
            serde_json::from_slice(&request.body).map_err(|error| unreadable(request, kind, &error))
        }
        "application/yaml" => {
            let text = std::str::from_utf8(&request.body).map_err(|error| unreadable(request, kind, &error))?;
            read_yaml_document(text).map_err(|error| unreadable(request, kind, &error))
        }
        "application/vnd.kubernetes.protobuf" | "application/cbor" => Err(Status::unsupported_media_type(&format!(
            "{ACCEPTED}; the in-memory API server does not read protobuf or CBOR, which clients in Go and kubectl create \
             KIND, kubectl create token and kubectl auth send: set the content type of a client to JSON, or send the \
             object with kubectl create -f"
        ))),
        _ => Err(Status::unsupported_media_type(ACCEPTED)),
    }
}

fn unreadable(request: &ApiRequest, kind: &str, error: &dyn std::fmt::Display) -> Status {
    let body = String::from_utf8_lossy(&request.body);
    let body: String = body.chars().take(512).collect();
    Status::bad_request(format!(
        "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; \
         json parse error: {error} ({body})"
    ))
}

/// Reads the request's object as the type of its resource, with warnings.
pub(super) fn read_object(request: &ApiRequest, target: &Target) -> Result<(Object, Vec<String>)> {
    let served = &target.served;
    let value = read_body(request, served.kind())?;
    decode_object(request, served, value)
}

/// Like [`read_object`], but from a value.
pub(super) fn decode_object(
    request: &ApiRequest,
    served: &ServedResource,
    value: Value,
) -> Result<(Object, Vec<String>)> {
    let (kind, version) = (served.kind(), served.version());
    let Value::Object(mut object) = value else {
        let message = format!(
            "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; \
             json parse error: the body is not a JSON object"
        );
        return Err(Status::bad_request(message));
    };
    if served.is_custom() {
        check_custom_type(request, served, &object)?;
    } else {
        check_type(served, &object)?;
    }
    let unknown = normalize(served.shape(), &mut object).map_err(|error| {
        Status::bad_request(format!("{kind} in version {version:?} cannot be handled as a {kind}: {error}"))
    })?;
    let texts: Vec<String> = unknown.iter().map(|path| format!("unknown field {path:?}")).collect();
    let warnings = match request.query.text("fieldValidation") {
        Some("Ignore") => Vec::new(),
        Some("Strict") if !texts.is_empty() => {
            let texts = texts.join(", ");
            return Err(Status::bad_request(format!(
                "{kind} in version {version:?} cannot be handled as a {kind}: strict decoding error: {texts}"
            )));
        }
        _ => texts,
    };
    Ok((Object(object).without_type(), warnings))
}

/// A custom object must have its `apiVersion` and `kind`, since it has no type in Go.
fn check_custom_type(request: &ApiRequest, served: &ServedResource, object: &Map<String, Value>) -> Result<()> {
    let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default();
    for (field, name) in [("kind", "Kind"), ("apiVersion", "apiVersion")] {
        if text(field).is_empty() {
            let (kind, body) = (served.kind(), String::from_utf8_lossy(&request.body));
            return Err(Status::bad_request(format!(
                "the object provided is unrecognized (must be of type {kind}): \
                 Object '{name}' is missing in '{body}' ({body})"
            )));
        }
    }
    let expected = served.api_version();
    for (what, found, expected) in
        [("API version", text("apiVersion"), expected.as_str()), ("kind", text("kind"), served.kind())]
    {
        if found != expected {
            return Err(Status::bad_request(format!(
                "the {what} in the data ({found}) does not match the expected {what} ({expected})"
            )));
        }
    }
    Ok(())
}

fn check_type(served: &ServedResource, object: &Map<String, Value>) -> Result<()> {
    let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default();
    let (kind, api_version) = (text("kind"), text("apiVersion"));
    let is_right = (kind.is_empty() || kind == served.kind())
        && (api_version.is_empty() || api_version == served.api_version().as_str());
    if is_right {
        return Ok(());
    }
    let expected = served.kind();
    let found = if kind.is_empty() { expected } else { kind };
    let version = api_version.rsplit('/').next().unwrap_or_default();
    let is_registered = RESOURCES.iter().any(|resource| {
        resource.kind == found && GroupVersion::new(resource.group, resource.version).to_string() == api_version
    });
    let why = if is_registered {
        let internal = served.group().split('.').next().filter(|group| !group.is_empty()).unwrap_or("core");
        format!("converting ({version}.{found}) to ({internal}.{expected}): unknown conversion")
    } else {
        format!("no kind {found:?} is registered for version {api_version:?} in scheme \"pkg/runtime/scheme.go:111\"")
    };
    let message = format!("{found} in version {version:?} cannot be handled as a {expected}: {why}");
    Err(Status::bad_request(message))
}

/// Reads a body of the subresource's type, which differs from the resource's.
pub(super) fn read_form(request: &ApiRequest, subresource: &Subresource) -> Result<Value> {
    let (version, kind) = (&*subresource.kind.version, &*subresource.kind.kind);
    normalize_form(subresource, read_body(request, kind)?).map_err(|error| {
        Status::bad_request(format!("{kind} in version {version:?} cannot be handled as a {kind}: {error}"))
    })
}

pub(super) fn normalize_form(subresource: &Subresource, value: Value) -> std::result::Result<Value, String> {
    let Value::Object(mut fields) = value else { return Err("it is not an object".to_owned()) };
    if let Some(index) = subresource.takes {
        normalize(Shape::described(index), &mut fields)?;
    }
    Ok(Value::Object(fields))
}
