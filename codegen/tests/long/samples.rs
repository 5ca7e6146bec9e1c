//! Sample objects, and what became of each: compared with the result of an API server for the schema.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// The schemas of a project's definitions, by `group/version Kind`.
pub(crate) struct Schemas(BTreeMap<String, Value>);

/// How an object came back.
pub(crate) enum Outcome {
    Unchanged,
    /// Without fields that the schema does not have, which a server drops too.
    Pruned,
    /// With fields that the schema requires and the object lacks, for which a server refuses it.
    Incomplete,
    /// Not read, as a value has another type than its schema, for which a server refuses it too.
    Refused(String),
    Lost(String),
}

impl Schemas {
    pub(crate) fn read(files: &[String]) -> Self {
        let mut schemas = BTreeMap::new();
        for definition in documents(files).filter(|document| document["kind"] == "CustomResourceDefinition") {
            let (spec, none) = (&definition["spec"], Vec::new());
            let served =
                spec["versions"].as_array().unwrap_or(&none).iter().filter(|version| version["served"] == true);
            for version in served {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let (group, kind) = (text(&spec["group"]), text(&spec["names"]["kind"]));
                let schema = version["schema"]["openAPIV3Schema"].clone();
                schemas.insert(format!("{group}/{} {kind}", text(&version["name"])), schema);
            }
        }
        Self(schemas)
    }
}

/// The objects of kinds that have a schema, each once.
pub(crate) fn read_samples(files: &[String], schemas: &Schemas) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let known = documents(files).filter(|object| schemas.0.contains_key(&kind(object)));
    known.filter(|object| object["metadata"].is_object() && seen.insert(object.to_string())).collect()
}

/// The YAML documents of files, those in lists too. A file that is not valid YAML is a template, and left out.
fn documents(files: &[String]) -> impl Iterator<Item = Value> {
    let parsed = files.iter().filter(|text| text.contains("kind:")).filter_map(|text| {
        let budget = serde_saphyr::budget! { max_events: 20_000_000, max_nodes: 10_000_000, max_depth: 512 };
        let options = serde_saphyr::options! { budget: budget, emit_comments: false };
        serde_saphyr::from_multiple_with_options::<Value>(text, options).ok()
    });
    parsed.flatten().flat_map(|document| match document.get("items").and_then(Value::as_array) {
        Some(items) if document["kind"] == "List" => items.clone(),
        _ => vec![document],
    })
}

fn kind(object: &Value) -> String {
    let text = |key: &str| object[key].as_str().unwrap_or_default();
    format!("{} {}", text("apiVersion"), text("kind"))
}

pub(crate) fn outcome(schemas: &Schemas, object: &Value, written: &str) -> Outcome {
    let schema = &schemas.0[&kind(object)];
    let Ok(written) = serde_json::from_str::<Value>(written) else {
        // Of metadata nothing is known here.
        let is_wrong = written.contains("metadata.") || has_wrong_type(schema, object);
        return if is_wrong { Outcome::Refused(written.to_owned()) } else { Outcome::Lost(written.to_owned()) };
    };
    let mut compared = Compared::default();
    let (before, after) = (object.as_object().expect("an object"), written.as_object().expect("an object"));
    for key in before.keys().chain(after.keys()).filter(|key| !matches!(key.as_str(), "apiVersion" | "kind")) {
        let schema = if key == "metadata" { &Value::Null } else { &schema["properties"][key] };
        compared.member(key, schema, &schemas.0[&kind(object)], before.get(key), after.get(key));
    }
    match compared {
        Compared { lost: Some(place), .. } => Outcome::Lost(place),
        Compared { incomplete: true, .. } => Outcome::Incomplete,
        Compared { pruned: true, .. } => Outcome::Pruned,
        _ => Outcome::Unchanged,
    }
}

/// Whether a value, or one in it, has another type than its schema. A `null` counts as absent.
fn has_wrong_type(schema: &Value, value: &Value) -> bool {
    let is_integer = || value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0);
    let has_type = match schema["type"].as_str() {
        _ if value.is_null() => true,
        _ if schema["x-kubernetes-int-or-string"] == true => value.is_string() || is_integer(),
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.as_str().is_some_and(|text| schema["format"] != "byte" || is_base64(text)),
        Some("boolean") => value.is_boolean(),
        Some("integer") => is_integer(),
        Some("number") => value.is_number(),
        _ => true,
    };
    let values = &schema["additionalProperties"];
    let schema_of = |key: &str| schema["properties"].get(key).unwrap_or(values);
    !has_type
        || value.as_array().is_some_and(|items| items.iter().any(|item| has_wrong_type(&schema["items"], item)))
        || value.as_object().is_some_and(|members| members.iter().any(|(key, of)| has_wrong_type(schema_of(key), of)))
}

fn is_base64(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\n' | b'\r');
    text.bytes().all(is_digit)
}

#[derive(Default)]
struct Compared {
    pruned: bool,
    incomplete: bool,
    lost: Option<String>,
}

impl Compared {
    fn member(&mut self, place: &str, schema: &Value, owner: &Value, before: Option<&Value>, after: Option<&Value>) {
        let name = place.rsplit('/').next().unwrap_or_default();
        let is_required =
            owner["required"].as_array().is_some_and(|required| required.iter().any(|other| other == name));
        match (before, after) {
            (Some(before), Some(after)) => self.value(place, schema, before, after),
            // Of metadata nothing is known here but that Go drops a null.
            (Some(Value::Null), None) if schema.is_null() || schema["nullable"] != true => self.pruned = true,
            (Some(_), None) if schema.is_null() && owner["x-kubernetes-preserve-unknown-fields"] != true => {
                self.pruned = true;
            }
            // Metadata has required fields too, such as the uid of an owner.
            (None, Some(_)) if is_required || (owner.is_null() && place.starts_with("metadata/")) => {
                self.incomplete = true;
            }
            (before, after) => self.lose(place, &format!("{before:?} became {after:?}")),
        }
    }

    fn value(&mut self, place: &str, schema: &Value, before: &Value, after: &Value) {
        match (before, after) {
            (Value::Object(before), Value::Object(after)) => self.object(place, schema, before, after),
            (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
                for (index, (before, after)) in before.iter().zip(after).enumerate() {
                    self.value(&format!("{place}/{index}"), &schema["items"], before, after);
                }
            }
            // A quantity may be written as a number, and is a text.
            (Value::Number(before), Value::String(after)) if before.to_string() == *after => {}
            (Value::Number(before), Value::Number(after)) if before.as_f64() == after.as_f64() => {}
            // A required value that may not be null is its type's empty one.
            (Value::Null, _) if schema["nullable"] != true => self.incomplete = true,
            _ if before == after => {}
            _ => self.lose(place, &format!("{before} became {after}")),
        }
    }

    fn object(&mut self, place: &str, schema: &Value, before: &Map<String, Value>, after: &Map<String, Value>) {
        for key in before.keys().chain(after.keys().filter(|key| !before.contains_key(*key))) {
            let values = &schema["additionalProperties"];
            let schema_of = schema["properties"].get(key).unwrap_or(values);
            self.member(&format!("{place}/{key}"), schema_of, schema, before.get(key), after.get(key));
        }
    }

    fn lose(&mut self, place: &str, how: &str) {
        self.lost.get_or_insert_with(|| format!("{place}: {how}"));
    }
}
