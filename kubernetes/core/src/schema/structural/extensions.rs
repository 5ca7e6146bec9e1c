//! Checks Kubernetes' own keywords.

use super::{Checker, Place, flag, list, object, text};
use crate::json::Tree;

const REASONS: &[&str] = &["", "FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired", "FieldValueDuplicate"];

impl<'a> Checker<'a> {
    pub(super) fn extensions(&mut self, schema: &'a Tree, _place: Place) {
        if flag(schema, "x-kubernetes-int-or-string") {
            for other in ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"] {
                self.require(
                    !flag(schema, other),
                    &format!("{other} and x-kubernetes-int-or-string exclude each other"),
                );
            }
        }
        if schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Tree::Bool(false)) {
            self.report("x-kubernetes-preserve-unknown-fields must be true or absent");
        }
        match text(schema, "x-kubernetes-map-type") {
            "" => {}
            "atomic" | "granular" => {
                self.require(text(schema, "type") == "object", "type must be object with x-kubernetes-map-type");
            }
            _ => self.report("x-kubernetes-map-type must be atomic or granular"),
        }
        self.list_type(schema);
        for rule in list(schema, "x-kubernetes-validations") {
            self.rule(rule);
        }
    }

    fn list_type(&mut self, schema: &'a Tree) {
        let list_type = text(schema, "x-kubernetes-list-type");
        let keys = list(schema, "x-kubernetes-list-map-keys");
        if list_type.is_empty() && keys.is_empty() {
            return;
        }
        self.require(text(schema, "type") == "array", "type must be array with x-kubernetes-list-type");
        self.require(list_type == "map" || keys.is_empty(), "x-kubernetes-list-map-keys needs list type map");
        let Some(items) = schema.get("items") else { return };
        match list_type {
            "atomic" => {}
            "set" => {
                self.require(!flag(items, "nullable"), "items of a list of type set must not be nullable");
                let is_atomic = match text(items, "type") {
                    "object" => text(items, "x-kubernetes-map-type") == "atomic",
                    "array" => matches!(text(items, "x-kubernetes-list-type"), "" | "atomic"),
                    _ => true,
                };
                self.require(is_atomic, "items of a list of type set must be scalars or atomic");
            }
            "map" => self.map_list(items, keys),
            _ => self.report("x-kubernetes-list-type must be atomic, set or map"),
        }
    }

    fn map_list(&mut self, items: &Tree, keys: &'a [Tree]) {
        self.require(text(items, "type") == "object", "items of a list of type map must be objects");
        self.require(!flag(items, "nullable"), "items of a list of type map must not be nullable");
        self.require(!keys.is_empty(), "x-kubernetes-list-map-keys must not be empty with list type map");
        for (index, key) in keys.iter().enumerate() {
            let Some(name) = key.as_str() else { return self.report("x-kubernetes-list-map-keys must be names") };
            self.require(!keys[..index].contains(key), &format!("the list map key {name} appears twice"));
            let Some((_, property)) = object(items, "properties").iter().find(|(other, _)| other == name) else {
                self.report(format!("the list map key {name} is not a field of the items"));
                continue;
            };
            let is_scalar = matches!(text(property, "type"), "string" | "integer" | "number" | "boolean")
                || flag(property, "x-kubernetes-int-or-string");
            self.require(is_scalar, &format!("the list map key {name} must be a scalar"));
            let is_required = list(items, "required").iter().any(|required| required.as_str() == Some(name));
            let is_certain = is_required || property.get("default").is_some();
            self.require(is_certain, &format!("the list map key {name} must be required or have a default value"));
            self.require(!flag(property, "nullable"), &format!("the list map key {name} must not be nullable"));
        }
    }

    fn rule(&mut self, rule: &Tree) {
        let of = |key| text(rule, key);
        self.require(!of("rule").trim().is_empty(), "a CEL rule must not be empty");
        let has_breaks = |text: &str| text.contains(['\n', '\r']);
        self.require(!has_breaks(of("message")), "the message of a CEL rule must not have line breaks");
        let needs_message = has_breaks(of("rule")) && of("message").is_empty();
        self.require(!needs_message, "a CEL rule with line breaks needs a message");
        self.require(
            REASONS.contains(&of("reason")),
            "the reason of a CEL rule must be one of FieldValue{Invalid,Forbidden,Required,Duplicate}",
        );
        self.require(!has_breaks(of("fieldPath")), "the fieldPath of a CEL rule must not have line breaks");
    }
}
