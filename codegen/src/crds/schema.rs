//! The schema of a custom resource, reduced to what decides about types.

use serde_json::{Map, Value, json};

use crate::error::{Error, Place};

/// What stays as it is. All else only constrains values: bounds, patterns, rules, and `allOf`, `anyOf`, `oneOf` and
/// `not`, which in a structural schema may neither add properties nor give types.
///
/// Source: `k8s.io/apiextensions-apiserver/pkg/apiserver/schema/structural.go`.
const KEPT: &[&str] = &[
    "type",
    "description",
    "default",
    "nullable",
    "x-kubernetes-int-or-string",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-embedded-resource",
];

/// The formats that decide about types.
const FORMATS: &[&str] = &["byte", "int32", "int64", "int-or-string"];

/// Reduces a schema; what is wrong in it is left out.
pub(super) fn reduce(place: &Place<'_>, schema: &Value, problems: &mut Vec<Error>) -> Value {
    let Some(members) = schema.as_object() else {
        problems.push(place.error("a schema must be an object"));
        return json!({});
    };
    for key in ["$ref", "definitions", "patternProperties", "dependencies", "additionalItems"] {
        if members.contains_key(key) {
            problems.push(place.key(key).error(format!("`{key}` is not allowed in the schema of a custom resource")));
        }
    }
    let mut reduced: Map<String, Value> = members
        .iter()
        .filter(|(key, _)| KEPT.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if let Some(format) =
        members.get("format").filter(|format| format.as_str().is_some_and(|name| FORMATS.contains(&name)))
    {
        reduced.insert("format".to_owned(), format.clone());
    }
    if let Some(values) = strings(members, "enum") {
        reduced.insert("enum".to_owned(), values.into());
    }
    if let Some(required) = strings(members, "required") {
        reduced.insert("required".to_owned(), required.into());
    }
    if let Some(properties) = members.get("properties").and_then(Value::as_object) {
        let place = place.key("properties");
        let reduced_properties =
            properties.iter().map(|(name, schema)| (name.clone(), reduce(&place.key(name), schema, problems)));
        reduced.insert("properties".to_owned(), Value::Object(reduced_properties.collect()));
        reduced.entry("type").or_insert_with(|| "object".into());
    }
    if let Some(items) = members.get("items") {
        reduced.insert("items".to_owned(), reduce(&place.key("items"), items, problems));
    }
    match members.get("additionalProperties") {
        None => {}
        Some(Value::Bool(allowed)) => {
            reduced.insert("additionalProperties".to_owned(), json!(allowed));
        }
        Some(values) => {
            reduced.insert(
                "additionalProperties".to_owned(),
                reduce(&place.key("additionalProperties"), values, problems),
            );
        }
    }
    Value::Object(reduced)
}

/// A list of strings; values of an enum that are none (numbers, `null`) leave the type without known values.
fn strings(members: &Map<String, Value>, key: &str) -> Option<Vec<String>> {
    members.get(key)?.as_array()?.iter().map(|value| value.as_str().map(str::to_owned)).collect()
}
