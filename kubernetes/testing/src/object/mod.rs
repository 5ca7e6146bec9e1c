//! Mutable objects: JSON with accessors for the metadata.

mod size;
mod yaml;

use kubernetes_core::{Map as LabelMap, ObjectKey, Str};
use serde_json::{Map, Value, json};

use crate::store::Stored;
pub(crate) use size::{MAX_BYTES, MAX_DEPTH, depth};
pub(crate) use yaml::{read_yaml, read_yaml_document};

/// An API object: `metadata` is an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Object(pub(crate) Map<String, Value>);

impl Object {
    /// A stored object.
    pub(crate) fn of(stored: &Stored) -> Self {
        // The text was written from an object, so it can be read as one.
        Self(serde_json::from_slice(&stored.json).unwrap_or_default())
    }

    pub(crate) fn metadata(&self) -> Option<&Map<String, Value>> {
        self.0.get("metadata").and_then(Value::as_object)
    }

    pub(crate) fn metadata_mut(&mut self) -> &mut Map<String, Value> {
        let metadata = self.0.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
        if !metadata.is_object() {
            *metadata = Value::Object(Map::new());
        }
        match metadata {
            Value::Object(metadata) => metadata,
            _ => unreachable!("it was made an object"),
        }
    }

    /// The namespace and name.
    pub(crate) fn key(&self) -> ObjectKey {
        ObjectKey::new(self.text("namespace"), self.text("name"))
    }

    /// A string of the metadata; empty if it is missing.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.metadata().and_then(|metadata| metadata.get(field)).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn set(&mut self, field: &str, value: impl Into<Value>) {
        self.metadata_mut().insert(field.to_owned(), value.into());
    }

    pub(crate) fn unset(&mut self, field: &str) -> Option<Value> {
        self.metadata_mut().remove(field)
    }

    /// Restores `field` of the metadata from `other`.
    pub(crate) fn restore(&mut self, field: &str, other: &Self) {
        match other.metadata().and_then(|metadata| metadata.get(field)) {
            Some(value) => self.set(field, value.clone()),
            None => drop(self.unset(field)),
        }
    }

    /// Restores a field of the object from `other`.
    pub(crate) fn restore_field(&mut self, field: &str, other: &Self) {
        match other.0.get(field) {
            Some(value) => drop(self.0.insert(field.to_owned(), value.clone())),
            None => drop(self.0.remove(field)),
        }
    }

    pub(crate) fn integer(&self, field: &str) -> Option<i64> {
        self.metadata()?.get(field)?.as_i64()
    }

    pub(crate) fn is_deleting(&self) -> bool {
        !self.text("deletionTimestamp").is_empty()
    }

    pub(crate) fn finalizers(&self) -> impl Iterator<Item = &str> {
        self.metadata_list("finalizers").filter_map(Value::as_str)
    }

    pub(crate) fn metadata_list(&self, field: &str) -> impl Iterator<Item = &Value> {
        self.metadata().and_then(|metadata| metadata.get(field)).and_then(Value::as_array).into_iter().flatten()
    }

    pub(crate) fn set_finalizers(&mut self, finalizers: Vec<String>) {
        if finalizers.is_empty() {
            self.unset("finalizers");
        } else {
            self.set("finalizers", finalizers);
        }
    }

    /// The value at a path such as `spec.replicas`.
    pub(crate) fn at(&self, path: &str) -> Option<&Value> {
        let mut parts = path.split('.').filter(|part| !part.is_empty());
        let mut value = self.0.get(parts.next()?)?;
        for part in parts {
            value = value.get(part)?;
        }
        Some(value)
    }

    /// The string at a path; empty if it is missing.
    pub(crate) fn text_at(&self, path: &str) -> &str {
        self.at(path).and_then(Value::as_str).unwrap_or_default()
    }

    /// The items of the list at a path.
    pub(crate) fn list_at(&self, path: &str) -> &[Value] {
        self.at(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The object in the field `field`, which is added if it is missing; `None` if the field is something else.
    pub(crate) fn field_mut(&mut self, field: &str) -> Option<&mut Map<String, Value>> {
        self.0.entry(field).or_insert_with(|| json!({})).as_object_mut()
    }

    /// Sets a value at a path; values other than objects on the way are replaced.
    pub(crate) fn set_at(&mut self, path: &str, value: Value) {
        let mut parts: Vec<&str> = path.split('.').filter(|part| !part.is_empty()).collect();
        let Some(last) = parts.pop() else { return };
        let mut fields = &mut self.0;
        for part in parts {
            let inner = fields.entry(part).or_insert_with(|| json!({}));
            if !inner.is_object() {
                *inner = json!({});
            }
            let Value::Object(inner) = inner else { return };
            fields = inner;
        }
        fields.insert(last.to_owned(), value);
    }

    /// Sets a condition of the status, replacing one of the same type.
    pub(crate) fn set_condition(&mut self, condition: Value) {
        let Some(status) = self.field_mut("status") else { return };
        let Some(conditions) = status.entry("conditions").or_insert_with(|| json!([])).as_array_mut() else { return };
        conditions.retain(|other| other["type"] != condition["type"]);
        conditions.push(condition);
    }

    /// Whether a condition of the status is true.
    pub(crate) fn has_condition(&self, kind: &str) -> bool {
        let mut conditions = self.list_at("status.conditions").iter();
        conditions.any(|condition| condition["type"] == kind && condition["status"] == "True")
    }

    /// The object with its kind and version.
    pub(crate) fn with_type(mut self, api_version: &str, kind: &str) -> Self {
        self.0.insert("apiVersion".to_owned(), api_version.into());
        self.0.insert("kind".to_owned(), kind.into());
        self
    }

    pub(crate) fn without_type(mut self) -> Self {
        self.0.remove("apiVersion");
        self.0.remove("kind");
        self
    }

    /// The stored object at `revision`; `version` is its API version, and `selectable` has the fields for field
    /// selectors.
    pub(crate) fn into_stored(mut self, version: &str, selectable: &[String], revision: u64) -> Stored {
        self.set("resourceVersion", revision.to_string());
        let object = self.without_type();
        let labels = object.metadata().and_then(|metadata| metadata.get("labels")).and_then(Value::as_object);
        let labels = labels.into_iter().flatten();
        let labels = labels.filter_map(|(key, value)| Some((Str::from(key.as_str()), Str::from(value.as_str()?))));
        let labels = labels.collect::<LabelMap<Str>>();
        let fields = selectable.iter().filter_map(|path| Some((path.as_str().into(), field_text(object.at(path)?)?)));
        let fields = fields.collect();
        let owners = object.metadata_list("ownerReferences").filter_map(|owner| owner.get("uid")?.as_str());
        let owners = owners.map(Into::into).collect();
        Stored {
            key: object.key(),
            revision,
            version: version.into(),
            uid: object.text("uid").into(),
            labels,
            fields,
            owners,
            json: Value::Object(object.0).to_string().into(),
        }
    }
}

/// A value in the form that field selectors compare.
fn field_text(value: &Value) -> Option<Box<str>> {
    match value {
        Value::String(text) => Some(text.as_str().into()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string().into()),
        _ => None,
    }
}
