//! Whether a value fits a schema: for default values, which the API server checks.

use super::fields::{flag, is_type_pattern, text};
use crate::json::Tree;

/// The reason why a value does not fit a schema; `None` if it does. Patterns, formats and CEL expressions are not
/// checked.
pub(super) fn mismatch(schema: &Tree, value: &Tree) -> Option<String> {
    if matches!(value, Tree::Null) {
        return (!flag(schema, "nullable")).then(|| "null is only allowed with nullable".to_owned());
    }
    let kind = match value {
        Tree::Null => "null",
        Tree::Bool(_) => "boolean",
        Tree::Number(number) if number.contains(['.', 'e', 'E']) => "number",
        Tree::Number(_) => "integer",
        Tree::String(_) => "string",
        Tree::List(_) => "array",
        Tree::Object(_) => "object",
    };
    let fits = match text(schema, "type") {
        "" if is_int_or_string(schema) => matches!(kind, "integer" | "string"),
        "" => true,
        "number" => matches!(kind, "integer" | "number"),
        wanted => kind == wanted,
    };
    if !fits {
        return Some(format!("it is of type {kind}"));
    }
    if let Some(Tree::List(values)) = schema.get("enum")
        && !values.contains(value)
    {
        return Some("it is not one of the enum's values".to_owned());
    }
    match value {
        Tree::Number(number) => number_mismatch(schema, number),
        Tree::String(text) => count_mismatch(schema, ["minLength", "maxLength"], text.chars().count()),
        Tree::List(items) => count_mismatch(schema, ["minItems", "maxItems"], items.len())
            .or_else(|| items.iter().find_map(|item| mismatch(items_of(schema)?, item))),
        Tree::Object(fields) => object_mismatch(schema, fields),
        _ => None,
    }
}

/// The schema of a list's items; without one, the server removes the fields of items.
fn items_of(schema: &Tree) -> Option<&Tree> {
    const NONE: &Tree = &Tree::Object(Vec::new());
    schema.get("items").or_else(|| (!flag(schema, "x-kubernetes-preserve-unknown-fields")).then_some(NONE))
}

/// Whether only integers and strings fit: `x-kubernetes-int-or-string` alone lets all values pass.
fn is_int_or_string(schema: &Tree) -> bool {
    let first = match schema.get("allOf") {
        Some(Tree::List(all)) => all.first(),
        _ => None,
    };
    is_type_pattern(schema) || first.is_some_and(is_type_pattern)
}

fn number(schema: &Tree, key: &str) -> Option<f64> {
    match schema.get(key)? {
        Tree::Number(number) => number.parse().ok(),
        _ => None,
    }
}

fn number_mismatch(schema: &Tree, text: &str) -> Option<String> {
    let value: f64 = text.parse().ok()?;
    let low = number(schema, "minimum")
        .is_some_and(|least| value < least || value == least && flag(schema, "exclusiveMinimum"));
    let high =
        number(schema, "maximum").is_some_and(|most| value > most || value == most && flag(schema, "exclusiveMaximum"));
    match (low, high) {
        (true, _) => Some(format!("{text} is less than the minimum")),
        (_, true) => Some(format!("{text} is more than the maximum")),
        _ => None,
    }
}

fn count_mismatch(schema: &Tree, [least, most]: [&str; 2], count: usize) -> Option<String> {
    let count = count as f64;
    if number(schema, least).is_some_and(|least| count < least) {
        return Some(format!("it has less than {least}"));
    }
    number(schema, most).is_some_and(|most| count > most).then(|| format!("it has more than {most}"))
}

fn object_mismatch(schema: &Tree, fields: &[(crate::Str, Tree)]) -> Option<String> {
    if let Some(counted) = count_mismatch(schema, ["minProperties", "maxProperties"], fields.len()) {
        return Some(counted);
    }
    if let Some(Tree::List(required)) = schema.get("required") {
        let missing = required.iter().filter_map(Tree::as_str).find(|name| {
            // A field with a default value is set before the value is checked.
            let property = schema.get("properties").and_then(|properties| properties.get(name));
            !fields.iter().any(|(key, _)| key == name)
                && property.is_none_or(|property| property.get("default").is_none())
        });
        if let Some(missing) = missing {
            return Some(format!("the required field {missing} is missing"));
        }
    }
    let properties = schema.get("properties");
    fields.iter().find_map(|(key, value)| {
        match properties.and_then(|properties| properties.get(key)).or_else(|| schema.get("additionalProperties")) {
            Some(schema) => mismatch(schema, value).map(|rule| format!("{key}: {rule}")),
            None if flag(schema, "x-kubernetes-preserve-unknown-fields") => None,
            None => {
                Some(format!("{} is not a field of the type, and would be removed", crate::text::printable(key, 80)))
            }
        }
    })
}
