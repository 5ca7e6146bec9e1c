//! Names of fields in CEL expressions.

const RESERVED: &[&str] = &[
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// The name of a field in expressions, with Kubernetes' escapes; `None` if expressions can't refer to it.
///
/// Source: <https://kubernetes.io/docs/reference/using-api/cel/#escaping>
pub(super) fn field(name: &str) -> Option<String> {
    if RESERVED.contains(&name) {
        return Some(format!("__{name}__"));
    }
    let starts_right = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let is_known = |letter: char| letter.is_ascii_alphanumeric() || "_.-/".contains(letter);
    if !starts_right || !name.chars().all(is_known) {
        return None;
    }
    let escaped = name.replace("__", "__underscores__").replace('.', "__dot__");
    Some(escaped.replace('-', "__dash__").replace('/', "__slash__"))
}

/// An expression for whether an object has one of these fields.
pub(super) fn has_any<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let tests = names.map(|name| Some(format!("has(self.{})", field(name)?))).collect::<Option<Vec<_>>>()?;
    Some(tests.join(" || "))
}

#[cfg(test)]
mod tests {
    use super::{field, has_any};

    #[test]
    fn names_are_escaped() {
        for (name, expected) in [
            ("type", Some("type")),
            ("namespace", Some("__namespace__")),
            ("a-b.c/d", Some("a__dash__b__dot__c__slash__d")),
            ("a__b", Some("a__underscores__b")),
            ("9", None),
            ("a b", None),
            ("", None),
        ] {
            assert_eq!(field(name).as_deref(), expected, "{name}");
        }
        assert_eq!(has_any(["a", "if"].into_iter()).as_deref(), Some("has(self.a) || has(self.__if__)"));
    }
}
