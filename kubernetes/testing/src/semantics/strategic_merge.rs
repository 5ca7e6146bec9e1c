//! Strategic merge patches, which merge the items of a list by key.
//!
//! <https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md>,
//! implemented as in <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/util/strategicpatch/patch.go>.

use serde_json::{Map, Value};

use crate::shape::Shape;

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
const ELEMENT_ORDER: &str = "$setElementOrder/";

/// Applies a patch to an object.
///
/// # Errors
/// Returns an error if a directive of the patch is wrong, or a list's item has no key.
pub(crate) fn merge(shape: Shape<'_>, original: Value, patch: Value) -> Result<Value, String> {
    match (original, patch) {
        (Value::Object(original), Value::Object(patch)) => merge_objects(shape, original, patch).map(Value::Object),
        (_, patch) => Err(format!("the patch must be an object, not {patch}")),
    }
}

fn merge_objects(
    shape: Shape<'_>,
    mut original: Map<String, Value>,
    mut patch: Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    match patch.remove(DIRECTIVE).as_ref().map(Value::as_str) {
        None | Some(Some("merge")) => {}
        Some(Some("replace")) => return Ok(without_directives(patch)),
        Some(Some("delete")) => return Ok(Map::new()),
        Some(other) => return Err(format!("unknown patch type {:?} in map", other.unwrap_or_default())),
    }
    if let Some(Value::Array(keep)) = patch.remove(RETAIN_KEYS) {
        original.retain(|name, _| keep.iter().any(|kept| kept.as_str() == Some(name)));
    }
    let (directives, fields): (Vec<_>, Vec<_>) = patch.into_iter().partition(|(name, _)| name.starts_with('$'));
    for (name, values) in &directives {
        if let (Some(field), Value::Array(values)) = (name.strip_prefix(DELETE_FROM), values)
            && let Some(Value::Array(items)) = original.get_mut(field)
        {
            items.retain(|item| !values.contains(item));
        }
    }
    for (name, value) in fields {
        if value.is_null() {
            original.remove(&name);
            continue;
        }
        let inner = shape.field(&name).unwrap_or(Shape::Unknown);
        let merged = merge_values(inner, original.remove(&name), value)?;
        original.insert(name, merged);
    }
    for (name, order) in directives {
        if let (Some(field), Value::Array(order)) = (name.strip_prefix(ELEMENT_ORDER), order) {
            let key = shape.field(field).and_then(Shape::merge_key);
            if let (Some(Value::Array(items)), Some(key)) = (original.get_mut(field), key) {
                reorder(items, &order, key);
            }
        }
    }
    Ok(original)
}

fn merge_values(shape: Shape<'_>, original: Option<Value>, patch: Value) -> Result<Value, String> {
    match (original, patch) {
        (Some(Value::Object(original)), Value::Object(patch)) if !shape.is_replaced() => {
            merge_objects(shape, original, patch).map(Value::Object)
        }
        (Some(Value::Array(original)), Value::Array(patch)) => match shape.merge_key() {
            Some("") => Ok(Value::Array(merge_scalars(original, patch))),
            Some(key) => merge_lists(shape, key, original, patch).map(Value::Array),
            None => Ok(Value::Array(patch)),
        },
        (None, Value::Array(patch)) if shape.merge_key().is_some_and(|key| !key.is_empty()) => {
            let key = shape.merge_key().unwrap_or_default();
            merge_lists(shape, key, Vec::new(), patch).map(Value::Array)
        }
        (_, Value::Object(patch)) => merge_objects(shape, Map::new(), patch).map(Value::Object),
        (_, patch) => Ok(patch),
    }
}

/// Missing scalars are added.
fn merge_scalars(mut original: Vec<Value>, patch: Vec<Value>) -> Vec<Value> {
    for value in patch {
        if !original.contains(&value) {
            original.push(value);
        }
    }
    original
}

/// Items with the same key are merged, and others are added. `$patch` in an item deletes or replaces it; in an item
/// without a key, it replaces the list.
fn merge_lists(shape: Shape<'_>, key: &str, original: Vec<Value>, patch: Vec<Value>) -> Result<Vec<Value>, String> {
    let directive = |item: &Value| item.get(DIRECTIVE).and_then(Value::as_str).map(str::to_owned);
    let replaces = patch.iter().any(|item| directive(item).as_deref() == Some("replace") && item.get(key).is_none());
    if replaces {
        let items = patch.into_iter().filter(|item| directive(item).is_none());
        return Ok(items.collect());
    }
    let mut merged = original;
    for item in patch {
        let Some(value) = item.get(key).cloned() else {
            return Err(format!("map: {item} does not contain declared merge key: {key}"));
        };
        let at = merged.iter().position(|other| other.get(key) == Some(&value));
        match (directive(&item).as_deref(), at) {
            (Some("delete"), _) => merged.retain(|other| other.get(key) != Some(&value)),
            (Some("replace"), _) => {
                merged.retain(|other| other.get(key) != Some(&value));
                merged.push(without_directive(item));
            }
            (_, Some(at)) => {
                let inner = merge_values(shape.item(), Some(merged.remove(at)), item)?;
                merged.insert(at, inner);
            }
            (_, None) => merged.push(merge_values(shape.item(), None, item)?),
        }
    }
    Ok(merged)
}

/// Sorts items by an order; items that are not in it stay after the item that they followed.
fn reorder(items: &mut Vec<Value>, order: &[Value], key: &str) {
    let name = |item: &Value| if key.is_empty() { Some(item.clone()) } else { item.get(key).cloned() };
    let names: Vec<Option<Value>> = order.iter().map(name).collect();
    let rank = |item: &Value| names.iter().position(|other| *other == name(item));
    let mut last = 0;
    let mut ranked: Vec<(usize, usize, Value)> = Vec::with_capacity(items.len());
    for (index, item) in items.drain(..).enumerate() {
        let rank = rank(&item).map_or(last, |rank| rank + 1);
        last = rank;
        ranked.push((rank, index, item));
    }
    ranked.sort_by_key(|(rank, index, _)| (*rank, *index));
    items.extend(ranked.into_iter().map(|(_, _, item)| item));
}

fn without_directive(item: Value) -> Value {
    match item {
        Value::Object(fields) => Value::Object(without_directives(fields)),
        other => other,
    }
}

fn without_directives(mut fields: Map<String, Value>) -> Map<String, Value> {
    fields.retain(|name, _| !name.starts_with('$'));
    fields
}
