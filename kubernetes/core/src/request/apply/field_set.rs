use std::collections::BTreeMap;
use std::fmt;

use super::PathElement;
use crate::FieldsV1;
use crate::json::{self, DecodeError, Reader, Value, Writer};

/// A set of fields of an object, such as that of each manager in `metadata.managedFields`: a tree of [`PathElement`]s.
///
/// ```
/// use kubernetes_core::{FieldSet, FieldsV1, json};
///
/// let fields: FieldsV1 = json::from_str(
///     r#"{"f:spec":{"f:replicas":{},"f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{}}}}}"#,
/// )?;
/// let fields = FieldSet::from_fields_v1(&fields)?;
/// assert_eq!(
///     fields.paths(),
///     [r#".spec.containers[name="web"]"#, r#".spec.containers[name="web"].image"#, ".spec.replicas"]
/// );
/// # Ok::<(), kubernetes_core::json::DecodeError>(())
/// ```
///
/// Source: <https://github.com/kubernetes-sigs/structured-merge-diff/blob/v6.3.0/fieldpath/serialize.go>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSet {
    is_member: bool,
    children: BTreeMap<PathElement, FieldSet>,
}

impl FieldSet {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The field itself, without any below it.
    pub fn leaf() -> Self {
        Self { is_member: true, children: BTreeMap::new() }
    }

    /// Reads a set from managed fields. Elements of unknown kinds are skipped, as in Go.
    ///
    /// # Errors
    /// Returns an error if the text is not an object of objects, or an element is malformed.
    pub fn from_fields_v1(fields: &FieldsV1) -> Result<Self, DecodeError> {
        match &*fields.text() {
            "null" => Ok(Self::default()),
            text => {
                let set: Self = json::from_str(text)?;
                Ok(Self { is_member: set.is_member && !set.children.is_empty(), ..set })
            }
        }
    }

    /// Writes the set in the form of managed fields.
    pub fn to_fields_v1(&self) -> FieldsV1 {
        // A tree of objects can always be written and read.
        json::to_string(self).ok().and_then(|text| json::from_str(&text).ok()).unwrap_or_default()
    }

    /// Whether the field at the root of this tree is in the set itself.
    pub fn is_member(&self) -> bool {
        self.is_member
    }

    /// Adds or removes the field at the root of this tree.
    pub fn set_member(&mut self, is_member: bool) {
        self.is_member = is_member;
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        !self.is_member && self.children.is_empty()
    }

    /// Whether the set has no field below this one.
    pub fn is_leaf(&self) -> bool {
        self.children.is_empty()
    }

    /// The fields below this one.
    pub fn children(&self) -> impl Iterator<Item = (&PathElement, &Self)> {
        self.children.iter()
    }

    /// The fields at and below an element.
    pub fn child(&self, element: &PathElement) -> Option<&Self> {
        self.children.get(element)
    }

    /// The fields at and below an element, mutably; adds an empty set if there are none.
    pub fn child_mut(&mut self, element: PathElement) -> &mut Self {
        self.children.entry(element).or_default()
    }

    /// Adds the fields at and below an element, unless the set is empty.
    pub fn insert(&mut self, element: PathElement, fields: Self) {
        if !fields.is_empty() {
            self.children.insert(element, fields);
        }
    }

    /// Removes an element and everything below it.
    pub fn remove(&mut self, element: &PathElement) -> Option<Self> {
        self.children.remove(element)
    }

    /// The union of both sets.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut set = self.clone();
        set.is_member |= other.is_member;
        for (element, below) in &other.children {
            let mine = set.children.entry(element.clone()).or_default();
            *mine = mine.union(below);
        }
        set
    }

    /// The fields that are in this set but not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut set = Self { is_member: self.is_member && !other.is_member, children: BTreeMap::new() };
        for (element, below) in &self.children {
            let below = other.children.get(element).map_or_else(|| below.clone(), |other| below.difference(other));
            set.insert(element.clone(), below);
        }
        set
    }

    /// The intersection of both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut set = Self { is_member: self.is_member && other.is_member, children: BTreeMap::new() };
        for (element, below) in &self.children {
            if let Some(other) = other.children.get(element) {
                set.insert(element.clone(), below.intersection(other));
            }
        }
        set
    }

    /// The fields in the set, in the form used in error messages: `.spec.containers[name="web"].image`.
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect("", &mut paths);
        paths
    }

    fn collect(&self, path: &str, paths: &mut Vec<String>) {
        for (element, below) in &self.children {
            let inner = format!("{path}{element}");
            if below.is_member {
                paths.push(inner.clone());
            }
            below.collect(&inner, paths);
        }
    }
}

impl Value for FieldSet {
    /// An object without elements means the field itself.
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        *self = Self::default();
        let (mut first, mut is_empty) = (true, true);
        reader.begin_object()?;
        while let Some(key) = reader.next_key(&mut first)? {
            is_empty = false;
            if key == "." {
                self.is_member = true;
                reader.skip()?;
                continue;
            }
            let Some(element) = PathElement::parse(&key).map_err(|message| reader.error(message))? else {
                reader.skip()?;
                continue;
            };
            reader.charge(size_of::<(PathElement, Self)>())?;
            let mut below = Self::default();
            Value::read(&mut below, reader).map_err(|error| error.in_field(&key))?;
            // The last of two elements with the same key wins.
            self.children.remove(&element);
            self.insert(element, below);
        }
        self.is_member |= is_empty;
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        writer.begin_object();
        if self.is_member && !self.children.is_empty() {
            writer.key(".");
            writer.raw("{}");
        }
        for (element, below) in &self.children {
            writer.key(element.as_str());
            Value::write(below, writer);
        }
        writer.end_object();
    }
}

impl fmt::Display for FieldSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.paths().join(", "))
    }
}
