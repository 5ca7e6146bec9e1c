//! Conditions (`allOf`, `anyOf`, `oneOf`, `not`), which say nothing of structure.

use super::{Checker, flag, list, object, text};
use crate::json::Tree;

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
        let is_int_or_string = flag(schema, "x-kubernetes-int-or-string");
        for junctor in JUNCTORS {
            for (index, branch) in list(schema, junctor).iter().enumerate() {
                if is_int_or_string && junctor == "anyOf" && is_type_pattern(schema) {
                    continue;
                }
                let is_first = is_int_or_string && junctor == "allOf" && index == 0 && is_type_pattern(branch);
                self.within(junctor, |checker| checker.condition(branch, is_first));
            }
        }
        if let Some(branch) = schema.get("not") {
            self.within("not", |checker| checker.condition(branch, false));
        }
    }

    /// Checks one condition; that of an int-or-string has types.
    fn condition(&mut self, condition: &'a Tree, has_types: bool) {
        for key in FORBIDDEN {
            self.require(condition.get(key).is_none(), &format!("{key} must not be set inside of a condition"));
        }
        if !has_types {
            self.conditions(condition);
        }
        if let Some(items) = condition.get("items") {
            self.within("items", |checker| checker.condition(items, false));
        }
        for (name, property) in object(condition, "properties") {
            self.require(name != "metadata", "metadata must not be specified inside of a condition");
            self.within(name, |checker| checker.condition(property, false));
        }
    }

    /// Checks that all that the conditions of a schema are about is in its structure.
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
            None => checker.report("is in a condition and not in the structure"),
        });
    }
}

/// Whether a schema has the one `anyOf` that may have types: of an integer and a string.
fn is_type_pattern(schema: &Tree) -> bool {
    let types: Vec<&str> = list(schema, "anyOf").iter().map(|branch| text(branch, "type")).collect();
    types == ["integer", "string"]
}
