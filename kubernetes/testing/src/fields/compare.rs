use std::collections::BTreeMap;

use kubernetes_core::{FieldSet, PathElement};
use serde_json::Value;

use super::set::{Nested, element, shape_kind};
use crate::schema::Type;
use crate::shape::Shape;

/// The differences between two states of an object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Comparison {
    pub(super) added: FieldSet,
    pub(super) modified: FieldSet,
    pub(super) removed: FieldSet,
}

/// Objects that are embedded structs in Go, so that they are never added: an empty one always exists.
const ALWAYS_THERE: [&str; 7] = ["metadata", "spec", "status", "template", "strategy", "updateStrategy", "jobTemplate"];

/// Lists that are written even if they are empty.
const LIST_ALWAYS_THERE: &str = "containers";

impl Comparison {
    pub(crate) fn of(shape: Shape<'_>, old: Option<&Value>, new: &Value) -> Self {
        let empty = Value::Object(serde_json::Map::new());
        compare(shape, Some(old.unwrap_or(&empty)), Some(new))
    }

    /// The fields that were written.
    pub(super) fn written(&self) -> FieldSet {
        self.added.union(&self.modified)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.modified.is_empty() && self.removed.is_empty()
    }

    fn put(&mut self, element: &PathElement, below: Self) {
        self.added.insert(element.clone(), below.added);
        self.modified.insert(element.clone(), below.modified);
        self.removed.insert(element.clone(), below.removed);
    }
}

fn compare(shape: Shape<'_>, old: Option<&Value>, new: Option<&Value>) -> Comparison {
    let mut comparison = Comparison::default();
    match (old, new) {
        (None, None) => return comparison,
        (None, Some(_)) => comparison.added.set_member(true),
        (Some(_), None) => comparison.removed.set_member(true),
        (Some(old), Some(new)) if old == new => return comparison,
        (Some(_), Some(_)) => {}
    }
    let nested = |value: &Value| shape_kind(shape, value);
    let sample = new.or(old).unwrap_or(&Value::Null);
    let is_same_kind =
        old.is_none_or(|old| matches!(nested(old), Nested::Nothing) == matches!(nested(sample), Nested::Nothing));
    match nested(sample) {
        Nested::Nothing => comparison.modified.set_member(old.is_some() && new.is_some()),
        _ if !is_same_kind => comparison.modified.set_member(true),
        Nested::Fields => fields(shape, old, new, &mut comparison),
        Nested::Items(merge) => {
            let items = |list: Option<&'_ Value>| -> BTreeMap<PathElement, Value> {
                let items = list.and_then(Value::as_array).into_iter().flatten();
                items.map(|item| (element(shape, &merge, item), item.clone())).collect()
            };
            let (old_items, new_items) = (items(old), items(new));
            for name in old_items.keys().chain(new_items.keys().filter(|name| !old_items.contains_key(*name))) {
                comparison.put(name, compare(shape.item(), old_items.get(name), new_items.get(name)));
            }
        }
    }
    comparison
}

fn fields(shape: Shape<'_>, old: Option<&Value>, new: Option<&Value>, comparison: &mut Comparison) {
    let (empty, no_items) = (Value::Object(serde_json::Map::new()), Value::Array(Vec::new()));
    let object = |value: Option<&'_ Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
    let (old_fields, new_fields) = (object(old), object(new));
    for name in old_fields.keys().chain(new_fields.keys().filter(|name| !old_fields.contains_key(*name))) {
        let inner = shape.field(name).unwrap_or(Shape::Unknown);
        let (mut old, mut new) = (old_fields.get(name), new_fields.get(name));
        if ALWAYS_THERE.contains(&name.as_str()) && inner.definition().is_some() {
            old = old.or(Some(&empty));
            new = new.or(Some(&empty));
        }
        if name == LIST_ALWAYS_THERE && matches!(inner, Shape::Described(Type::List(_), _)) {
            old = old.or(Some(&no_items));
            new = new.or(Some(&no_items));
        }
        comparison.put(&PathElement::field(name), compare(inner, old, new));
    }
}
