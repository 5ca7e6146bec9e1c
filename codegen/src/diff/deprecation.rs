/// Whether a description calls what it describes deprecated. Swagger 2.0 has no key for it but on operations, and
/// Kubernetes writes it into the text, as Go's convention asks.
pub(super) fn is_deprecated(description: Option<&str>) -> bool {
    let Some(description) = description else { return false };
    let text = description.to_lowercase();
    let begins = |sentence: &str| sentence.trim_start_matches([' ', '*', '(', '\n']).starts_with("deprecated");
    text.split(['\n', '.', ';']).any(begins)
        || ["this field is deprecated", "this is deprecated", "this type is deprecated", "has been deprecated"]
            .iter()
            .any(|phrase| text.contains(phrase))
}

#[cfg(test)]
mod tests {
    use super::is_deprecated;

    #[test]
    fn descriptions() {
        for description in [
            "Deprecated: use spec.x instead.",
            "The name. Deprecated, not used.",
            "DEPRECATED 1.9 - This group version is deprecated by apps/v1.",
            "ip.\nDeprecated: see ips",
            "nothing. This field is deprecated in v1.33+",
        ] {
            assert!(is_deprecated(Some(description)), "{description}");
        }
        for description in ["The name.", "Warns about deprecated fields.", "Whether deprecated versions are served."] {
            assert!(!is_deprecated(Some(description)), "{description}");
        }
        assert!(!is_deprecated(None));
    }
}
