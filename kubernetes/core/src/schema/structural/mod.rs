//! The API server's rules for the schemas of custom resources.
//!
//! <https://github.com/kubernetes/apiextensions-apiserver/blob/v0.37.2/pkg/apiserver/schema/validation.go>,
//! `complete.go` beside it, and `ValidateCustomResourceDefinitionOpenAPISchema` in
//! <https://github.com/kubernetes/apiextensions-apiserver/blob/v0.37.2/pkg/apis/apiextensions/validation/validation.go>.

mod extensions;
mod nested;

use super::error::Violation;
use super::fields::{flag, text};
use super::values;
use crate::json::Tree;

/// The position of a schema in the definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// At the root of a version.
    Root,
    Item,
    Field,
}

/// The rules that a schema violates as the schema of a version of a custom resource; empty if the API server accepts
/// it.
///
/// ```
/// use kubernetes_core::json::{self, Tree};
/// use kubernetes_core::schema::violations;
///
/// let schema: Tree = json::from_str(r#"{"type": "object", "properties": {"spec": {"properties": {}}}}"#)?;
/// assert_eq!(violations(&schema)[0].to_string(), "spec: type must not be empty for fields of an object");
/// # Ok::<(), json::DecodeError>(())
/// ```
///
/// CEL expressions, their cost and regular expressions are not checked.
pub fn violations(schema: &Tree) -> Vec<Violation> {
    check(schema, Level::Root)
}

pub(super) fn check(schema: &Tree, level: Level) -> Vec<Violation> {
    let mut checker = Checker { path: Vec::new(), violations: Vec::new() };
    checker.schema(schema, Place { level, defaults: true, in_metadata: false });
    checker.violations
}

#[derive(Clone, Copy)]
struct Place {
    level: Level,
    /// Whether default values are allowed.
    defaults: bool,
    in_metadata: bool,
}

struct Checker<'a> {
    path: Vec<&'a str>,
    violations: Vec<Violation>,
}

fn object<'a>(schema: &'a Tree, key: &str) -> &'a [(crate::Str, Tree)] {
    match schema.get(key) {
        Some(Tree::Object(fields)) => fields,
        _ => &[],
    }
}

fn list<'a>(schema: &'a Tree, key: &str) -> &'a [Tree] {
    match schema.get(key) {
        Some(Tree::List(items)) => items,
        _ => &[],
    }
}

const TYPES: &[&str] = &["array", "boolean", "integer", "number", "object", "string"];
const UNSUPPORTED: &[&str] = &["$ref", "id", "additionalItems", "patternProperties", "definitions", "dependencies"];
const KNOWN: &[&str] = &[
    "additionalProperties",
    "allOf",
    "anyOf",
    "default",
    "description",
    "enum",
    "example",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "externalDocs",
    "format",
    "items",
    "maximum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "minimum",
    "minItems",
    "minLength",
    "minProperties",
    "multipleOf",
    "not",
    "nullable",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "title",
    "type",
    "uniqueItems",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
];

impl<'a> Checker<'a> {
    fn report(&mut self, rule: impl Into<String>) {
        self.violations.push(Violation { path: self.path.join("."), rule: rule.into() });
    }

    fn require(&mut self, is_kept: bool, rule: &str) {
        if !is_kept {
            self.report(rule);
        }
    }

    fn within(&mut self, segment: &'a str, check: impl FnOnce(&mut Self)) {
        self.path.push(segment);
        check(self);
        self.path.pop();
    }

    fn schema(&mut self, schema: &'a Tree, place: Place) {
        let Tree::Object(fields) = schema else { return self.report("the schema must be an object") };
        for (key, _) in fields {
            if UNSUPPORTED.contains(&key.as_str()) {
                self.report(format!("{key} is not supported"));
            } else if !KNOWN.contains(&key.as_str()) {
                self.report(format!("{} is not a keyword", crate::text::printable(key, 80)));
            }
        }
        self.type_of(schema, place);
        self.parts(schema, place);
        self.extensions(schema, place);
        self.conditions(schema);
        // The server does not examine the conditions of fields.
        if place.level == Level::Root {
            self.complete(schema, schema);
        }
        // A default value of null counts as absent.
        if let Some(value) = schema.get("default").filter(|value| !matches!(value, Tree::Null)) {
            self.default(schema, value, place);
        }
        self.require(!flag(schema, "uniqueItems"), "uniqueItems must not be true: use the list type set");
        self.metadata(schema, place);
    }

    fn default(&mut self, schema: &Tree, value: &Tree, place: Place) {
        if !place.defaults {
            self.report("default must not be set in metadata of the resource");
        }
        if let Some(mismatch) = values::mismatch(schema, value) {
            self.report(format!("the default value does not fit: {mismatch}"));
        }
    }

    fn type_of(&mut self, schema: &Tree, place: Place) {
        let name = text(schema, "type");
        let is_open =
            flag(schema, "x-kubernetes-int-or-string") || flag(schema, "x-kubernetes-preserve-unknown-fields");
        match (name, place.level) {
            ("", _) if flag(schema, "x-kubernetes-embedded-resource") => {}
            ("", Level::Root) if !is_open => self.report("type must not be empty at the root"),
            ("", Level::Item) if !is_open => self.report("type must not be empty for items of a list"),
            ("", Level::Field) if !is_open => self.report("type must not be empty for fields of an object"),
            ("", _) => {}
            ("object", Level::Root) => {}
            (_, Level::Root) => self.report("type must be object at the root"),
            (name, _) if !TYPES.contains(&name) => self.report(format!("type must be one of {}", TYPES.join(", "))),
            _ => {}
        }
        if place.level == Level::Root {
            self.require(!flag(schema, "nullable"), "nullable must not be true at the root");
        }
        if flag(schema, "x-kubernetes-embedded-resource") {
            self.require(name == "object", "type must be object with x-kubernetes-embedded-resource");
        }
    }

    fn parts(&mut self, schema: &'a Tree, place: Place) {
        let properties = object(schema, "properties");
        let resource = place.level == Level::Root || flag(schema, "x-kubernetes-embedded-resource");
        for (name, property) in properties {
            let is_meta = resource && matches!(name.as_str(), "metadata" | "kind" | "apiVersion");
            let defaults = place.defaults && !(is_meta && place.level == Level::Root);
            let inner = Place { level: Level::Field, defaults, in_metadata: place.in_metadata || is_meta };
            self.within(name, |checker| checker.schema(property, inner));
        }
        let inner = Place { level: Level::Item, ..place };
        match schema.get("items") {
            Some(items) => self.within("items", |checker| checker.schema(items, inner)),
            None => self.require(text(schema, "type") != "array", "items must be specified for an array"),
        }
        match schema.get("additionalProperties") {
            None => {}
            Some(_) if place.level == Level::Root => self.report("additionalProperties must not be used at the root"),
            Some(values) => {
                let is_exclusive = *values != Tree::Bool(true);
                let rule = "additionalProperties and properties exclude each other";
                self.require(properties.is_empty() || !is_exclusive, rule);
                let is_embedded = flag(schema, "x-kubernetes-embedded-resource");
                self.require(!is_embedded, "additionalProperties must not be used with x-kubernetes-embedded-resource");
                if matches!(values, Tree::Bool(_)) {
                    return;
                }
                let inner = Place { level: Level::Field, defaults: place.defaults && !place.in_metadata, ..place };
                self.within("additionalProperties", |checker| checker.schema(values, inner));
            }
        }
    }

    fn metadata(&mut self, schema: &'a Tree, place: Place) {
        let embedded = flag(schema, "x-kubernetes-embedded-resource");
        if embedded && place.in_metadata {
            self.report("x-kubernetes-embedded-resource must not be used inside of metadata");
        }
        let properties = object(schema, "properties");
        if embedded && properties.is_empty() {
            let preserves = flag(schema, "x-kubernetes-preserve-unknown-fields");
            let rule = "x-kubernetes-embedded-resource needs properties or x-kubernetes-preserve-unknown-fields";
            self.require(preserves, rule);
        }
        if place.level != Level::Root && !embedded {
            return;
        }
        for (name, wanted) in [("kind", "string"), ("apiVersion", "string"), ("metadata", "object")] {
            let Some((name, property)) = properties.iter().find(|(other, _)| other == name) else { continue };
            self.within(name, |checker| {
                checker.require(text(property, "type") == wanted, &format!("type must be {wanted}"));
            });
        }
        let Some((name, metadata)) = properties.iter().find(|(name, _)| name == "metadata") else { return };
        let named = |key: &str| matches!(key, "name" | "generateName");
        let is_plain = matches!(metadata, Tree::Object(fields) if fields.iter().all(|(key, _)| matches!(key.as_str(), "type" | "properties" | "default")))
            && object(metadata, "properties").iter().all(|(key, _)| named(key));
        if place.level == Level::Root && !is_plain {
            self.within(name, |checker| checker.report("only name and generateName can be specified"));
        }
    }
}
