use std::time::Duration;

use super::writer::Writer;
use crate::clock;
use crate::object::Object;
use crate::resources::{Deletion, ServedResource};
use crate::semantics::options::{DeleteOptions, Propagation};
use crate::state::{Deadline, State};
use crate::store::Stored;

pub(in crate::semantics) const ORPHAN: &str = "orphan";
pub(in crate::semantics) const FOREGROUND: &str = "foregroundDeletion";

/// The outcome of a deletion.
pub(in crate::semantics) enum Outcome {
    Removed(Object),
    /// The object waits for its grace period or its finalizers.
    Pending(Object),
}

/// Like `BeforeDelete` in <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/registry/rest/delete.go> and
/// `Delete` in `pkg/registry/generic/registry/store.go`.
pub(in crate::semantics) fn delete_object(
    state: &mut State,
    served: &ServedResource,
    old: &Stored,
    options: &DeleteOptions,
) -> Outcome {
    let writer = Writer::controller(served, &old.key);
    let mut object = Object::of(old);
    if served.rules.deletion == Deletion::Namespace {
        return delete_namespace(state, &writer, object, options.dry_run);
    }
    let grace_period = grace_period(served, &object, options);
    set_finalizers(&mut object, options.propagation);
    let waits = grace_period > 0 || object.finalizers().next().is_some();
    if !waits {
        return Outcome::Removed(if options.dry_run { object } else { writer.remove(state, object) });
    }
    if !is_sooner(&object, grace_period) {
        return Outcome::Pending(object);
    }
    mark(state, &mut object, grace_period);
    if options.dry_run {
        return Outcome::Pending(object);
    }
    if let Some(seconds) = u64::try_from(grace_period).ok().filter(|seconds| *seconds > 0) {
        let at = state.clock.elapsed().saturating_add(Duration::from_secs(seconds));
        let (key, uid) = (old.key.clone(), old.uid.clone());
        state.deadlines.set(at, Deadline { collection: served.collection, key, uid, revision: None });
    }
    Outcome::Pending(writer.put(state, object))
}

/// Marks a namespace; the namespace controller deletes its content, and then the namespace itself.
fn delete_namespace(state: &mut State, writer: &Writer<'_>, mut object: Object, dry_run: bool) -> Outcome {
    if object.is_deleting() {
        return Outcome::Pending(object);
    }
    mark(state, &mut object, 0);
    // Its finalizer is in its specification, and the metadata has no grace period.
    object.unset("deletionGracePeriodSeconds");
    if let Some(status) = object.field_mut("status") {
        status.insert("phase".to_owned(), "Terminating".into());
    }
    Outcome::Pending(if dry_run { object } else { writer.put(state, object) })
}

/// Records in the metadata when the object will be removed.
fn mark(state: &State, object: &mut Object, grace_period: i64) {
    let seconds = Duration::from_secs(u64::try_from(grace_period).unwrap_or_default());
    let at = state.clock.now().checked_add(seconds).unwrap_or(jiff::Timestamp::MAX);
    object.set("deletionTimestamp", clock::seconds(at));
    object.set("deletionGracePeriodSeconds", grace_period);
    if let Some(generation) = object.integer("generation") {
        object.set("generation", generation + 1);
    }
}

/// The grace period in seconds, which only pods have, as in `CheckGracefulDelete` of
/// `pkg/registry/core/pod/strategy.go`.
fn grace_period(served: &ServedResource, object: &Object, options: &DeleteOptions) -> i64 {
    /// The value of `DefaultTerminationGracePeriodSeconds`.
    const DEFAULT: i64 = 30;
    if served.rules.deletion != Deletion::Graceful {
        return 0;
    }
    let phase = object.text_at("status.phase");
    if object.text_at("spec.nodeName").is_empty() || matches!(phase, "Failed" | "Succeeded") {
        return 0;
    }
    let own = object.at("spec.terminationGracePeriodSeconds").and_then(serde_json::Value::as_i64);
    match options.grace_period.or(own).unwrap_or(DEFAULT) {
        negative if negative < 0 => 1,
        period => period,
    }
}

/// Whether a deletion with this grace period changes one in progress.
fn is_sooner(object: &Object, grace_period: i64) -> bool {
    !object.is_deleting() || object.integer("deletionGracePeriodSeconds").is_some_and(|period| grace_period < period)
}

/// Adds the garbage collector's tasks as finalizers (`deletionFinalizersForGarbageCollection`).
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
