use std::sync::Arc;

use serde_json::Value;

use crate::call::Call;
use crate::failure::{Failure, Result};
use crate::generated::RESOURCES;
use crate::load::read_yaml_body;
use crate::object::Object;
use crate::registry::{self, Served};
use crate::selection::Selection;
use crate::state::State;
use crate::store::{Key, Stored};
use crate::structure;

/// What a path names.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) served: Arc<Served>,
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) subresource: Option<String>,
}

impl Target {
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    pub(super) fn key(&self) -> Key {
        self.key_of(self.name())
    }

    pub(super) fn key_of(&self, name: &str) -> Key {
        Key::new(self.namespace.as_deref(), name)
    }

    pub(super) fn find<'a>(&self, state: &'a State) -> Option<&'a Arc<Stored>> {
        state.store.get(self.served.collection, &self.key())
    }

    /// The objects that a list or a watch is about.
    pub(super) fn selection(&self, state: &State, call: &Call) -> Result<Selection> {
        Selection::read(&call.query, &self.served, self.namespace.as_deref(), &state.settings)
    }

    /// The object that the path names.
    pub(super) fn get(&self, state: &State) -> Result<Arc<Stored>> {
        self.find(state).cloned().ok_or_else(|| Failure::not_found(&*self.served, self.name()))
    }
}

const ACCEPTED: &str = "application/json, application/yaml";

/// The body as JSON; YAML is read, too.
pub(super) fn read_body(call: &Call, kind: &str) -> Result<Value> {
    let content_type = call.content_type();
    match content_type {
        "" | "application/json" => serde_json::from_slice(&call.body).map_err(|error| unreadable(call, kind, &error)),
        "application/yaml" => {
            let text = std::str::from_utf8(&call.body).map_err(|error| unreadable(call, kind, &error))?;
            read_yaml_body(text).map_err(|error| unreadable(call, kind, &error))
        }
        "application/vnd.kubernetes.protobuf" | "application/cbor" => Err(Failure::unsupported_media_type(&format!(
            "{ACCEPTED}; the in-memory API server has no protobuf and no CBOR, which clients in Go (kubectl create KIND) \
             send: set their content type to JSON, or use kubectl apply or kubectl create -f"
        ))),
        _ => Err(Failure::unsupported_media_type(ACCEPTED)),
    }
}

fn unreadable(call: &Call, kind: &str, error: &dyn std::fmt::Display) -> Failure {
    let body = String::from_utf8_lossy(&call.body);
    let body: String = body.chars().take(512).collect();
    Failure::bad_request(format!(
        "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; \
         json parse error: {error} ({body})"
    ))
}

/// An object that was sent, in the form of its resource, and what there is to warn of.
pub(super) fn read_object(call: &Call, target: &Target) -> Result<(Object, Vec<String>)> {
    let served = &target.served;
    let value = read_body(call, &served.kind)?;
    decode_object(call, served, value)
}

/// As [`read_object`], from a value.
pub(super) fn decode_object(call: &Call, served: &Served, value: Value) -> Result<(Object, Vec<String>)> {
    let (kind, version) = (&served.kind, &served.version);
    let Value::Object(mut object) = value else {
        let message = format!(
            "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; \
             json parse error: the body is no JSON object"
        );
        return Err(Failure::bad_request(message));
    };
    if served.is_custom() {
        check_custom_type(call, served, &object)?;
    } else {
        check_type(served, &object)?;
    }
    let unknown = structure::normalize(served.shape(), &mut object).map_err(|error| {
        Failure::bad_request(format!("{kind} in version {version:?} cannot be handled as a {kind}: {error}"))
    })?;
    let texts: Vec<String> = unknown.iter().map(|path| format!("unknown field {path:?}")).collect();
    let warnings = match call.query.text("fieldValidation") {
        Some("Ignore") => Vec::new(),
        Some("Strict") if !texts.is_empty() => {
            let texts = texts.join(", ");
            return Err(Failure::bad_request(format!(
                "{kind} in version {version:?} cannot be handled as a {kind}: strict decoding error: {texts}"
            )));
        }
        _ => texts,
    };
    Ok((Object(object).without_type(), warnings))
}

/// A custom object must say what it is: no type in Go says it for it.
fn check_custom_type(call: &Call, served: &Served, object: &serde_json::Map<String, Value>) -> Result<()> {
    let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default();
    for (field, name) in [("kind", "Kind"), ("apiVersion", "apiVersion")] {
        if text(field).is_empty() {
            let (kind, body) = (&served.kind, String::from_utf8_lossy(&call.body));
            return Err(Failure::bad_request(format!(
                "the object provided is unrecognized (must be of type {kind}): \
                 Object '{name}' is missing in '{body}' ({body})"
            )));
        }
    }
    let expected = served.api_version();
    for (what, found, expected) in
        [("API version", text("apiVersion"), expected.as_str()), ("kind", text("kind"), served.kind.as_str())]
    {
        if found != expected {
            return Err(Failure::bad_request(format!(
                "the {what} in the data ({found}) does not match the expected {what} ({expected})"
            )));
        }
    }
    Ok(())
}

fn check_type(served: &Served, object: &serde_json::Map<String, Value>) -> Result<()> {
    let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default();
    let (kind, api_version) = (text("kind"), text("apiVersion"));
    let is_right =
        (kind.is_empty() || kind == served.kind) && (api_version.is_empty() || api_version == served.api_version());
    if is_right {
        return Ok(());
    }
    let expected = &served.kind;
    let found = if kind.is_empty() { expected } else { kind };
    let version = api_version.rsplit('/').next().unwrap_or_default();
    let is_registered = RESOURCES.iter().any(|resource| {
        resource.kind == found && registry::api_version(resource.group, resource.version) == api_version
    });
    let why = if is_registered {
        let internal = served.group.split('.').next().filter(|group| !group.is_empty()).unwrap_or("core");
        format!("converting ({version}.{found}) to ({internal}.{expected}): unknown conversion")
    } else {
        format!("no kind {found:?} is registered for version {api_version:?} in scheme \"pkg/runtime/scheme.go:111\"")
    };
    let message = format!("{found} in version {version:?} cannot be handled as a {expected}: {why}");
    Err(Failure::bad_request(message))
}
