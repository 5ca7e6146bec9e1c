use std::collections::BTreeSet;

use kubernetes_swagger::{AdditionalProperties, Schema, Swagger, Type};

use super::deprecation::is_deprecated;
use super::places::Places;
use super::{Change, Item, KNOWN_VALUES, Kind, Notes};
use crate::lower::says_nothing;

pub(super) fn compare(places: &Places, old: &Swagger, new: &Swagger, changes: &mut Vec<Change>) {
    let names: BTreeSet<&String> = old.definitions.keys().chain(new.definitions.keys()).collect();
    for full_name in names {
        let (group, version, name) = places.definition(full_name);
        let mut notes = Notes { group, version, item: Item::Definition, name, part: None, changes };
        match (old.definitions.get(full_name), new.definitions.get(full_name)) {
            (None, None) => {}
            (Some(_), None) => notes.plain(Kind::Removed),
            (None, Some(_)) => notes.plain(Kind::Added),
            (Some(old), Some(new)) => {
                if is_deprecated(new.description.as_deref()) && !is_deprecated(old.description.as_deref()) {
                    notes.plain(Kind::Deprecated);
                }
                if type_name(old) != type_name(new) {
                    notes.note(Kind::Retyped, true, Some(type_name(old)), Some(type_name(new)));
                }
                schemas(&mut notes, name, old, new);
            }
        }
    }
}

/// Compares what two schemas of one type hold: properties, and those of items and values.
fn schemas(notes: &mut Notes<'_>, path: &str, old: &Schema, new: &Schema) {
    let names: BTreeSet<&String> = old.properties.keys().chain(new.properties.keys()).collect();
    for name in names {
        let field = format!("{path}.{name}");
        let required = (old.required.contains(name), new.required.contains(name));
        let mut notes = Notes { item: Item::Field, name: &field, part: None, changes: notes.changes, ..*notes };
        match (old.properties.get(name), new.properties.get(name)) {
            (None, None) => {}
            (Some(_), None) => notes.plain(Kind::Removed),
            (None, Some(added)) => {
                let type_name = type_name(added);
                // A field that must be given breaks what was written without it.
                let suffix = if required.1 { ", required" } else { "" };
                notes.note(Kind::Added, required.1, None, Some(format!("{type_name}{suffix}")));
            }
            (Some(old), Some(new)) => {
                self::field(&mut notes, required, old, new);
                schemas(&mut notes, &field, old, new);
            }
        }
    }
    if let (Some(old), Some(new)) = (&old.items, &new.items) {
        schemas(notes, &format!("{path}[]"), old, new);
    }
    if let (Some(AdditionalProperties::Schema(old)), Some(AdditionalProperties::Schema(new))) =
        (&old.additional_properties, &new.additional_properties)
    {
        schemas(notes, &format!("{path}.*"), old, new);
    }
}

fn field(notes: &mut Notes<'_>, required: (bool, bool), old: &Schema, new: &Schema) {
    match required {
        (false, true) => notes.plain(Kind::MadeRequired),
        (true, false) => notes.plain(Kind::MadeOptional),
        _ => {}
    }
    if type_name(old) != type_name(new) {
        notes.note(Kind::Retyped, true, Some(type_name(old)), Some(type_name(new)));
    }
    // Only OpenAPI 3.0 has defaults, and most of them say nothing.
    let text = |schema: &Schema| {
        let default = schema.default.as_ref().filter(|default| !says_nothing(default, true));
        default.map(ToString::to_string)
    };
    if text(old) != text(new) {
        notes.note(Kind::Defaulted, false, text(old), text(new));
    }
    if is_deprecated(new.description.as_deref()) && !is_deprecated(old.description.as_deref()) {
        notes.plain(Kind::Deprecated);
    }
    values(notes, innermost(old), innermost(new));
}

/// Compares the values of two enums; a string that became one, or was one, is another type.
fn values(notes: &mut Notes<'_>, old: &Schema, new: &Schema) {
    if old.enumeration.is_empty() || new.enumeration.is_empty() {
        return;
    }
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let old: BTreeSet<String> = old.enumeration.iter().map(text).collect();
    let new: BTreeSet<String> = new.enumeration.iter().map(text).collect();
    let mut note = |value: &str, change| {
        let mut notes = Notes { item: Item::Value, part: Some(value), changes: notes.changes, ..*notes };
        notes.plain(change);
    };
    for value in old.difference(&new) {
        note(value, Kind::Removed);
    }
    for value in new.difference(&old) {
        note(value, Kind::Added);
    }
}

fn innermost(schema: &Schema) -> &Schema {
    match (&schema.items, &schema.additional_properties) {
        (Some(items), _) => innermost(items),
        (None, Some(AdditionalProperties::Schema(values))) => innermost(values),
        _ => schema,
    }
}

/// The type as a reader would call it: `string`, `integer (int32)`, `list of core.v1.Container`, `map of string`.
pub(super) fn type_name(schema: &Schema) -> String {
    let single = || schema.all_of.first().filter(|_| schema.all_of.len() == 1).and_then(|of| of.reference.as_deref());
    if let Some(reference) = schema.reference.as_deref().or_else(single) {
        return short(reference);
    }
    let extensions = &schema.extensions;
    if extensions.int_or_string {
        return "integer or string".to_owned();
    }
    let of = |schema: Option<&Schema>| schema.map_or_else(|| "any value".to_owned(), type_name);
    match schema.schema_type {
        None => "any value".to_owned(),
        Some(Type::Array) => format!("list of {}", of(schema.items.as_deref())),
        Some(Type::Object) => match &schema.additional_properties {
            Some(AdditionalProperties::Schema(values)) => format!("map of {}", of(Some(values))),
            _ => "object".to_owned(),
        },
        Some(other) if !schema.enumeration.is_empty() => format!("{other}{KNOWN_VALUES}"),
        Some(other) => match &schema.format {
            Some(format) => format!("{other} ({format})"),
            None => other.to_string(),
        },
    }
}

/// The last parts of a definition's name: `core.v1.Container`.
fn short(reference: &str) -> String {
    let name = reference.rsplit('/').next().unwrap_or(reference);
    let parts: Vec<&str> = name.split('.').collect();
    parts.get(parts.len().saturating_sub(3)..).unwrap_or_default().join(".")
}
