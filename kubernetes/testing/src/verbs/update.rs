use http::StatusCode;
use serde_json::Value;

use super::context::{Target, read_object};
use super::create::create_object;
use super::options::WriteOptions;
use super::write::{Writer, respond};
use super::{Reply, limits, namespaces};
use crate::call::Call;
use crate::failure::{Cause, Failure, Result};
use crate::object::Object;
use crate::registry::Served;
use crate::state::State;
use crate::store::Stored;

pub(super) fn update(state: &mut State, call: &Call, target: &Target) -> Result<Reply> {
    let options = WriteOptions::read(call, "UpdateOptions")?;
    let (mut object, warnings) = read_object(call, target)?;
    let writer = Writer::of(call, target, options);
    check_name(&writer, &object)?;
    writer.check_namespace(&mut object)?;
    let (object, status) = match target.find(state).cloned() {
        Some(old) => (replace(state, &writer, &old, object)?, StatusCode::OK),
        None if target.served.behaviour.create_on_update && target.subresource.is_none() => {
            object.unset("resourceVersion");
            (create_object(state, &writer, object, Tracking::Update)?, StatusCode::CREATED)
        }
        None => return Err(Failure::not_found(&*target.served, target.name())),
    };
    Ok(respond(&target.served, object, status).with_warnings(&warnings))
}

/// The object is that of the path.
pub(super) fn check_name(writer: &Writer<'_>, object: &Object) -> Result<()> {
    let (found, name) = (object.text("name"), writer.name);
    if found.is_empty() {
        return Err(Failure::bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        )));
    }
    if found != name {
        let message = format!("the name of the object ({found}) does not match the name on the URL ({name})");
        return Err(Failure::bad_request(message));
    }
    Ok(())
}

/// Replaces an object, if it is the one that was read.
pub(super) fn replace(state: &mut State, writer: &Writer<'_>, old: &Stored, object: Object) -> Result<Object> {
    let old_object = Object::of(old);
    check_version(writer, old, &object)?;
    finish(state, writer, &old_object, object, Tracking::Update)
}

/// Whether the ownership of fields is still to be worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tracking {
    Update,
    /// `metadata.managedFields` is as it is to be.
    Done,
}

/// As `rest.DefaultUpdatedObjectInfo` and `Store.Update` in
/// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/registry/generic/registry/store.go>.
fn check_version(writer: &Writer<'_>, old: &Stored, object: &Object) -> Result<()> {
    let (served, version, uid) = (writer.served, object.text("resourceVersion"), object.text("uid"));
    if !uid.is_empty() && uid != &*old.uid {
        return Err(stale(writer, old, "UID", uid, &old.uid));
    }
    if version.is_empty() {
        if served.behaviour.unconditional_update {
            return Ok(());
        }
        let cause = Cause::invalid("metadata.resourceVersion", &0.into(), "must be specified for an update");
        // The real server names the resource here and not the kind.
        return Err(Failure::invalid(&served.group, &served.plural, writer.name, &[cause]));
    }
    match version.parse::<u64>() {
        Ok(version) if version == old.revision => Ok(()),
        Ok(_) => Err(Failure::modified(served, writer.name)),
        Err(_) => Err(Failure::internal(format!("strconv.ParseUint: parsing {version:?}: invalid syntax"))),
    }
}

/// A precondition that the storage found broken: `what` is `UID` or `ResourceVersion`.
pub(super) fn stale(writer: &Writer<'_>, old: &Stored, what: &str, asked: &str, found: &str) -> Failure {
    let served = writer.served;
    let directory =
        if served.group.is_empty() { served.plural.clone() } else { format!("{}/{}", served.group, served.plural) };
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: /registry/{directory}/{}, ResourceVersion: 0, \
         AdditionalErrorMsg: Precondition failed: {what} in precondition: {asked}, {what} in object meta: {found}",
        &*old.key
    );
    Failure::conflict(served, writer.name, &why)
}

/// Stores a new state of an object: what only the server may change is put back, and nothing is written if nothing is
/// new.
pub(super) fn finish(
    state: &mut State,
    writer: &Writer<'_>,
    old: &Object,
    mut new: Object,
    tracking: Tracking,
) -> Result<Object> {
    let served = writer.served;
    writer.check_namespace(&mut new)?;
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
        writer.track(state, Some(old), &mut new);
    }
    let is_done =
        new.is_deleting() && new.finalizers().next().is_none() && new.integer("deletionGracePeriodSeconds") == Some(0);
    if writer.options.dry_run {
        return Ok(new);
    }
    if is_done {
        return Ok(writer.remove(state, new));
    }
    if same_but_times(old, &new) {
        return Ok(old.clone());
    }
    let object = writer.put(state, new)?;
    // It may have waited for a finalizer alone.
    namespaces::settle(state, served, &object);
    Ok(object)
}

/// Who is being deleted gets no new finalizers (`ValidateObjectMetaUpdate`).
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
    // A custom resource has its metadata checked twice.
    let causes = vec![Cause::forbidden("metadata.finalizers", &why); 1 + usize::from(writer.served.is_custom())];
    Err(Failure::invalid(&writer.served.group, &writer.served.kind, writer.name, &causes))
}

/// `metadata.generation` counts the changes of what is asked for; a write to the status is none.
fn count_generation(writer: &Writer<'_>, old: &Object, new: &mut Object) {
    let behaviour = &writer.served.behaviour;
    if !behaviour.generation || writer.subresource == "status" {
        return;
    }
    let fields = behaviour.generation_metadata.iter();
    let is_described_anew = fields.map(|field| format!("metadata.{field}")).any(|path| old.at(&path) != new.at(&path));
    if is_described_anew || differs_in_specification(writer.served, old, new) {
        let generation = old.integer("generation").unwrap_or_default();
        new.set("generation", generation + 1);
    }
}

fn differs_in_specification(served: &Served, old: &Object, new: &Object) -> bool {
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

/// Whether nothing changed but the times at which managers acted.
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
