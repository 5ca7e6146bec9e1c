use kubernetes_core::{FieldSet, PathElement};
use serde_json::Value;

use super::set::{Nested, element, shape_kind};
use crate::shape::Shape;

/// Removes the fields that an applier gave up and no other manager owns.
pub(super) fn prune(shape: Shape<'_>, value: &mut Value, given_up: &FieldSet, kept: &FieldSet) {
    let nested = shape_kind(shape, value);
    match (nested, value) {
        (Nested::Fields, Value::Object(fields)) => fields.retain(|name, value| {
            let inner = shape.field(name).unwrap_or(Shape::Unknown);
            stays(inner, value, &PathElement::field(name), given_up, kept)
        }),
        (Nested::Items(merge), Value::Array(items)) => {
            items.retain_mut(|item| {
                let place = element(shape, &merge, item);
                stays(shape.item(), item, &place, given_up, kept)
            });
        }
        _ => {}
    }
}

/// Whether a field or item remains after its content was pruned.
fn stays(shape: Shape<'_>, value: &mut Value, place: &PathElement, given_up: &FieldSet, kept: &FieldSet) -> bool {
    let Some(given_up) = given_up.child(place) else { return true };
    let Some(kept) = kept.child(place) else {
        // No manager owns any of it. Fields that the applier never owned, such as defaults, disappear with it if it was
        // an item.
        if given_up.is_member() {
            return false;
        }
        prune(shape, value, given_up, &FieldSet::default());
        return !is_empty(value);
    };
    if given_up.is_member() && kept.is_empty() {
        return false;
    }
    prune(shape, value, given_up, kept);
    true
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}
