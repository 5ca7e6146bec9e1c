use serde_json::Value;

use super::admission::{self, Attributes};
use super::limits;
use super::preconditions::stale;
use super::writer::{Tracking, Writer};
use crate::object::Object;
use crate::resources::ServedResource;
use crate::semantics::conversion;
use crate::state::State;
use crate::status::{Cause, Result, Status};
use crate::store::Stored;

/// Stores a new state of an object: restores the fields that only the server may change, and writes nothing if nothing
/// has changed.
pub(in crate::semantics) fn finish(
    state: &mut State,
    writer: &Writer<'_>,
    old: &Object,
    mut new: Object,
    tracking: Tracking,
) -> Result<Object> {
    writer.check_namespace(&mut new)?;
    (writer.served.rules.convert)(&mut new);
    let attributes = Attributes { writer, operation: "UPDATE", old: Some(old), kind: None };
    let sent = new.clone();
    let mut new = admission::mutate(state, attributes, new)?;
    let is_mutated = new != sent;
    for field in
        ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink"]
    {
        new.restore(field, old);
    }
    new.restore("resourceVersion", old);
    limits::apply(writer, &state.clock.timestamp(), old, &mut new)?;
    check_finalizers(writer, old, &new)?;
    count_generation(writer, old, &mut new);
    writer.check(state, &new)?;
    if tracking == Tracking::Update {
        writer.track_sent(state, Some(old), is_mutated.then_some(sent), &mut new);
    }
    admission::validate(state, attributes, Some(&new))?;
    let is_done =
        new.is_deleting() && new.finalizers().next().is_none() && new.integer("deletionGracePeriodSeconds") == Some(0);
    writer.check_size(&new)?;
    if writer.options.dry_run {
        return Ok(new);
    }
    let stored = conversion::to_storage(state, writer.served, &new)?;
    if is_done {
        return Ok(writer.remove(state, new));
    }
    if same_but_times(old, &new) {
        return Ok(old.clone());
    }
    Ok(match stored {
        Some(stored) => writer.put_as(state, new, stored),
        None => writer.put(state, new),
    })
}

/// An object that is being deleted gets no new finalizers (`ValidateObjectMetaUpdate`).
fn check_finalizers(writer: &Writer<'_>, old: &Object, new: &Object) -> Result<()> {
    if !old.is_deleting() {
        return Ok(());
    }
    let added: Vec<&str> = new.finalizers().filter(|name| old.finalizers().all(|other| other != *name)).collect();
    if added.is_empty() {
        return Ok(());
    }
    let added: Vec<String> = added.iter().map(|name| format!("{name:?}")).collect();
    let why = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        added.join(", ")
    );
    // The metadata of a custom resource is checked twice.
    let causes = vec![Cause::forbidden("metadata.finalizers", &why); 1 + usize::from(writer.served.is_custom())];
    Err(Status::invalid(writer.served.group(), writer.served.kind(), writer.name, &causes))
}

/// `metadata.generation` counts changes of the desired state, which does not include the status.
fn count_generation(writer: &Writer<'_>, old: &Object, new: &mut Object) {
    let rules = &writer.served.rules;
    if !rules.generation || writer.subresource == "status" {
        return;
    }
    let fields = rules.generation_metadata.iter();
    let is_described_anew = fields.map(|field| format!("metadata.{field}")).any(|path| old.at(&path) != new.at(&path));
    if is_described_anew || differs_in_specification(writer.served, old, new) {
        let generation = old.integer("generation").unwrap_or_default();
        new.set("generation", generation + 1);
    }
}

fn differs_in_specification(served: &ServedResource, old: &Object, new: &Object) -> bool {
    let is_specification = |name: &str| {
        !matches!(name, "metadata" | "apiVersion" | "kind")
            && (name != "status" || (served.is_custom() && !served.has_status()))
    };
    let fields = |object: &Object| -> Vec<(String, Value)> {
        let fields = object.0.iter().filter(|(name, _)| is_specification(name));
        fields.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    fields(old) != fields(new)
}

/// Whether only the times of managers have changed.
fn same_but_times(old: &Object, new: &Object) -> bool {
    let without_times = |object: &Object| {
        let mut object = object.clone();
        if let Some(Value::Array(entries)) = object.metadata_mut().get_mut("managedFields") {
            for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
                entry.remove("time");
            }
        }
        object
    };
    old == new || without_times(old) == without_times(new)
}

/// The name of the object must be that of the path.
pub(in crate::semantics) fn check_name(writer: &Writer<'_>, object: &Object) -> Result<()> {
    let (found, name) = (object.text("name"), writer.name);
    if found.is_empty() {
        return Err(Status::bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        )));
    }
    if found != name {
        let message = format!("the name of the object ({found}) does not match the name on the URL ({name})");
        return Err(Status::bad_request(message));
    }
    Ok(())
}

/// Replaces an object if the client has read its latest state.
pub(in crate::semantics) fn replace(
    state: &mut State,
    writer: &Writer<'_>,
    old: &Stored,
    object: Object,
) -> Result<Object> {
    let old_object = Object::of(old);
    check_version(writer, old, &object)?;
    finish(state, writer, &old_object, object, Tracking::Update)
}

/// Like `rest.DefaultUpdatedObjectInfo` and `Store.Update` in
/// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/registry/generic/registry/store.go>.
fn check_version(writer: &Writer<'_>, old: &Stored, object: &Object) -> Result<()> {
    let (served, version, uid) = (writer.served, object.text("resourceVersion"), object.text("uid"));
    if !uid.is_empty() && uid != &*old.uid {
        return Err(stale(writer, old, "UID", uid, &old.uid));
    }
    if version.is_empty() {
        if !served.rules.conditional_update {
            return Ok(());
        }
        let cause = Cause::invalid("metadata.resourceVersion", &0.into(), "must be specified for an update");
        // The real server names the resource here instead of the kind.
        return Err(Status::invalid(served.group(), &served.plural, writer.name, &[cause]));
    }
    match version.parse::<u64>() {
        Ok(version) if version == old.revision => Ok(()),
        Ok(_) => Err(writer.modified()),
        Err(_) => Err(Status::internal(format!("strconv.ParseUint: parsing {version:?}: invalid syntax"))),
    }
}
