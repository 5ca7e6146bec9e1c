use kubernetes_core::GroupVersionKind;
use serde_json::{Map, Value, json};

use super::patch::patched;
use crate::object::Object;
use crate::reply::Reply;
use crate::request::ApiRequest;
use crate::resources::{ScalePaths, Subresource};
use crate::semantics::decoding::{normalize_form, read_form};
use crate::semantics::options::WriteOptions;
use crate::semantics::target::Target;
use crate::semantics::writes::{Tracking, Writer, admission, check_name, finish};
use crate::state::State;
use crate::status::{Cause, Result, Status};
use crate::store::Stored;

/// Handles a request to a `Scale`, an object with the number of replicas.
pub(super) fn scale(
    state: &mut State,
    request: &ApiRequest,
    target: &Target,
    subresource: &Subresource,
    verb: &str,
) -> Result<Reply> {
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
    let before = current.clone();
    let options = WriteOptions::read(request, if verb == "patch" { "PatchOptions" } else { "UpdateOptions" })?;
    let sent = if verb == "patch" {
        normalize_form(subresource, patched(request, target, current)?).map_err(Status::bad_request)?
    } else {
        read_form(request, subresource)?
    };
    let mut writer = Writer::of(request, target, options);
    check_scale(&writer, &stored, &sent)?;
    let kind = GroupVersionKind::new("autoscaling", "v1", "Scale");
    // Webhooks get the present status, which nobody can change here.
    let mut shown = sent.clone();
    shown["status"] = before["status"].clone();
    shown["spec"] = specification(sent.pointer("/spec/replicas"));
    admission::review(state, &writer, "UPDATE", &kind, &shown, Some(&before), || Ok(()))?;
    writer.skips_webhooks = true;
    let replicas = sent.pointer("/spec/replicas").cloned().unwrap_or(json!(0));
    let mut new = old.clone();
    new.set_at(&paths.spec_replicas, replicas);
    let changed = finish(state, &writer, &old, new, Tracking::Update)?;
    Ok(Reply::ok(scale_of(&changed, &paths).to_string()))
}

/// Like `scaleUpdatedObjectInfo` in `pkg/registry/apps/deployment/storage/storage.go`.
fn check_scale(writer: &Writer<'_>, stored: &Stored, sent: &Value) -> Result<()> {
    let object = Object(sent.as_object().cloned().unwrap_or_default());
    check_name(writer, &object)?;
    let replicas = sent.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or_default();
    if replicas < 0 {
        let cause = Cause::invalid("spec.replicas", &replicas.into(), "must be greater than or equal to 0");
        return Err(Status::invalid("autoscaling", "Scale", writer.name, &[cause]));
    }
    let (uid, version) = (object.text("uid"), object.text("resourceVersion"));
    if !uid.is_empty() && uid != &*stored.uid {
        let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {}", stored.uid);
        return Err(Status::scale_conflict(writer.served.group(), &writer.served.plural, writer.name, &why));
    }
    if !version.is_empty() && version != stored.revision.to_string() {
        return Err(writer.modified());
    }
    Ok(())
}

/// Like `scaleFromDeployment` and its siblings in
/// <https://github.com/kubernetes/kubernetes/tree/v1.37.2/pkg/registry/apps>.
fn scale_of(object: &Object, paths: &ScalePaths) -> Value {
    let mut metadata = Map::new();
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
    let spec = specification(object.at(&paths.spec_replicas));
    json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec, "status": status})
}

/// `spec.replicas` is omitted if it is zero, as in Go.
fn specification(replicas: Option<&Value>) -> Value {
    match replicas.filter(|replicas| replicas.as_i64() != Some(0)) {
        Some(replicas) => json!({"replicas": replicas}),
        None => json!({}),
    }
}

/// A selector in the form of query parameters.
fn selector_text(selector: &Value) -> String {
    let labels = selector.get("matchLabels").unwrap_or(selector).as_object();
    let labels = labels.into_iter().flatten();
    let pairs: Vec<String> = labels.filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?))).collect();
    pairs.join(",")
}
