use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::shape::{Kind, ListMerge, Shape};

/// A set of fields, as a tree with the names of `FieldsV1`: `f:name`, `k:{…}`, `v:…`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FieldSet {
    /// Whether the field itself is in the set.
    pub(super) is_member: bool,
    pub(super) children: BTreeMap<String, FieldSet>,
}

impl FieldSet {
    /// The fields that a value has, as `ToFieldSet` in `structured-merge-diff/typed/tofieldset.go`.
    pub(crate) fn of(shape: Shape<'_>, value: &Value) -> Self {
        let mut set = Self::default();
        match (shape_kind(shape, value), value) {
            (Nested::Fields, Value::Object(fields)) => {
                for (name, value) in fields {
                    let inner = shape.field(name).unwrap_or(Shape::Unknown);
                    let mut child = Self::of(inner, value);
                    let is_empty = value.is_null() || value.as_object().is_some_and(Map::is_empty);
                    child.is_member |= is_empty || !is_declared(shape);
                    set.insert(format!("f:{name}"), child);
                }
            }
            (Nested::Items(merge), Value::Array(items)) => {
                for item in items {
                    let mut child = Self::of(shape.item(), item);
                    child.is_member = true;
                    set.insert(element(shape, &merge, item), child);
                }
            }
            _ => set.is_member = true,
        }
        set
    }

    fn insert(&mut self, element: String, child: Self) {
        if child.is_member || !child.children.is_empty() {
            self.children.insert(element, child);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.is_member && self.children.is_empty()
    }

    /// From `FieldsV1`.
    pub(crate) fn read(fields: &Value) -> Self {
        let Some(object) = fields.as_object() else { return Self::default() };
        let mut set = Self { is_member: object.is_empty() || object.contains_key("."), children: BTreeMap::new() };
        for (element, below) in object.iter().filter(|(element, _)| *element != ".") {
            set.children.insert(element.clone(), Self::read(below));
        }
        set
    }

    /// As `FieldsV1`.
    pub(crate) fn write(&self) -> Value {
        let mut object = Map::new();
        if self.is_member && !self.children.is_empty() {
            object.insert(".".to_owned(), Value::Object(Map::new()));
        }
        object.extend(self.children.iter().map(|(element, below)| (element.clone(), below.write())));
        Value::Object(object)
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        let mut set = self.clone();
        set.is_member |= other.is_member;
        for (element, below) in &other.children {
            let mine = set.children.entry(element.clone()).or_default();
            *mine = mine.union(below);
        }
        set
    }

    /// The fields of this set that are not in the other.
    pub(crate) fn difference(&self, other: &Self) -> Self {
        let mut set = Self { is_member: self.is_member && !other.is_member, children: BTreeMap::new() };
        for (element, below) in &self.children {
            let below = other.children.get(element).map_or_else(|| below.clone(), |other| below.difference(other));
            if !below.is_empty() {
                set.children.insert(element.clone(), below);
            }
        }
        set
    }

    pub(crate) fn intersection(&self, other: &Self) -> Self {
        let mut set = Self { is_member: self.is_member && other.is_member, children: BTreeMap::new() };
        for (element, below) in &self.children {
            let Some(other) = other.children.get(element) else { continue };
            let below = below.intersection(other);
            if !below.is_empty() {
                set.children.insert(element.clone(), below);
            }
        }
        set
    }

    /// Removes a field and everything below it.
    pub(super) fn remove(&mut self, path: &[&str]) {
        let Some((first, rest)) = path.split_first() else { return };
        if rest.is_empty() {
            self.children.remove(*first);
        } else if let Some(below) = self.children.get_mut(*first) {
            below.remove(rest);
            if below.is_empty() {
                self.children.remove(*first);
            }
        }
    }

    /// Removes a field, and leaves everything below it.
    pub(super) fn disown(&mut self, path: &[&str]) {
        let Some((first, rest)) = path.split_first() else {
            self.is_member = false;
            return;
        };
        if let Some(below) = self.children.get_mut(*first) {
            below.disown(rest);
            if below.is_empty() {
                self.children.remove(*first);
            }
        }
    }

    /// The members, as errors name them: `.spec.containers[name="web"].image`.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect(String::new(), &mut paths);
        paths
    }

    fn collect(&self, path: String, paths: &mut Vec<String>) {
        for (element, below) in &self.children {
            let inner = format!("{path}{}", display(element));
            if below.is_member {
                paths.push(inner.clone());
            }
            below.collect(inner, paths);
        }
    }
}

/// The parts of a value that have owners of their own.
pub(super) enum Nested<'a> {
    /// Nothing: it is owned as a whole.
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

/// Whether the fields of an object are declared, so that they are no entries of a map.
fn is_declared(shape: Shape<'_>) -> bool {
    shape.kind() == Kind::Object
}

/// The name of a list's item.
pub(super) fn element(shape: Shape<'_>, merge: &ListMerge<'_>, item: &Value) -> String {
    match merge {
        ListMerge::Keyed(keys) => {
            let inner = shape.item();
            let value = |key: &str| item.get(key).cloned().or_else(|| inner.key_default(key));
            let keys = keys.iter().filter_map(|key| Some(((*key).to_owned(), value(key)?)));
            format!("k:{}", Value::Object(keys.collect()))
        }
        ListMerge::Set | ListMerge::Atomic => format!("v:{item}"),
    }
}

/// As `PathElement.String` in `structured-merge-diff/fieldpath/element.go`.
fn display(element: &str) -> String {
    match element.split_at_checked(2) {
        Some(("f:", name)) => format!(".{name}"),
        Some(("v:", value)) => format!("[={value}]"),
        Some(("k:", keys)) => {
            let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
            let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("[{}]", keys.join(","))
        }
        _ => format!("[{element}]"),
    }
}
