//! Server-side apply: the owners of fields in `metadata.managedFields`, and the merge.
//!
//! <https://kubernetes.io/docs/reference/using-api/server-side-apply/>, and as
//! <https://github.com/kubernetes-sigs/structured-merge-diff> computes it.

mod compare;
mod managers;
mod merge;
mod prune;
mod set;

use serde_json::Value;

use crate::object::Object;
use crate::resources::ServedResource;
use crate::shape::normalize;
use crate::status::Cause;

pub(crate) use compare::Comparison;
pub(crate) use managers::Managers;
pub(crate) use set::FieldSet;

/// Fields that nobody owns (`stripMeta` in `apimachinery/pkg/util/managedfields/internal/stripmeta.go`).
const STRIPPED: [&[&str]; 10] = [
    &["f:apiVersion"],
    &["f:kind"],
    &["f:metadata", "f:name"],
    &["f:metadata", "f:namespace"],
    &["f:metadata", "f:creationTimestamp"],
    &["f:metadata", "f:selfLink"],
    &["f:metadata", "f:uid"],
    &["f:metadata", "f:generation"],
    &["f:metadata", "f:managedFields"],
    &["f:metadata", "f:resourceVersion"],
];

/// Records the manager of a change by anything but an apply.
pub(crate) fn track_update(
    served: &ServedResource,
    manager: &str,
    subresource: &str,
    time: &str,
    old: Option<&Object>,
    new: &mut Object,
) {
    let mut managers = Managers::of_update(old, new);
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

/// Applies a configuration: ownership is given up and taken over, and the objects are merged.
///
/// # Errors
/// The conflicts with other managers, unless it is forced.
pub(crate) fn apply(
    served: &ServedResource,
    writer: (&str, &str),
    time: &str,
    old: Option<&Object>,
    config: &Object,
    force: bool,
) -> Result<Object, (String, Vec<Cause>)> {
    let (manager, subresource) = writer;
    let mut managers = old.map(Managers::of).unwrap_or_default();
    let live = old.map(|old| {
        let mut live = old.clone();
        live.unset("managedFields");
        Value::Object(live.0)
    });
    let shape = served.shape();
    let config_value = Value::Object(config.0.clone());
    let mut set = FieldSet::of(shape, &config_value);
    strip(&mut set);
    reset_set(served, subresource, &mut set);
    let mut merged = merge::merge(shape, live.as_ref(), &config_value);
    let last = managers.applied(manager, subresource, &served.api_version(), set.clone());
    if let Some(last) = last {
        let kept = managers.union_without(manager, subresource);
        prune::prune(shape, &mut merged, &last.difference(&set), &kept.union(&set));
    }
    if let Value::Object(fields) = &mut merged {
        // Its parts were decoded before, each on its own.
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
        set.remove(path);
    }
    set.disown(&["f:metadata"]);
}

/// A write to the status says nothing of other fields, and one to the object nothing of its status.
fn reset_set(served: &ServedResource, subresource: &str, set: &mut FieldSet) {
    if !served.has_status() {
        return;
    }
    if subresource == "status" {
        set.remove(&["f:spec"]);
        if served.is_custom() {
            set.remove(&["f:metadata"]);
        }
    } else {
        set.remove(&["f:status"]);
    }
}
