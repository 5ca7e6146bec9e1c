use std::time::Duration;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::context::Target;
use super::delete_options::{DeleteOptions, Propagation};
use super::list::{page, write_list};
use super::list_options::ListOptions;
use super::write::{Writer, respond};
use super::{Reply, namespaces};
use crate::call::Call;
use crate::clock;
use crate::failure::{Failure, Result};
use crate::object::Object;
use crate::registry::Served;
use crate::state::{Deadline, State};
use crate::store::Stored;

const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";

pub(super) fn delete(state: &mut State, call: &Call, target: &Target) -> Result<Reply> {
    let options = DeleteOptions::read(call)?;
    let old = target.get(state)?;
    let served = &target.served;
    check_preconditions(served, &old, &options)?;
    let outcome = delete_object(state, served, &old, &options)?;
    match outcome {
        Outcome::Removed(object) if served.behaviour.returns_deleted => Ok(respond(served, object, StatusCode::OK)),
        Outcome::Removed(_) => Ok(Reply::ok(success(served, &old).to_string() + "\n")),
        Outcome::Pending(object) => {
            let status = if options.cascades { StatusCode::ACCEPTED } else { StatusCode::OK };
            Ok(respond(served, object, status))
        }
    }
}

/// The `Status` of a deletion.
fn success(served: &Served, old: &Stored) -> Value {
    let mut details = Map::new();
    details.insert("name".to_owned(), old.key.name().into());
    if !served.group.is_empty() {
        details.insert("group".to_owned(), served.group.as_str().into());
    }
    details.insert("kind".to_owned(), served.plural.as_str().into());
    details.insert("uid".to_owned(), (&*old.uid).into());
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
}

/// From `Preconditions.Check` in <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/registry/rest/delete.go>.
pub(super) fn check_preconditions(served: &Served, old: &Stored, options: &DeleteOptions) -> Result<()> {
    let name = old.key.name();
    if let Some(uid) = options.uid.as_deref().filter(|uid| *uid != &*old.uid) {
        let why = format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({}). \
             The object might have been deleted and then recreated",
            old.uid
        );
        return Err(Failure::precondition(served, name, &why));
    }
    let revision = old.revision.to_string();
    if let Some(version) = options.resource_version.as_deref().filter(|version| *version != revision) {
        let why = format!(
            "the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record \
             ({revision}). The object might have been modified"
        );
        return Err(Failure::precondition(served, name, &why));
    }
    Ok(())
}

/// What became of an object that was to be deleted.
pub(super) enum Outcome {
    Removed(Object),
    /// It waits for its grace period or its finalizers.
    Pending(Object),
}

/// As `BeforeDelete` in <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/registry/rest/delete.go> and `Delete`
/// in `pkg/registry/generic/registry/store.go`.
pub(super) fn delete_object(
    state: &mut State,
    served: &Served,
    old: &Stored,
    options: &DeleteOptions,
) -> Result<Outcome> {
    let writer = Writer::controller(served, &old.key);
    let mut object = Object::of(old);
    if served.group.is_empty() && served.plural == "namespaces" {
        return namespaces::delete(state, &writer, object, options.dry_run);
    }
    let grace_period = grace_period(served, &object, options);
    set_finalizers(&mut object, options.propagation);
    let waits = grace_period > 0 || object.finalizers().next().is_some();
    if !waits {
        return Ok(Outcome::Removed(if options.dry_run { object } else { writer.remove(state, object) }));
    }
    if !is_sooner(&object, grace_period) {
        return Ok(Outcome::Pending(object));
    }
    mark(state, &mut object, grace_period);
    if options.dry_run {
        return Ok(Outcome::Pending(object));
    }
    if let Some(seconds) = u64::try_from(grace_period).ok().filter(|seconds| *seconds > 0) {
        let at = state.clock.elapsed() + Duration::from_secs(seconds);
        let (group, plural) = (served.group.clone(), served.plural.clone());
        let (key, uid) = (old.key.clone(), old.uid.to_string());
        state.deadlines.set(at, Deadline { group, plural, key, uid, revision: None });
    }
    Ok(Outcome::Pending(writer.put(state, object)?))
}

/// Says in the metadata when the object goes.
pub(super) fn mark(state: &State, object: &mut Object, grace_period: i64) {
    let seconds = Duration::from_secs(u64::try_from(grace_period).unwrap_or_default());
    let at = state.clock.now().checked_add(seconds).unwrap_or(jiff::Timestamp::MAX);
    object.set("deletionTimestamp", clock::seconds(at));
    object.set("deletionGracePeriodSeconds", grace_period);
    if let Some(generation) = object.integer("generation") {
        object.set("generation", generation + 1);
    }
}

/// How long the deletion waits, in seconds: only pods do, as `CheckGracefulDelete` in `pkg/registry/core/pod/strategy.go`
/// says.
fn grace_period(served: &Served, object: &Object, options: &DeleteOptions) -> i64 {
    /// As `DefaultTerminationGracePeriodSeconds`.
    const DEFAULT: i64 = 30;
    if !served.behaviour.graceful {
        return 0;
    }
    let text = |path: &str| object.at(path).and_then(Value::as_str).unwrap_or_default();
    if text("spec.nodeName").is_empty() || matches!(text("status.phase"), "Failed" | "Succeeded") {
        return 0;
    }
    let own = object.at("spec.terminationGracePeriodSeconds").and_then(Value::as_i64);
    match options.grace_period.or(own).unwrap_or(DEFAULT) {
        negative if negative < 0 => 1,
        period => period,
    }
}

/// Whether a deletion with this grace period changes one that is under way.
fn is_sooner(object: &Object, grace_period: i64) -> bool {
    !object.is_deleting() || object.integer("deletionGracePeriodSeconds").is_some_and(|period| grace_period < period)
}

/// What the garbage collector has to do first, as finalizers (`deletionFinalizersForGarbageCollection`).
fn set_finalizers(object: &mut Object, propagation: Option<Propagation>) {
    let Some(propagation) = propagation else { return };
    let kept = object.finalizers().filter(|name| !matches!(*name, ORPHAN | FOREGROUND));
    let mut finalizers: Vec<String> = kept.map(str::to_owned).collect();
    match propagation {
        Propagation::Orphan => finalizers.push(ORPHAN.to_owned()),
        Propagation::Foreground => finalizers.push(FOREGROUND.to_owned()),
        Propagation::Background => {}
    }
    object.set_finalizers(finalizers);
}

/// Deletes what a list would show.
pub(super) fn delete_collection(state: &mut State, call: &Call, target: &Target) -> Result<Reply> {
    let options = DeleteOptions::read(call)?;
    let list_options = ListOptions::read(&call.query, false)?;
    let selection = target.selection(state, call)?;
    let page = page(state, target, &list_options, &selection)?;
    for object in &page.objects {
        // The deletion of an earlier one may have taken this one along.
        let Some(current) = state.store.get(target.served.collection, &object.key).cloned() else { continue };
        delete_object(state, &target.served, &current, &options)?;
    }
    Ok(Reply::ok(write_list(&target.served, &page)))
}

/// Removes the pods whose grace period is over, as their kubelets would, and the events that are too old.
pub(crate) fn expire(state: &mut State) {
    let now = state.clock.elapsed();
    while let Some(deadline) = state.deadlines.take_due(now) {
        end(state, &deadline);
    }
}

fn end(state: &mut State, deadline: &Deadline) {
    let Deadline { group, plural, key, uid, revision } = deadline;
    let Some(served) = state.registry.any_version(group, plural).cloned() else { return };
    let found = state.store.get(served.collection, key).filter(|object| *object.uid == **uid).cloned();
    let Some(stored) = found.filter(|object| revision.is_none_or(|revision| revision == object.revision)) else {
        return;
    };
    let mut object = Object::of(&stored);
    let writer = Writer::controller(&served, key);
    // What is too old goes whatever waits for it, as its lease in etcd ends.
    if revision.is_some() || object.finalizers().next().is_none() {
        writer.remove(state, object);
    } else {
        object.set("deletionGracePeriodSeconds", 0);
        // Nothing can fail: the object was stored before, and only a number is different.
        let _ = writer.put(state, object);
    }
}
