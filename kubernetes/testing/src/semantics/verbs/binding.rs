//! Assigning a pod to a node, as the scheduler does.
//!
//! From `BindingREST` in
//! <https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/registry/core/pod/storage/storage.go>.

use kubernetes_core::GroupVersionKind;
use serde_json::{Map, Value, json};

use crate::object::Object;
use crate::reply::Reply;
use crate::request::ApiRequest;
use crate::semantics::options::WriteOptions;
use crate::semantics::target::Target;
use crate::semantics::writes::{Writer, admission, stale};
use crate::state::State;
use crate::status::{Result, Status};
use crate::store::Stored;

pub(super) fn bind(state: &mut State, request: &ApiRequest, target: &Target, binding: &Value) -> Result<Reply> {
    let options = WriteOptions::read(request, "CreateOptions")?;
    let writer = Writer::of(request, target, options);
    // Webhooks are asked first, also about a pod that does not exist.
    let kind = GroupVersionKind::new("", "v1", "Binding");
    admission::review(state, &writer, "CREATE", &kind, binding, None, || check(binding, target))?;
    let stored = target.get(state)?;
    let (uid, version) = (text(binding, "/metadata/uid"), text(binding, "/metadata/resourceVersion"));
    check_preconditions(&writer, &stored, uid, version)?;
    let mut pod = Object::of(&stored);
    check_free(&pod).map_err(|why| Status::conflict("", "pods/binding", target.name(), &why))?;
    assign(&mut pod, binding, &state.clock.timestamp());
    if !options.dry_run {
        writer.put(state, pod);
    }
    Ok(Reply::from(&Status::created()))
}

fn text<'a>(binding: &'a Value, pointer: &str) -> &'a str {
    binding.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn check(binding: &Value, target: &Target) -> Result<()> {
    if text(binding, "/metadata/name") != target.name() {
        return Err(Status::bad_request("name in URL does not match name in Binding object"));
    }
    let kind = text(binding, "/target/kind");
    if !matches!(kind, "" | "Node") {
        let why = format!("target.kind: Unsupported value: {kind:?}: supported values: \"Node\", \"<empty>\"");
        return Err(Status::internal(why));
    }
    if text(binding, "/target/name").is_empty() {
        return Err(Status::internal("target.name: Required value"));
    }
    Ok(())
}

fn check_preconditions(writer: &Writer<'_>, stored: &Stored, uid: &str, version: &str) -> Result<()> {
    let revision = stored.revision.to_string();
    for (what, asked, found) in [("UID", uid, &*stored.uid), ("ResourceVersion", version, revision.as_str())] {
        if !asked.is_empty() && asked != found {
            return Err(stale(writer, stored, what, asked, found));
        }
    }
    Ok(())
}

fn check_free(pod: &Object) -> std::result::Result<(), String> {
    let name = pod.text("name");
    if pod.is_deleting() {
        return Err(format!("pod {name} is being deleted, cannot be assigned to a host"));
    }
    match pod.text_at("spec.nodeName") {
        "" => {}
        node => return Err(format!("pod {name} is already assigned to node {node:?}")),
    }
    match pod.list_at("spec.schedulingGates") {
        [] => Ok(()),
        _ => Err(format!("pod {name} has non-empty .spec.schedulingGates")),
    }
}

/// This is not a user's change of the specification: the generation stays, and the fields have no owner.
fn assign(pod: &mut Object, binding: &Value, time: &str) {
    let node = binding.pointer("/target/name").cloned().unwrap_or_default();
    if let Some(spec) = pod.field_mut("spec") {
        spec.insert("nodeName".to_owned(), node);
    }
    for field in ["annotations", "labels"] {
        let Some(added) = binding.pointer(&format!("/metadata/{field}")).and_then(Value::as_object) else { continue };
        let values = pod.metadata_mut().entry(field).or_insert_with(|| Value::Object(Map::new()));
        if let Some(values) = values.as_object_mut() {
            values.extend(added.clone());
        }
    }
    let condition =
        json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": time});
    pod.set_condition(condition);
}
