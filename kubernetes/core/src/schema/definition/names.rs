//! Checks the names of a definition.

use crate::schema::declaration::Declaration;
use crate::schema::error::Violation;

pub(super) fn violations(declaration: &Declaration) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut check = |what: &str, value: &str, is_valid: bool, rule: &str| {
        if !is_valid {
            violations.push(Violation { path: what.to_owned(), rule: format!("{value:?} {rule}") });
        }
    };
    let label = "must be a DNS label: at most 63 lower-case letters, digits or '-', starting with a letter";
    let group = declaration.group;
    check("group", group, group.split('.').count() > 1 && is_subdomain(group), "must be a DNS name with a dot");
    check("version", declaration.version.name, is_label(declaration.version.name), label);
    check("plural", declaration.plural, is_label(declaration.plural), label);
    check("singular", declaration.singular, is_label(declaration.singular), label);
    for (what, kind) in [("kind", declaration.kind), ("listKind", declaration.list_kind)] {
        check(what, kind, is_label(&kind.to_ascii_lowercase()), "must be a DNS label apart from its capital letters");
    }
    check("listKind", declaration.list_kind, declaration.list_kind != declaration.kind, "must differ from the kind");
    declaration.short_names.iter().for_each(|name| check("shortNames", name, is_label(name), label));
    declaration.categories.iter().for_each(|name| check("categories", name, is_label(name), label));
    violations
}

/// A label by RFC 1035, as Kubernetes checks it.
fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && bytes.first().is_some_and(u8::is_ascii_lowercase)
        && bytes.last().is_some_and(|last| *last != b'-')
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
}

/// A subdomain by RFC 1123, as Kubernetes checks it.
fn is_subdomain(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            let bytes = label.as_bytes();
            let ends = [bytes.first(), bytes.last()];
            ends.iter().all(|end| end.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
                && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
        })
}
