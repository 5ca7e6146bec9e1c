use serde_json::{Value, json};

use super::binding::bind;
use super::context::{Target, read_body};
use super::eviction::evict;
use super::options::WriteOptions;
use super::update::{Tracking, check_name, finish};
use super::write::Writer;
use super::{Answer, Reply, list, patch, reply, update};
use crate::call::Call;
use crate::failure::{Cause, Failure, Named, Result};
use crate::object::Object;
use crate::registry::{ScalePaths, Served, Subresource};
use crate::shape::Shape;
use crate::state::State;
use crate::store::Stored;
use crate::structure;

/// Answers what is asked of a subresource.
pub(super) fn answer(state: &mut State, call: &Call, target: &Target) -> Result<Answer> {
    let name = target.subresource.as_deref().unwrap_or_default();
    let Some(subresource) = target.served.subresource(name).cloned() else { return Err(Failure::no_resource()) };
    let verb = match call.method.as_str() {
        "GET" | "HEAD" => "get",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => return Err(Failure::method_not_allowed()),
    };
    if !subresource.verbs.contains(&verb) {
        return Err(Failure::method_not_allowed());
    }
    if subresource.connects || name == "log" {
        return Err(Failure::not_implemented(&format!("the subresource {name:?}")));
    }
    match (name, verb) {
        ("scale", _) => reply(scale(state, call, target, &subresource, verb)),
        ("eviction", "create") => {
            reply(read_form(call, &subresource).and_then(|body| evict(state, call, target, &body)))
        }
        ("binding", "create") => reply(read_form(call, &subresource).and_then(|body| bind(state, call, target, &body))),
        ("token", _) => Err(Failure::not_implemented("tokens: there are no users")),
        (_, "get") => reply(list::get(state, call, target)),
        // Each changes a part of the object, as `limits` says: status, ephemeralcontainers, resize, approval, finalize.
        (_, "update") => reply(update::update(state, call, target)),
        (_, "patch") => reply(patch::patch(state, call, target)),
        _ => Err(Failure::not_implemented(&format!("{verb} of the subresource {name:?}"))),
    }
}

/// A body whose form is that of the subresource and not of the resource.
fn read_form(call: &Call, subresource: &Subresource) -> Result<Value> {
    let (_, version, kind) = &subresource.kind;
    normalize_form(subresource, read_body(call, kind)?).map_err(|error| {
        Failure::bad_request(format!("{kind} in version {version:?} cannot be handled as a {kind}: {error}"))
    })
}

fn normalize_form(subresource: &Subresource, value: Value) -> std::result::Result<Value, String> {
    let Value::Object(mut fields) = value else { return Err("it is no object".to_owned()) };
    if let Some(place) = subresource.takes {
        structure::normalize(Shape::described(place), &mut fields)?;
    }
    Ok(Value::Object(fields))
}

/// The answer to what makes no object.
pub(super) fn created() -> Reply {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    Reply::json(http::StatusCode::CREATED, status.to_string())
}

/// The number of replicas, as an object of its own.
fn scale(state: &mut State, call: &Call, target: &Target, subresource: &Subresource, verb: &str) -> Result<Reply> {
    let paths = subresource.scale.clone().unwrap_or_else(|| ScalePaths {
        spec_replicas: "spec.replicas".to_owned(),
        status_replicas: "status.replicas".to_owned(),
        label_selector: None,
    });
    let stored = target.get(state)?;
    let old = Object::of(&stored);
    let current = scale_of(&old, &paths);
    if verb == "get" {
        return Ok(Reply::ok(current.to_string()));
    }
    let options = WriteOptions::read(call, if verb == "patch" { "PatchOptions" } else { "UpdateOptions" })?;
    let sent = if verb == "patch" {
        normalize_form(subresource, patch::patched(call, target, current)?).map_err(Failure::bad_request)?
    } else {
        read_form(call, subresource)?
    };
    let writer = Writer::of(call, target, options);
    check_scale(&writer, &stored, &sent)?;
    let replicas = sent.pointer("/spec/replicas").cloned().unwrap_or(json!(0));
    let mut new = old.clone();
    set_at(&mut new, &paths.spec_replicas, replicas);
    let changed = finish(state, &writer, &old, new, Tracking::Update)?;
    Ok(Reply::ok(scale_of(&changed, &paths).to_string()))
}

/// As `scaleUpdatedObjectInfo` in `pkg/registry/apps/deployment/storage/storage.go`.
fn check_scale(writer: &Writer<'_>, stored: &Stored, sent: &Value) -> Result<()> {
    let object = Object(sent.as_object().cloned().unwrap_or_default());
    check_name(writer, &object)?;
    let replicas = sent.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or_default();
    if replicas < 0 {
        let cause = Cause::invalid("spec.replicas", &replicas.into(), "must be greater than or equal to 0");
        return Err(Failure::invalid("autoscaling", "Scale", writer.name, &[cause]));
    }
    let (uid, version) = (object.text("uid"), object.text("resourceVersion"));
    if !uid.is_empty() && uid != &*stored.uid {
        let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {}", stored.uid);
        return Err(Failure::conflict(&Scales(writer.served), writer.name, &why));
    }
    if !version.is_empty() && version != stored.revision.to_string() {
        return Err(Failure::modified(writer.served, writer.name));
    }
    Ok(())
}

/// What conflicts call the scale of a resource.
struct Scales<'a>(&'a Served);

impl Named for Scales<'_> {
    fn group(&self) -> &str {
        &self.0.group
    }

    fn plural(&self) -> &str {
        &self.0.plural
    }

    fn kind(&self) -> &str {
        "Scale"
    }

    fn qualified(&self) -> String {
        match self.group() {
            "" => format!("{}/scale", self.plural()),
            group => format!("{}.{group}/scale", self.plural()),
        }
    }
}

/// As `scaleFromDeployment` and its like in
/// <https://github.com/kubernetes/kubernetes/tree/v1.37.2/pkg/registry/apps>.
fn scale_of(object: &Object, paths: &ScalePaths) -> Value {
    let mut metadata = serde_json::Map::new();
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(value) = object.metadata().and_then(|metadata| metadata.get(field)) {
            metadata.insert(field.to_owned(), value.clone());
        }
    }
    let number = |path: &str| object.at(path).cloned().unwrap_or(json!(0));
    let mut status = json!({"replicas": number(&paths.status_replicas)});
    let selector = match &paths.label_selector {
        Some(path) => object.at(path).and_then(Value::as_str).map(str::to_owned),
        None => object.at("spec.selector").map(selector_text),
    };
    if let Some(selector) = selector {
        status["selector"] = selector.into();
    }
    let spec = match object.at(&paths.spec_replicas) {
        Some(replicas) => json!({"replicas": replicas}),
        None => json!({}),
    };
    json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec, "status": status})
}

/// A selector in the form that queries have.
fn selector_text(selector: &Value) -> String {
    let labels = selector.get("matchLabels").unwrap_or(selector).as_object();
    let labels = labels.into_iter().flatten();
    let pairs: Vec<String> = labels.filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?))).collect();
    pairs.join(",")
}

fn set_at(object: &mut Object, path: &str, value: Value) {
    let mut parts: Vec<&str> = path.split('.').filter(|part| !part.is_empty()).collect();
    let Some(last) = parts.pop() else { return };
    let mut fields = &mut object.0;
    for part in parts {
        let inner = fields.entry(part).or_insert_with(|| json!({}));
        if !inner.is_object() {
            *inner = json!({});
        }
        let Value::Object(inner) = inner else { return };
        fields = inner;
    }
    fields.insert(last.to_owned(), value);
}
