use kubernetes_core::PathElement;
use serde_json::Value;

use super::set::{Nested, element, shape_kind};
use crate::shape::{ListMerge, Shape};

/// Merges a configuration into the live value.
pub(super) fn merge(shape: Shape<'_>, live: Option<&Value>, config: &Value) -> Value {
    match (shape_kind(shape, config), live, config) {
        (Nested::Fields, live, Value::Object(config)) => {
            let mut merged = live.and_then(Value::as_object).cloned().unwrap_or_default();
            for (name, value) in config {
                let inner = shape.field(name).unwrap_or(Shape::Unknown);
                let value = merge(inner, merged.get(name), value);
                merged.insert(name.clone(), value);
            }
            Value::Object(merged)
        }
        (Nested::Items(merge_kind), Some(Value::Array(live)), Value::Array(config)) => {
            Value::Array(merge_lists(shape, &merge_kind, live, config))
        }
        _ => config.clone(),
    }
}

/// The items of both: applied items in their order, and the others in their old positions, as in `visitListItems` of
/// `structured-merge-diff/typed/merge.go`.
fn merge_lists(shape: Shape<'_>, kind: &ListMerge<'_>, live: &[Value], config: &[Value]) -> Vec<Value> {
    let name = |item: &Value| element(shape, kind, item);
    let live: Vec<(PathElement, &Value)> = live.iter().map(|item| (name(item), item)).collect();
    let config: Vec<(PathElement, &Value)> = config.iter().map(|item| (name(item), item)).collect();
    let is_applied = |name: &PathElement| config.iter().any(|(other, _)| other == name);
    let was_there = |name: &PathElement| live.iter().find(|(other, _)| other == name).map(|(_, item)| *item);
    let mut merged = Vec::with_capacity(live.len() + config.len());
    let mut applied = config.iter();
    let mut emit_to = |target: Option<&PathElement>, merged: &mut Vec<Value>| {
        for (name, item) in applied.by_ref() {
            merged.push(merge(shape.item(), was_there(name), item));
            if target == Some(name) {
                return;
            }
        }
    };
    let mut emitted = std::collections::BTreeSet::new();
    for (name, item) in &live {
        if !is_applied(name) {
            merged.push((*item).clone());
        } else if emitted.insert(name) && !already(&config, name, &merged, shape, kind) {
            emit_to(Some(name), &mut merged);
        }
    }
    emit_to(None, &mut merged);
    merged
}

/// Whether an applied item was emitted together with an earlier one.
fn already(
    config: &[(PathElement, &Value)],
    name: &PathElement,
    merged: &[Value],
    shape: Shape<'_>,
    kind: &ListMerge<'_>,
) -> bool {
    config.iter().any(|(other, _)| other == name) && merged.iter().any(|item| element(shape, kind, item) == *name)
}
