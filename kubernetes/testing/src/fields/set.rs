//! The fields of a value, according to its type.

use kubernetes_core::json::Tree;
use kubernetes_core::{FieldSet, PathElement};
use serde_json::{Map, Value};

use crate::shape::{Kind, ListMerge, Shape};

/// The fields that a value has, as in `ToFieldSet` of `structured-merge-diff/typed/tofieldset.go`.
pub(super) fn fields_of(shape: Shape<'_>, value: &Value) -> FieldSet {
    let mut set = FieldSet::new();
    match (shape_kind(shape, value), value) {
        (Nested::Fields, Value::Object(fields)) => {
            for (name, value) in fields {
                let inner = shape.field(name).unwrap_or(Shape::Unknown);
                let mut below = fields_of(inner, value);
                let is_empty = value.is_null() || value.as_object().is_some_and(Map::is_empty);
                if is_empty || !is_declared(shape) {
                    below.set_member(true);
                }
                set.insert(PathElement::field(name), below);
            }
        }
        (Nested::Items(merge), Value::Array(items)) => {
            for item in items {
                let mut below = fields_of(shape.item(), item);
                below.set_member(true);
                set.insert(element(shape, &merge, item), below);
            }
        }
        _ => set.set_member(true),
    }
    set
}

/// Removes the field at a path of names, and everything below it.
pub(super) fn remove(set: &mut FieldSet, path: &[&str]) {
    if let Some((last, parents)) = path.split_last() {
        change(set, parents, |parent| drop(parent.remove(&PathElement::field(last))));
    }
}

/// Removes the field at a path of names, but keeps everything below it.
pub(super) fn disown(set: &mut FieldSet, path: &[&str]) {
    change(set, path, |field| field.set_member(false));
}

/// Changes the fields at and below a path of names, if there are any.
fn change(set: &mut FieldSet, path: &[&str], function: impl FnOnce(&mut FieldSet)) {
    let Some((first, rest)) = path.split_first() else { return function(set) };
    let element = PathElement::field(first);
    if let Some(mut below) = set.remove(&element) {
        change(&mut below, rest, function);
        set.insert(element, below);
    }
}

/// The parts of a value that are owned separately.
pub(super) enum Nested<'a> {
    /// None: the value is owned as a whole.
    Nothing,
    Fields,
    Items(ListMerge<'a>),
}

pub(super) fn shape_kind<'a>(shape: Shape<'a>, value: &Value) -> Nested<'a> {
    match (shape.kind(), value) {
        (Kind::Object | Kind::Map, Value::Object(_)) if !shape.is_atomic() => Nested::Fields,
        // Without a schema, objects are granular and lists atomic (`DeducedParseableType`).
        (Kind::Any, Value::Object(_)) if !shape.is_atomic() => Nested::Fields,
        (Kind::List, Value::Array(_)) => match shape.list_merge() {
            ListMerge::Atomic => Nested::Nothing,
            merge => Nested::Items(merge),
        },
        _ => Nested::Nothing,
    }
}

/// Whether the fields of an object are declared, rather than the entries of a map.
fn is_declared(shape: Shape<'_>) -> bool {
    shape.kind() == Kind::Object
}

/// The step to an item of a list.
pub(super) fn element(shape: Shape<'_>, merge: &ListMerge<'_>, item: &Value) -> PathElement {
    match merge {
        ListMerge::Keyed(keys) => {
            let inner = shape.item();
            let value = |key: &str| match item.get(key) {
                Some(value) => Some(Tree::from(value)),
                None => inner.key_default(key).as_ref().map(Tree::from),
            };
            PathElement::keys(&keys.iter().filter_map(|key| Some((*key, value(key)?))).collect())
        }
        ListMerge::Set | ListMerge::Atomic => PathElement::value(&Tree::from(item)),
    }
}
