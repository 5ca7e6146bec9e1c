//! Assigning a pod to a node, as the scheduler does.
//!
//! From `BindingREST` in <https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/registry/core/pod/storage/storage.go>.

use serde_json::{Map, Value, json};

use super::Reply;
use super::context::Target;
use super::options::WriteOptions;
use super::subresources::created;
use super::update::stale;
use super::write::Writer;
use crate::call::Call;
use crate::failure::{Failure, Named, Result};
use crate::object::Object;
use crate::state::State;
use crate::store::Stored;

pub(super) fn bind(state: &mut State, call: &Call, target: &Target, binding: &Value) -> Result<Reply> {
    let options = WriteOptions::read(call, "CreateOptions")?;
    let text = |pointer: &str| binding.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    if text("/metadata/name") != target.name() {
        return Err(Failure::bad_request("name in URL does not match name in Binding object"));
    }
    let kind = text("/target/kind");
    if !matches!(kind, "" | "Node") {
        let why = format!("target.kind: Unsupported value: {kind:?}: supported values: \"Node\", \"<empty>\"");
        return Err(Failure::internal(why));
    }
    if text("/target/name").is_empty() {
        return Err(Failure::internal("target.name: Required value"));
    }
    let stored = target.get(state)?;
    let writer = Writer::of(call, target, options);
    check_preconditions(&writer, &stored, text("/metadata/uid"), text("/metadata/resourceVersion"))?;
    let mut pod = Object::of(&stored);
    check_free(&pod).map_err(|why| Failure::conflict(&Bindings, target.name(), &why))?;
    assign(&mut pod, binding, &state.clock.timestamp());
    if !options.dry_run {
        writer.put(state, pod)?;
    }
    Ok(created())
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
    match pod.at("spec.nodeName").and_then(Value::as_str) {
        Some(node) if !node.is_empty() => return Err(format!("pod {name} is already assigned to node {node:?}")),
        _ => {}
    }
    match pod.at("spec.schedulingGates").and_then(Value::as_array) {
        Some(gates) if !gates.is_empty() => Err(format!("pod {name} has non-empty .spec.schedulingGates")),
        _ => Ok(()),
    }
}

/// This is no change of the specification that a user makes: the generation stays, and nobody owns the fields.
fn assign(pod: &mut Object, binding: &Value, time: &str) {
    let node = binding.pointer("/target/name").cloned().unwrap_or_default();
    if let Some(spec) = pod.0.entry("spec").or_insert_with(|| json!({})).as_object_mut() {
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
    set_condition(pod, condition);
}

/// Sets a condition of the status, in place of one of its type.
pub(super) fn set_condition(object: &mut Object, condition: Value) {
    let Some(status) = object.0.entry("status").or_insert_with(|| json!({})).as_object_mut() else { return };
    let Some(conditions) = status.entry("conditions").or_insert_with(|| json!([])).as_array_mut() else { return };
    conditions.retain(|other| other["type"] != condition["type"]);
    conditions.push(condition);
}

struct Bindings;

impl Named for Bindings {
    fn group(&self) -> &str {
        ""
    }

    fn plural(&self) -> &str {
        "pods/binding"
    }

    fn kind(&self) -> &str {
        "Binding"
    }
}
