//! Checks conditions (`allOf`, `anyOf`, `oneOf`, `not`), which must not define structure.

use super::{Checker, list, object};
use crate::json::Tree;
use crate::schema::fields::is_type_pattern;

const JUNCTORS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
const FORBIDDEN: &[&str] = &[
    "type",
    "additionalProperties",
    "default",
    "title",
    "description",
    "nullable",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-validations",
];

impl<'a> Checker<'a> {
    pub(super) fn conditions(&mut self, schema: &'a Tree) {
        self.branches(schema, is_type_pattern(schema), true);
    }

    /// Checks the conditions of a schema or condition. Only the `anyOf` of an int-or-string may have types; at the top
    /// of a schema, it may also be in the first part of the `allOf`.
    fn branches(&mut self, schema: &'a Tree, has_types: bool, is_whole: bool) {
        for junctor in JUNCTORS.into_iter().filter(|junctor| !(has_types && *junctor == "anyOf")) {
            for (index, branch) in list(schema, junctor).iter().enumerate() {
                let may_have_types = is_whole && junctor == "allOf" && index == 0;
                self.within(junctor, |checker| checker.condition(branch, may_have_types && is_type_pattern(branch)));
            }
        }
        if let Some(branch) = schema.get("not") {
            self.within("not", |checker| checker.condition(branch, false));
        }
    }

    fn condition(&mut self, condition: &'a Tree, has_types: bool) {
        for key in FORBIDDEN {
            let is_set = condition.get(key).is_some_and(is_set);
            self.require(!is_set, &format!("{key} must not be set inside of a condition"));
        }
        self.branches(condition, has_types, false);
        if let Some(items) = condition.get("items") {
            self.within("items", |checker| checker.condition(items, false));
        }
        for (name, property) in object(condition, "properties") {
            self.require(name != "metadata", "metadata must not be specified inside of a condition");
            self.within(name, |checker| checker.condition(property, false));
        }
    }

    /// Checks that everything the conditions of a schema refer to is in its structure.
    pub(super) fn complete(&mut self, structure: &Tree, condition: &'a Tree) {
        let branches = JUNCTORS.iter().flat_map(|junctor| list(condition, junctor)).chain(condition.get("not"));
        branches.for_each(|branch| self.complete_branch(structure, branch));
    }

    fn complete_branch(&mut self, structure: &Tree, branch: &'a Tree) {
        self.complete(structure, branch);
        for (name, property) in object(branch, "properties") {
            let known = object(structure, "properties").iter().find(|(other, _)| other == name);
            self.complete_part(name, known.map(|(_, structure)| structure), property);
        }
        if let Some(items) = branch.get("items") {
            self.complete_part("items", structure.get("items"), items);
        }
    }

    fn complete_part(&mut self, name: &'a str, structure: Option<&Tree>, condition: &'a Tree) {
        self.within(name, |checker| match structure {
            Some(structure) => checker.complete_branch(structure, condition),
            None => checker.report("is in a condition but not in the structure"),
        });
    }
}

/// Whether a keyword with this value differs from an absent one.
fn is_set(value: &Tree) -> bool {
    match value {
        Tree::Null | Tree::Bool(false) => false,
        Tree::String(text) => !text.is_empty(),
        Tree::List(items) => !items.is_empty(),
        _ => true,
    }
}
