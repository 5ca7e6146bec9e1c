use kubernetes_core::{GroupVersion, ObjectKey};

use super::admission::{self, Attributes};
use super::writer::{Tracking, Writer};
use crate::definitions;
use crate::object::Object;
use crate::resources::ServedResource;
use crate::semantics::conversion;
use crate::shape::fill_required;
use crate::state::State;
use crate::status::{Cause, Result, Status};

/// Creates an object, like `BeforeCreate` in
/// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/registry/rest/create.go>.
pub(in crate::semantics) fn create_object(
    state: &mut State,
    writer: &Writer<'_>,
    mut object: Object,
    tracking: Tracking,
) -> Result<Object> {
    let served = writer.served;
    writer.check_namespace(&mut object)?;
    (served.rules.convert)(&mut object);
    if !object.text("resourceVersion").is_empty() {
        return Err(Status::internal("resourceVersion should not be set on objects to be created"));
    }
    check_namespace_is_open(state, writer, object.text("name"))?;
    let attributes = Attributes { writer, operation: "CREATE", old: None, kind: None };
    let sent = object.clone();
    let mut object = admission::mutate(state, attributes, object)?;
    let is_mutated = object != sent;
    let is_generated = set_name(state, served, &mut object)?;
    for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"] {
        object.unset(field);
    }
    let uid = state.new_uid();
    object.set("uid", uid);
    object.set("creationTimestamp", state.clock.timestamp());
    match served.rules.generation {
        true => object.set("generation", 1),
        false => drop(object.unset("generation")),
    }
    initialize(served, &mut object, &state.clock.timestamp());
    writer.check(state, &object)?;
    admission::validate(state, attributes, Some(&object))?;
    let key = writer.key_of(object.text("name"));
    if state.store.get(served.collection, &key).is_some() {
        let name = if is_generated { object.text("generateName") } else { key.name() };
        return Err(Status::already_exists(served.group(), &served.plural, name));
    }
    if tracking == Tracking::Update {
        writer.track_sent(state, None, is_mutated.then_some(sent), &mut object);
    }
    (served.rules.complete)(&mut object);
    writer.check_size(&object)?;
    if writer.options.dry_run {
        return Ok(object);
    }
    Ok(match conversion::to_storage(state, served, &object)? {
        Some(stored) => writer.put_as(state, object, stored),
        None => writer.put(state, object),
    })
}

/// Generates the name if only its prefix is given; returns whether it did.
fn set_name(state: &mut State, served: &ServedResource, object: &mut Object) -> Result<bool> {
    /// The limit `MaxNameGenerateAttempts` in `apiserver/pkg/registry/generic/registry/store.go`.
    const ATTEMPTS: usize = 8;
    let is_generated = object.text("name").is_empty() && !object.text("generateName").is_empty();
    if is_generated {
        for _ in 0..ATTEMPTS {
            let prefix = object.text("generateName").to_owned();
            object.set("name", state.generate_name(&prefix));
            if state.store.get(served.collection, &object.key()).is_none() {
                break;
            }
        }
    }
    if object.text("name").is_empty() && served.rules.names_objects {
        object.set("name", state.new_uid());
    }
    let name = object.text("name");
    let cause = match served.check_name(name) {
        _ if name.is_empty() => Cause::required("metadata.name", "name or generateName is required"),
        Ok(()) => return Ok(is_generated),
        Err(why) => Cause::invalid("metadata.name", &name.into(), why),
    };
    Err(Status::invalid(served.group(), served.kind(), name, &[cause]))
}

/// Refuses to create objects in a namespace that is missing or terminating, like the admission plugin
/// `NamespaceLifecycle`.
fn check_namespace_is_open(state: &State, writer: &Writer<'_>, name: &str) -> Result<()> {
    let Some(namespace) = writer.namespace.filter(|_| state.settings.require_namespaces) else { return Ok(()) };
    let Some(namespaces) = state.registry.get(&GroupVersion::new("", "v1"), "namespaces") else { return Ok(()) };
    let Some(found) = state.store.get(namespaces.collection, &ObjectKey::new(None, namespace)) else {
        return Err(Status::not_found("", "namespaces", namespace));
    };
    if Object::of(found).is_deleting() {
        let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
        return Err(Status::forbidden(writer.served.group(), &writer.served.plural, name, &why));
    }
    Ok(())
}

/// Fills in the values that the resource's strategy sets in a new object.
pub(in crate::semantics) fn initialize(served: &ServedResource, object: &mut Object, time: &str) {
    if served.has_status() && !served.rules.keeps_status {
        object.0.remove("status");
        if !served.is_custom() {
            let mut status = (served.rules.initial_status)(object);
            if let Some(shape) = served.shape().field("status") {
                fill_required(shape, &mut status);
            }
            object.0.insert("status".to_owned(), status);
        }
        if definitions::is_definition(served) {
            definitions::set_defaults(object);
            let status = definitions::initial_status(object, time);
            object.0.insert("status".to_owned(), status);
        }
    }
    (served.rules.prepare)(object);
}
