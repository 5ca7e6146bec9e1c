//! Changes of the values that a type takes.

use serde_json::Value;

use super::Found;

pub(super) fn compare(found: &mut Found, old: &Value, new: &Value) {
    for key in ["minimum", "minLength", "minItems", "minProperties"] {
        limit(found, key, &old[key], &new[key], |before, after| after > before);
    }
    for key in ["maximum", "maxLength", "maxItems", "maxProperties"] {
        limit(found, key, &old[key], &new[key], |before, after| after < before);
    }
    for key in ["exclusiveMinimum", "exclusiveMaximum"] {
        match (is(old, key), is(new, key)) {
            (false, true) => found.breaking(format!("{key} was added")),
            (true, false) => found.change(format!("{key} was removed")),
            _ => {}
        }
    }
    for key in ["pattern", "format", "multipleOf", "oneOf", "anyOf", "allOf", "not"] {
        match (&old[key], &new[key]) {
            (before, after) if before == after => {}
            (Value::Null, _) => found.breaking(format!("{key} was added")),
            (_, Value::Null) => found.change(format!("{key} was removed")),
            _ => found.breaking(format!("{key} changed")),
        }
    }
    match (is(old, "nullable"), is(new, "nullable")) {
        (true, false) => found.breaking("null is no longer allowed"),
        (false, true) => found.change("null is allowed"),
        _ => {}
    }
    values(found, &old["enum"], &new["enum"]);
}

fn limit(found: &mut Found, key: &str, old: &Value, new: &Value, narrows: fn(f64, f64) -> bool) {
    match (old.as_f64(), new.as_f64()) {
        (None, Some(after)) => found.breaking(format!("{key} {after} was added")),
        (Some(before), None) => found.change(format!("{key} {before} was removed")),
        (Some(before), Some(after)) if narrows(before, after) => {
            found.breaking(format!("{key} changed from {before} to {after}"));
        }
        (Some(before), Some(after)) if narrows(after, before) => {
            found.change(format!("{key} changed from {before} to {after}"));
        }
        _ => {}
    }
}

fn values(found: &mut Found, old: &Value, new: &Value) {
    let (Some(before), Some(after)) = (old.as_array(), new.as_array()) else {
        match (old.is_array(), new.is_array()) {
            (false, true) => found.breaking("the values are limited to those of an enum"),
            (true, false) => found.change("any value is allowed"),
            _ => {}
        }
        return;
    };
    for value in before.iter().filter(|value| !after.contains(value)) {
        found.breaking(format!("the value {value} was removed"));
    }
    for value in after.iter().filter(|value| !before.contains(value)) {
        found.change(format!("the value {value} was added"));
    }
}

/// Whether a keyword is true.
pub(super) fn is(schema: &Value, key: &str) -> bool {
    schema[key] == true
}
