//! The rules for labels and annotations.
//!
//! From `ValidateLabels` and `ValidateAnnotations` in
//! <https://github.com/kubernetes/apimachinery/tree/v0.37.2/pkg>.

use serde_json::{Map, Value};

use crate::resources::check_subdomain;

/// `TotalAnnotationSizeLimitB`
const MAX_ANNOTATION_BYTES: usize = 256 * 1024;
const MAX_NAME_BYTES: usize = 63;

const NAME: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
                    alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
                    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and \
                     must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', \
                     regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// The first fault of labels.
pub(crate) fn label_fault(labels: &Map<String, Value>) -> Option<String> {
    labels.iter().find_map(|(key, value)| {
        let value = value.as_str().unwrap_or_default();
        let of_key = key_fault(key).map(|why| (key.as_str(), why));
        let (wrong, why) = of_key.or_else(|| value_fault(value).map(|why| (value, why.to_owned())))?;
        Some(format!("metadata.labels: Invalid value: {wrong:?}: {why}"))
    })
}

/// The first fault of annotations.
pub(crate) fn annotation_fault(annotations: &Map<String, Value>) -> Option<String> {
    let mut bytes = 0;
    for (key, value) in annotations {
        // The case of keys does not matter.
        if let Some(why) = key_fault(&key.to_lowercase()) {
            return Some(format!("metadata.annotation: Invalid value: {key:?}: {why}"));
        }
        bytes += key.len() + value.as_str().unwrap_or_default().len();
    }
    (bytes > MAX_ANNOTATION_BYTES)
        .then(|| format!("metadata.annotation: Too long: may not be more than {MAX_ANNOTATION_BYTES} bytes"))
}

/// Like `IsLabelKey`: an optional prefix, which is a subdomain, and a name.
fn key_fault(key: &str) -> Option<String> {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    if name.contains('/') {
        return Some(format!(
            "a valid label key {NAME} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        ));
    }
    let prefix_fault = prefix.and_then(|prefix| match prefix {
        "" => Some("must be non-empty"),
        prefix => check_subdomain(prefix).err(),
    });
    if let Some(why) = prefix_fault {
        return Some(format!("prefix part {why}"));
    }
    match name {
        "" => Some("name part must be non-empty".to_owned()),
        name if name.len() > MAX_NAME_BYTES => Some(format!("name part must be no more than {MAX_NAME_BYTES} bytes")),
        name => (!is_name(name)).then(|| format!("name part {NAME}")),
    }
}

/// Like `IsLabelValue`.
fn value_fault(value: &str) -> Option<&'static str> {
    match value {
        "" => None,
        value if value.len() > MAX_NAME_BYTES => Some("must be no more than 63 bytes"),
        value => (!is_name(value)).then_some(VALUE),
    }
}

fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
        && ends.iter().all(|end| end.is_some_and(u8::is_ascii_alphanumeric))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn labels_and_annotations_have_kubernetes_rules() {
        let fields = |value: Value| value.as_object().cloned().expect("an object");
        let label = |key: &str, value: &str| label_fault(&fields(json!({ key: value })));
        for (key, value) in [("app", ""), ("example.com/MyName", "my_value"), ("a-b.c_d", "1")] {
            assert_eq!(label(key, value), None);
        }
        for (key, value, part) in [
            ("a b", "x", "\"a b\": name part must consist"),
            ("", "x", "name part must be non-empty"),
            ("/a", "x", "prefix part must be non-empty"),
            ("Example.com/a", "x", "prefix part a lowercase RFC 1123 subdomain"),
            ("a/b/c", "x", "a valid label key must consist"),
            ("app", "-x", "\"-x\": a valid label must be"),
            ("app", &"x".repeat(64), "must be no more than 63 bytes"),
        ] {
            let fault = label(key, value).expect("a fault");
            assert!(fault.starts_with("metadata.labels: Invalid value: ") && fault.contains(part), "{fault}");
        }
        let annotation = |key: &str, value: &str| annotation_fault(&fields(json!({ key: value })));
        assert_eq!(annotation("Example.com/a", "any text - of any form"), None);
        assert!(annotation("a b", "").is_some() && annotation("a", &"x".repeat(MAX_ANNOTATION_BYTES)).is_some());
    }
}
