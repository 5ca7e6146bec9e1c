//! The limits of an update: an update of the object does not change its status, an update of the status changes nothing
//! else, and each subresource has its own part. Like the real server, it silently reverts other changes.
//!
//! From the `PrepareForUpdate` of the strategies in
//! <https://github.com/kubernetes/kubernetes/tree/v1.37.2/pkg/registry>.

use serde_json::Value;

use super::writer::Writer;
use crate::object::Object;
use crate::resources::{METADATA, ServedResource};
use crate::status::{Cause, Result};

/// Reverts the changes that a write is not allowed to make.
///
/// # Errors
/// Returns an error if a change of the subresource's own part is invalid.
pub(super) fn apply(writer: &Writer<'_>, time: &str, old: &Object, new: &mut Object) -> Result<()> {
    let served = writer.served;
    match writer.subresource {
        "status" if served.has_status() => status(served, old, new),
        "approval" => approval(time, old, new),
        "ephemeralcontainers" => return ephemeral_containers(writer, old, new),
        "resize" => return resize(writer, old, new),
        "finalize" => new.restore_field("status", old),
        _ => whole(served, old, new),
    }
    Ok(())
}

/// The object itself.
fn whole(served: &ServedResource, old: &Object, new: &mut Object) {
    if served.has_status() {
        new.restore_field("status", old);
    }
    if served.rules.fixed_spec {
        new.restore_field("spec", old);
    }
}

fn status(served: &ServedResource, old: &Object, new: &mut Object) {
    let metadata = new.0.remove("metadata");
    let status = new.0.remove("status");
    *new = old.clone();
    if let Some(metadata) = metadata {
        new.0.insert("metadata".to_owned(), metadata);
    }
    for field in served.rules.fixed_by_status {
        new.restore(field, old);
    }
    match status {
        Some(status) => drop(new.0.insert("status".to_owned(), status)),
        None => drop(new.0.remove("status")),
    }
    if served.rules.approval {
        keep_decision(old, new);
    }
}

/// A write to the status of a certificate signing request does not approve or deny it.
fn keep_decision(old: &Object, new: &mut Object) {
    let is_decision = |condition: &Value| matches!(condition["type"].as_str(), Some("Approved" | "Denied"));
    let mut conditions: Vec<Value> = conditions(old).into_iter().filter(is_decision).collect();
    conditions.extend(self::conditions(new).into_iter().filter(|condition| !is_decision(condition)));
    set_conditions(new, conditions);
}

/// The conditions of a certificate signing request, with missing times added.
fn approval(time: &str, old: &Object, new: &mut Object) {
    let before = conditions(old);
    let mut after = conditions(new);
    for condition in &mut after {
        let same =
            before.iter().find(|other| other["type"] == condition["type"] && other["status"] == condition["status"]);
        let since = same.and_then(|other| other.get("lastTransitionTime")).cloned().unwrap_or_else(|| time.into());
        if let Some(fields) = condition.as_object_mut() {
            fields.entry("lastUpdateTime").or_insert_with(|| time.into());
            fields.entry("lastTransitionTime").or_insert(since);
        }
    }
    new.restore_field("spec", old);
    new.restore_field("status", old);
    set_conditions(new, after);
}

fn conditions(object: &Object) -> Vec<Value> {
    object.list_at("status.conditions").to_vec()
}

fn set_conditions(object: &mut Object, conditions: Vec<Value>) {
    if let Some(status) = object.field_mut("status") {
        match conditions.is_empty() {
            true => drop(status.remove("conditions")),
            false => drop(status.insert("conditions".to_owned(), conditions.into())),
        }
    }
}

/// Containers are added to a running pod; existing ones stay.
fn ephemeral_containers(writer: &Writer<'_>, old: &Object, new: &mut Object) -> Result<()> {
    const FIELD: &str = "spec.ephemeralContainers";
    let after = list(new, FIELD);
    restore_all_but_containers(old, new);
    set_list(new, "ephemeralContainers", &after);
    for container in list(old, FIELD) {
        let name = container["name"].as_str().unwrap_or_default();
        let what = match after.iter().find(|other| other["name"] == container["name"]) {
            None => "removed",
            Some(other) if *other != container => "changed",
            Some(_) => continue,
        };
        let why = format!("existing ephemeral containers {name:?} may not be {what}\n");
        return Err(writer.invalid(Cause::forbidden(FIELD, &why)));
    }
    Ok(())
}

/// The resources of a pod and of its containers change; the containers stay the same, and in order.
fn resize(writer: &Writer<'_>, old: &Object, new: &mut Object) -> Result<()> {
    let sent = std::mem::replace(new, old.clone());
    new.0.insert("metadata".to_owned(), sent.0.get("metadata").cloned().unwrap_or_default());
    restore_all_but_containers(old, new);
    for field in ["containers", "initContainers"] {
        let path = format!("spec.{field}");
        let (mut containers, resized) = (list(old, &path), list(&sent, &path));
        if containers.len() != resized.len() {
            let why = format!("{field} may not be added or removed on resize");
            return Err(writer.invalid(Cause::forbidden(path, &why)));
        }
        for (index, (container, resized)) in containers.iter_mut().zip(&resized).enumerate() {
            if container["name"] != resized["name"] {
                let why = format!("{field} may not be renamed or reordered on resize");
                return Err(writer.invalid(Cause::forbidden(format!("{path}[{index}].name"), &why)));
            }
            copy_fields(resized, container, &["resources", "resizePolicy"]);
        }
        set_list(new, field, &containers);
    }
    let spec = sent.0.get("spec").cloned().unwrap_or_default();
    if let Some(to) = new.0.get_mut("spec").filter(|_| spec.get("resources").is_some()) {
        copy_fields(&spec, to, &["resources"]);
    }
    Ok(())
}

fn restore_all_but_containers(old: &Object, new: &mut Object) {
    new.restore_field("spec", old);
    new.restore_field("status", old);
    for field in METADATA.iter() {
        new.restore(field, old);
    }
}

fn copy_fields(from: &Value, to: &mut Value, fields: &[&str]) {
    let Some(to) = to.as_object_mut() else { return };
    for field in fields {
        match from.get(*field) {
            Some(value) => drop(to.insert((*field).to_owned(), value.clone())),
            None => drop(to.remove(*field)),
        }
    }
}

fn list(object: &Object, path: &str) -> Vec<Value> {
    object.list_at(path).to_vec()
}

/// Sets a list of the specification; an empty one is removed.
fn set_list(object: &mut Object, field: &str, items: &[Value]) {
    if let Some(spec) = object.field_mut("spec") {
        match items {
            [] => drop(spec.remove(field)),
            items => drop(spec.insert(field.to_owned(), items.to_vec().into())),
        }
    }
}
