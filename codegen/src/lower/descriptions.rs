//! The list of possible values that Kubernetes appends to the description of an enum.

use std::collections::HashMap;

use serde_json::Value;

/// How the list begins.
pub(crate) const POSSIBLE_VALUES: &str = "Possible enum values:";

/// The description of each value.
pub(super) fn possible_values(description: &str) -> HashMap<&str, String> {
    let Some((_, list)) = description.split_once(POSSIBLE_VALUES) else { return HashMap::new() };
    let mut values: HashMap<&str, String> = HashMap::new();
    let mut last = None;
    for line in list.lines() {
        if let Some((value, text)) = line.strip_prefix(" - `\"").and_then(|rest| rest.split_once("\"`")) {
            values.insert(value, text.trim().to_owned());
            last = Some(value);
        } else if let Some(text) = last.and_then(|value| values.get_mut(value)) {
            text.push('\n');
            text.push_str(line);
        }
    }
    values
}

/// The description without the list.
pub(super) fn without_possible_values(description: &str) -> &str {
    description.split_once(POSSIBLE_VALUES).map_or(description, |(before, _)| before).trim_end()
}

/// The description with the value that the server sets. An empty one says nothing; of a built-in type neither does 0 or
/// `false`, which is there for each field that Go always writes.
pub(super) fn with_default(description: &str, default: &Value, is_built_in: bool) -> String {
    let text = match default {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if says_nothing(default, is_built_in) || text.contains(['`', '\n']) {
        return description.to_owned();
    }
    format!("{}\n\nThe server's default is `{text}`.", description.trim_end()).trim_start().to_owned()
}

/// Whether a default value is no more than that of the type.
pub(crate) fn says_nothing(default: &Value, is_built_in: bool) -> bool {
    match default {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(value) => is_built_in && !value,
        Value::Number(number) => is_built_in && number.as_f64() == Some(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn possible_values_are_told_apart() {
        let description =
            "Where.\n\nPossible enum values:\n - `\"\"` the empty one\n - `\"A\"`\n - `\"B\"` means b\n  more of b";
        let values = possible_values(description);
        assert_eq!(values[""], "the empty one");
        assert_eq!(values["A"], "");
        assert_eq!(values["B"], "means b\n  more of b");
        assert_eq!(without_possible_values(description), "Where.");
        assert_eq!(without_possible_values("No list."), "No list.");
    }
}
