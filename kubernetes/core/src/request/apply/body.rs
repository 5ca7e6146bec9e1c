//! Builds the body of an apply from the fields of an object that are set.

use super::type_path::{Empty, TypeStep, empty_value};
use super::unowned::{self, Unowned};
use crate::json::{self, Tree, Value, Writer};
use crate::{InvalidRequest, JsonPointer};

/// The body of an apply: the object's fields that are set, and the fields in `kept`, without those in `unowned` that
/// are unchanged.
pub(crate) fn body<V: Value>(
    object: &V,
    kept: &[JsonPointer],
    empties: &[(JsonPointer, Tree)],
    unowned: &[Unowned],
) -> Result<String, InvalidRequest> {
    let mut writer = Writer::sparse();
    object.write(&mut writer);
    let text = writer.finish().map_err(InvalidRequest::from)?;
    if kept.is_empty() && empties.is_empty() && unowned.is_empty() {
        return Ok(text);
    }
    let decode = |text: &str| {
        json::from_str::<Tree>(text).map_err(|error| InvalidRequest::new(format!("the object is not JSON: {error}")))
    };
    let mut sparse = decode(&text)?;
    let whole = decode(&json::to_string(object).map_err(InvalidRequest::from)?)?;
    for pointer in kept {
        check::<V>(pointer)?;
        let keys: Vec<_> = pointer.keys().collect();
        let keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
        keep(&mut sparse, &whole, &keys);
    }
    for (pointer, value) in empties {
        if sparse.at(pointer.clone()).is_none() {
            // A place that the caller has since removed stays removed.
            let parent = pointer.parent().and_then(|parent| sparse.at(parent));
            if matches!(parent, Some(Tree::Object(_))) {
                sparse.set(pointer.clone(), value.clone()).map_err(|error| InvalidRequest::new(error.to_string()))?;
            }
        }
    }
    unowned::remove(&mut sparse, unowned);
    Ok(sparse.to_text())
}

/// Refuses a pointer to a field that the type does not have.
fn check<V: Value>(pointer: &JsonPointer) -> Result<(), InvalidRequest> {
    pointer.check().map_err(|error| InvalidRequest::new(error.to_string()))?;
    let keys: Vec<_> = pointer.keys().collect();
    let mut path: Vec<TypeStep<'_>> = Vec::new();
    for key in &keys {
        let may_be_item = key == "*" || key.parse::<usize>().is_ok();
        let is_item = may_be_item && empty_value::<V>(&path) == Some(Empty::List);
        if key == "*" && !is_item && empty_value::<V>(&path) == Some(Empty::Object) {
            // This matches any field, so nothing is known of the fields below.
            return Ok(());
        }
        path.push(if is_item { TypeStep::Item } else { TypeStep::Field(key) });
    }
    match empty_value::<V>(&path) {
        Some(_) => Ok(()),
        None => Err(InvalidRequest::new(format!(
            "can't keep the field {pointer}, because the object's type does not have it"
        ))),
    }
}

/// Adds the value at `keys` of the whole object, if there is one; `*` matches every field.
fn keep(sparse: &mut Tree, whole: &Tree, keys: &[&str]) {
    // Items of lists are written as a whole.
    let (Some((key, rest)), Tree::Object(fields)) = (keys.split_first(), whole) else { return };
    let Tree::Object(written) = sparse else { return };
    for (name, value) in fields.iter().filter(|(name, _)| *key == "*" || name == key) {
        if let Some((_, inner)) = written.iter_mut().find(|(other, _)| other == name) {
            keep(inner, value, rest);
            continue;
        }
        let mut kept = if matches!(value, Tree::Object(_)) { Tree::Object(Vec::new()) } else { value.clone() };
        keep(&mut kept, value, rest);
        if rest.is_empty() || matches!(&kept, Tree::Object(inner) if !inner.is_empty()) {
            written.push((name.clone(), kept));
        }
    }
}
