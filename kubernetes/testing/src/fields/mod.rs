//! Server-side apply: the owners of fields in `metadata.managedFields`, and the merge.
//!
//! <https://kubernetes.io/docs/reference/using-api/server-side-apply/>, computed as in
//! <https://github.com/kubernetes-sigs/structured-merge-diff>.

mod compare;
mod managers;
mod merge;
mod prune;
mod set;

use kubernetes_core::FieldSet;
use serde_json::Value;

use crate::object::Object;
use crate::resources::ServedResource;
use crate::shape::normalize;
use crate::status::Cause;

pub(crate) use compare::Comparison;
pub(crate) use managers::Managers;

/// Fields without owners (`stripMeta` in `apimachinery/pkg/util/managedfields/internal/stripmeta.go`).
const STRIPPED: [&[&str]; 10] = [
    &["apiVersion"],
    &["kind"],
    &["metadata", "name"],
    &["metadata", "namespace"],
    &["metadata", "creationTimestamp"],
    &["metadata", "selfLink"],
    &["metadata", "uid"],
    &["metadata", "generation"],
    &["metadata", "managedFields"],
    &["metadata", "resourceVersion"],
];

/// Records the manager of a change other than an apply.
pub(crate) fn track_update(
    served: &ServedResource,
    manager: &str,
    subresource: &str,
    time: &str,
    old: Option<&Object>,
    new: &mut Object,
) {
    let mut managers = Managers::of_update(old, new, subresource);
    new.unset("managedFields");
    let before = old.map(|old| {
        let mut old = old.clone();
        old.unset("managedFields");
        Value::Object(old.0)
    });
    let after = Value::Object(new.0.clone());
    let mut comparison = Comparison::of(served.shape(), before.as_ref(), &after);
    reset(served, subresource, &mut comparison);
    managers.update(manager, subresource, &served.api_version(), time, &comparison);
    managers.write(new);
}

/// Applies a configuration: transfers ownership and merges the objects.
///
/// # Errors
/// Returns the conflicts with other managers, unless the apply is forced.
pub(crate) fn apply(
    served: &ServedResource,
    writer: (&str, &str),
    time: &str,
    old: Option<&Object>,
    config: &Object,
    force: bool,
) -> Result<Object, (String, Vec<Cause>)> {
    let (manager, subresource) = writer;
    let mut managers = old.and_then(Managers::of).unwrap_or_default();
    let live = old.map(|old| {
        let mut live = old.clone();
        live.unset("managedFields");
        Value::Object(live.0)
    });
    let shape = served.shape();
    let config_value = Value::Object(config.0.clone());
    let mut set = set::fields_of(shape, &config_value);
    strip(&mut set);
    reset_set(served, subresource, &mut set);
    let mut merged = merge::merge(shape, live.as_ref(), &config_value);
    let last = managers.applied(manager, subresource, &served.api_version(), set.clone());
    if let Some(last) = last {
        let kept = managers.union_without(manager, subresource);
        prune::prune(shape, &mut merged, &last.difference(&set), &kept.union(&set));
    }
    if let Value::Object(fields) = &mut merged {
        // Its parts have been decoded separately.
        normalize(shape, fields).map_err(|error| (error, Vec::new()))?;
    }
    let mut comparison = Comparison::of(shape, live.as_ref(), &merged);
    reset(served, subresource, &mut comparison);
    if !comparison.is_empty() {
        managers.touch(manager, subresource, time);
    }
    let conflicts = managers.take_over(manager, subresource, &comparison);
    if !conflicts.is_empty() && !force {
        return Err(managers::conflict(&conflicts));
    }
    let Value::Object(merged) = merged else { return Ok(config.clone()) };
    let mut object = Object(merged);
    managers.write(&mut object);
    Ok(object)
}

fn reset(served: &ServedResource, subresource: &str, comparison: &mut Comparison) {
    for set in [&mut comparison.added, &mut comparison.modified, &mut comparison.removed] {
        strip(set);
        reset_set(served, subresource, set);
    }
}

fn strip(set: &mut FieldSet) {
    for path in STRIPPED {
        set::remove(set, path);
    }
    set::disown(set, &["metadata"]);
}

/// A write to the status does not affect other fields, and a write to the object does not affect its status.
fn reset_set(served: &ServedResource, subresource: &str, set: &mut FieldSet) {
    if !served.has_status() {
        return;
    }
    if subresource == "status" {
        set::remove(set, &["spec"]);
        if served.is_custom() {
            set::remove(set, &["metadata"]);
        }
    } else {
        set::remove(set, &["status"]);
    }
}
