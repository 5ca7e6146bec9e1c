//! Changes of a structural schema.

use serde_json::Value;

use super::Found;
use super::limits::{self, is};

/// Compares the schemas of a value; `is_correlatable` if the server can compare it with the value before an update.
pub(super) fn compare(found: &mut Found, old: &Value, new: &Value, is_correlatable: bool) {
    if old == new {
        return;
    }
    let text = |schema: &Value, key: &str| schema[key].as_str().unwrap_or_default().to_owned();
    if kind(old) != kind(new) {
        return found.breaking(format!("the type changed from {} to {}", kind(old), kind(new)));
    }
    for key in ["x-kubernetes-list-type", "x-kubernetes-map-type"] {
        let (before, after) = (text(old, key), text(new, key));
        if before != after {
            let name = |value: &str| if value.is_empty() { "none".to_owned() } else { value.to_owned() };
            found.breaking(format!("{key} changed from {} to {}", name(&before), name(&after)));
        }
    }
    if old["x-kubernetes-list-map-keys"] != new["x-kubernetes-list-map-keys"] {
        found.breaking("the list map keys changed");
    }
    if is(old, PRESERVE) && !is(new, PRESERVE) {
        found.breaking("unknown fields are no longer kept");
    } else if !is(old, PRESERVE) && is(new, PRESERVE) {
        found.change("unknown fields are kept");
    }
    if old["default"] != new["default"] {
        let show = |value: &Value| if value.is_null() { "none".to_owned() } else { value.to_string() };
        found.change(format!("the default value changed from {} to {}", show(&old["default"]), show(&new["default"])));
    }
    limits::compare(found, old, new);
    rules(found, old, new, is_correlatable);
    properties(found, old, new, is_correlatable && text(new, "x-kubernetes-map-type") != "atomic");
    let is_map_list = text(new, "x-kubernetes-list-type") == "map";
    within(found, "[]", &old["items"], &new["items"], is_correlatable && is_map_list);
    within(found, "*", &old["additionalProperties"], &new["additionalProperties"], is_correlatable);
}

const PRESERVE: &str = "x-kubernetes-preserve-unknown-fields";

/// The type of a schema, in words.
fn kind(schema: &Value) -> &str {
    match schema["type"].as_str() {
        _ if is(schema, "x-kubernetes-int-or-string") => "int-or-string",
        Some("object") if schema["additionalProperties"].is_object() => "map",
        Some(name) => name,
        None => "any",
    }
}

fn within(found: &mut Found, segment: &str, old: &Value, new: &Value, is_correlatable: bool) {
    if old.is_object() && new.is_object() {
        found.path.push(segment.to_owned());
        compare(found, old, new, is_correlatable);
        found.path.pop();
    }
}

fn properties(found: &mut Found, old: &Value, new: &Value, is_correlatable: bool) {
    let none = serde_json::Map::new();
    let of = |schema: &Value| schema["properties"].as_object().cloned().unwrap_or_else(|| none.clone());
    let (before, after) = (of(old), of(new));
    let requires = |schema: &Value, name: &str| {
        schema["required"].as_array().is_some_and(|names| names.iter().any(|other| other == name))
    };
    for (name, property) in &before {
        found.path.push(name.clone());
        match after.get(name) {
            None if is(new, PRESERVE) => found.change("the field was removed, but is kept as an unknown field"),
            None => found.breaking("the field was removed"),
            Some(other) => {
                compare(found, property, other, is_correlatable);
                match (requires(old, name), requires(new, name)) {
                    (false, true) if other["default"].is_null() => found.breaking("the field was made required"),
                    (false, true) => found.change("the field was made required, with a default value"),
                    (true, false) => found.change("the field was made optional"),
                    _ => {}
                }
            }
        }
        found.path.pop();
    }
    for (name, property) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        found.path.push(name.clone());
        match requires(new, name) && property["default"].is_null() {
            true => found.breaking("a required field was added"),
            false => found.change("the field was added"),
        }
        found.path.pop();
    }
}

fn rules(found: &mut Found, old: &Value, new: &Value, is_correlatable: bool) {
    let of = |schema: &Value| -> Vec<String> {
        let rules = schema["x-kubernetes-validations"].as_array().cloned().unwrap_or_default();
        rules.iter().filter_map(|rule| rule["rule"].as_str().map(str::to_owned)).collect()
    };
    let (before, after) = (of(old), of(new));
    for rule in after.iter().filter(|rule| !before.contains(rule)) {
        match is_correlatable {
            true => found.change(format!("a rule was added, which only applies to values that change: {rule}")),
            false => found.breaking(format!("a rule was added that also applies to unchanged values: {rule}")),
        }
    }
    for rule in before.iter().filter(|rule| !after.contains(rule)) {
        found.change(format!("a rule was removed: {rule}"));
    }
}
