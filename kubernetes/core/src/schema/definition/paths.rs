//! Checks the JSON paths of a definition, and whatever else depends on the whole version.

use crate::json::Tree;
use crate::schema::declaration::{Column, Scale, Version};
use crate::schema::error::Violation;
use crate::schema::fields::text;

const COLUMN_TYPES: &[&str] = &["integer", "number", "string", "boolean", "date"];
const COLUMN_FORMATS: &[&str] =
    &["", "int32", "int64", "float", "double", "byte", "binary", "date", "date-time", "password"];
const MOST_SELECTABLE_FIELDS: usize = 8;

/// Keywords that are not allowed at the root of a version with a status subresource.
const NOT_WITH_STATUS: &[&str] =
    &["allOf", "anyOf", "oneOf", "not", "default", "nullable", "enum", "minProperties", "maxProperties"];

pub(super) fn violations(version: &Version, schema: &Tree) -> Vec<Violation> {
    let mut found = Violations(Vec::new());
    for key in NOT_WITH_STATUS {
        let is_refused = version.status && schema.get(key).is_some();
        found.require(!is_refused, key, "must not be at the root of a resource whose status is a subresource");
    }
    let warning = version.deprecated.unwrap_or_default();
    let is_plain = warning.len() <= 256 && !warning.contains(char::is_control);
    found.require(is_plain, "deprecated", "the warning must be at most 256 bytes on one line");
    if let Some(scale) = &version.scale {
        found.scale(scale, schema);
    }
    version.columns.iter().for_each(|column| found.column(column));
    let fields = version.selectable_fields;
    found.require(fields.len() <= MOST_SELECTABLE_FIELDS, "selectableFields", "there can be at most 8");
    for (index, path) in fields.iter().enumerate() {
        found.selectable(path, schema, fields[..index].contains(path));
    }
    found.0
}

struct Violations(Vec<Violation>);

impl Violations {
    fn require(&mut self, is_kept: bool, path: &str, rule: &str) {
        if !is_kept {
            self.0.push(Violation { path: path.to_owned(), rule: rule.to_owned() });
        }
    }

    fn scale(&mut self, scale: &Scale, schema: &Tree) {
        for (path, roots, types) in [
            (scale.spec_replicas_path, &[".spec."] as &[&str], &["integer"]),
            (scale.status_replicas_path, &[".status."], &["integer"]),
            (scale.label_selector_path, &[".spec.", ".status."], &["string"]),
        ] {
            if path.is_empty() && types == &["string"] {
                continue;
            }
            let is_rooted = roots.iter().any(|root| path.starts_with(root));
            self.require(
                is_rooted,
                path,
                &format!("a path of the scale subresource must start with {}", roots.join(" or ")),
            );
            let is_right = !is_rooted || field(schema, path).is_some_and(|field| types.contains(&text(field, "type")));
            self.require(
                is_right,
                path,
                &format!("the path of the scale subresource must lead to a field of type {}", types[0]),
            );
        }
    }

    fn column(&mut self, column: &Column) {
        self.require(!column.name.is_empty(), column.json_path, "a column needs a name");
        let is_known = COLUMN_TYPES.contains(&column.kind);
        self.require(
            is_known,
            column.name,
            &format!("the type of a column must be one of {}", COLUMN_TYPES.join(", ")),
        );
        let is_known = COLUMN_FORMATS.contains(&column.format);
        self.require(
            is_known,
            column.name,
            &format!("the format of a column must be one of {}", COLUMN_FORMATS[1..].join(", ")),
        );
        self.require(column.json_path.starts_with('.'), column.name, "the path of a column must start with '.'");
    }

    fn selectable(&mut self, path: &str, schema: &Tree, is_duplicate: bool) {
        self.require(!is_duplicate, path, "the selectable field occurs twice");
        self.require(!path.starts_with(".metadata"), path, "a selectable field must not be in metadata");
        let is_scalar =
            field(schema, path).is_some_and(|field| matches!(text(field, "type"), "string" | "boolean" | "integer"));
        self.require(is_scalar, path, "a selectable field must be a string, a boolean or an integer outside of lists");
    }
}

/// The schema of the field at a path such as `.spec.replicas`.
fn field<'a>(schema: &'a Tree, path: &str) -> Option<&'a Tree> {
    path.strip_prefix('.')?.split('.').try_fold(schema, |schema, name| schema.get("properties")?.get(name))
}
