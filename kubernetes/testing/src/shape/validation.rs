//! Validation by the structural schema of a custom resource.
//!
//! Types, required fields, enumerations, and the bounds of numbers, lengths and counts are checked; patterns, formats,
//! combinations (`oneOf`) and CEL rules are not.

use serde_json::{Map, Value};

use super::structural::{OWN, flag};
use crate::status::Cause;

/// The fields of an object that violate the schema.
///
/// Only the first violations are returned, since each has its path, which can be long.
pub(crate) fn validate(schema: &Value, object: &Map<String, Value>) -> Vec<Cause> {
    let mut causes = Causes { found: Vec::new(), bytes: 0 };
    check_fields(schema, object, "", &mut causes);
    causes.found
}

/// The maximum size of the returned causes.
const MAX_CAUSE_BYTES: usize = 1024 * 1024;

struct Causes {
    found: Vec<Cause>,
    bytes: usize,
}

impl Causes {
    fn push(&mut self, cause: Cause) {
        if !self.is_full() {
            self.bytes += cause.to_string().len();
            self.found.push(cause);
        }
    }

    fn is_full(&self) -> bool {
        self.bytes > MAX_CAUSE_BYTES
    }
}

fn check_fields(schema: &Value, object: &Map<String, Value>, path: &str, causes: &mut Causes) {
    let join = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let is_root = path.is_empty();
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let is_there = |name: &str| object.contains_key(name) || (is_root && OWN.contains(&name));
    for name in required.filter(|name| !is_there(name)) {
        causes.push(Cause::required(join(name), ""));
    }
    for (name, value) in object {
        if is_root && OWN.contains(&name.as_str()) {
            continue;
        }
        let known = schema.get("properties").and_then(|fields| fields.get(name));
        let other = schema.get("additionalProperties").filter(|values| values.is_object());
        if let Some(schema) = known.or(other) {
            check_value(schema, value, &join(name), causes);
        }
    }
}

fn check_value(schema: &Value, value: &Value, path: &str, causes: &mut Causes) {
    if causes.is_full() || (value.is_null() && flag(schema, "nullable")) {
        return;
    }
    let wrong_type = check_type(schema, value, path);
    let is_wrong = wrong_type.is_some();
    wrong_type.into_iter().for_each(|cause| causes.push(cause));
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array).filter(|allowed| !allowed.contains(value)) {
        let allowed: Vec<String> =
            allowed.iter().map(|value| value.as_str().map_or(value.to_string(), str::to_owned)).collect();
        let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
        causes.push(Cause::not_supported(path, value, &allowed));
    }
    if is_wrong {
        return;
    }
    check_bounds(schema, value, path, causes);
    match value {
        Value::Object(object) => check_fields(schema, object, path, causes),
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for (index, item) in items.iter().enumerate() {
                    check_value(schema, item, &format!("{path}[{index}]"), causes);
                }
            }
        }
        _ => {}
    }
}

fn check_type(schema: &Value, value: &Value, path: &str) -> Option<Cause> {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() && number.as_f64().is_none_or(|number| number.fract() != 0.0) => {
            "number"
        }
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if flag(schema, "x-kubernetes-int-or-string") && matches!(found, "integer" | "string") {
        return None;
    }
    let expected = schema.get("type").and_then(Value::as_str)?;
    if expected == found || (expected, found) == ("number", "integer") {
        return None;
    }
    Some(Cause::wrong_type(path, found, &format!("{path} in body must be of type {expected}: {found:?}")))
}

/// Bounds of numbers, and of the sizes of texts, lists and maps.
fn check_bounds(schema: &Value, value: &Value, path: &str, causes: &mut Causes) {
    let (size, names, unit) = match value {
        Value::Number(number) => (number.as_f64(), ["minimum", "maximum"], ""),
        Value::String(text) => (Some(text.chars().count() as f64), ["minLength", "maxLength"], " chars long"),
        Value::Array(items) => (Some(items.len() as f64), ["minItems", "maxItems"], " items"),
        Value::Object(fields) => (Some(fields.len() as f64), ["minProperties", "maxProperties"], " properties"),
        _ => return,
    };
    let Some(size) = size else { return };
    for (name, is_least) in names.into_iter().zip([true, false]) {
        let Some(bound) = schema.get(name) else { continue };
        let Some(limit) = bound.as_f64() else { continue };
        if (is_least && size >= limit) || (!is_least && size <= limit) {
            continue;
        }
        let why = match (unit, is_least) {
            ("", true) => format!("should be greater than or equal to {bound}"),
            ("", false) => format!("should be less than or equal to {bound}"),
            (unit, true) => format!("should be at least {bound}{unit}"),
            (unit, false) => format!("should be at most {bound}{unit}"),
        };
        causes.push(Cause::invalid(path, value, &format!("{path} in body {why}")));
    }
}
