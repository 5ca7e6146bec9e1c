//! Schemas as JSON while they are assembled.

use crate::Str;
use crate::json::{Tree, Value};

pub(super) type Fields = Vec<(Str, Tree)>;

pub(super) const PRESERVE: &str = "x-kubernetes-preserve-unknown-fields";

pub(super) fn required_branch(names: &[Str]) -> Tree {
    let names = names.iter().cloned().map(Tree::String).collect();
    Tree::Object(vec![("required".into(), Tree::List(names))])
}

pub(super) fn set(fields: &mut Fields, key: &str, value: Tree) {
    match fields.iter_mut().find(|(name, _)| name == key) {
        Some((_, old)) => *old = value,
        None => fields.push((key.into(), value)),
    }
}

pub(super) fn take(fields: &mut Fields, key: &str) -> Option<Tree> {
    let index = fields.iter().position(|(name, _)| name == key)?;
    Some(fields.remove(index).1)
}

/// Adds alternatives to those of a schema.
pub(super) fn add_junctor(fields: &mut Fields, key: &'static str, branches: Vec<Tree>) {
    let added = Tree::List(branches);
    match take(fields, key) {
        None => set(fields, key, added),
        Some(first) => {
            let mut all = match take(fields, "allOf") {
                Some(Tree::List(all)) => all,
                _ => Vec::new(),
            };
            // The alternatives of an int-or-string are recognized only in the first place.
            all.insert(0, Tree::Object(vec![(key.into(), first)]));
            all.push(Tree::Object(vec![(key.into(), added)]));
            set(fields, "allOf", Tree::List(all));
        }
    }
}

/// A condition that holds if none of these does.
pub(super) fn none_of(branches: Vec<Tree>) -> Tree {
    let any = Tree::Object(vec![("anyOf".into(), Tree::List(branches))]);
    Tree::Object(vec![("not".into(), any)])
}

pub(super) fn add_rules(fields: &mut Fields, added: impl Iterator<Item = Tree>) {
    let mut rules = match take(fields, RULES) {
        Some(Tree::List(rules)) => rules,
        _ => Vec::new(),
    };
    rules.extend(added);
    if !rules.is_empty() {
        set(fields, RULES, Tree::List(rules));
    }
}

pub(super) const RULES: &str = "x-kubernetes-validations";

/// Converts a value that can always be written into a document.
pub(super) fn document<V: Value>(value: &V) -> Tree {
    Tree::from_value(value).unwrap_or_default()
}

pub(super) fn flag(schema: &Tree, key: &str) -> bool {
    matches!(schema.get(key), Some(Tree::Bool(true)))
}

pub(super) fn text<'a>(schema: &'a Tree, key: &str) -> &'a str {
    schema.get(key).and_then(Tree::as_str).unwrap_or_default()
}

/// Whether the `anyOf` of a schema is that of an int-or-string: exactly an integer and a string.
pub(super) fn is_type_pattern(schema: &Tree) -> bool {
    let is = |branch: &Tree, name: &str| {
        matches!(branch, Tree::Object(fields) if fields.len() == 1) && text(branch, "type") == name
    };
    match schema.get("anyOf") {
        Some(Tree::List(branches)) => {
            matches!(branches.as_slice(), [first, second] if is(first, "integer") && is(second, "string"))
        }
        _ => false,
    }
}
