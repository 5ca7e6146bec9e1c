//! The list of possible values that Kubernetes appends to the description of an enum.

use std::collections::HashMap;

const TITLE: &str = "Possible enum values:";

/// What the description says of each value.
pub(super) fn possible_values(description: &str) -> HashMap<&str, String> {
    let Some((_, list)) = description.split_once(TITLE) else { return HashMap::new() };
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
    description.split_once(TITLE).map_or(description, |(before, _)| before).trim_end()
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
