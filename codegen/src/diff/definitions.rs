use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use kubernetes_swagger::extension;
use openapiv3::{AdditionalProperties, OpenAPI, ReferenceOr, Schema};
use serde_json::Value;

use super::deprecation::is_deprecated;
use super::places::Places;
use super::{Change, Item, KNOWN_VALUES, Kind, Notes, definitions_of};
use crate::lower::says_nothing;
use crate::references::{data, keywords};

pub(super) fn compare(places: &Places, old: &OpenAPI, new: &OpenAPI, changes: &mut Vec<Change>) {
    let (old, new): (BTreeMap<_, _>, BTreeMap<_, _>) = (definitions_of(old).collect(), definitions_of(new).collect());
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).copied().collect();
    for full_name in names {
        let (group, version, name) = places.definition(full_name);
        let mut notes = Notes { group, version, item: Item::Definition, name, part: None, changes };
        match (old.get(full_name), new.get(full_name)) {
            (None, None) => {}
            (Some(_), None) => notes.plain(Kind::Removed),
            (None, Some(_)) => notes.plain(Kind::Added),
            (Some(old), Some(new)) => {
                if is_newly_deprecated(old, new) {
                    notes.plain(Kind::Deprecated);
                }
                if type_name(*old) != type_name(*new) {
                    notes.note(Kind::Retyped, true, Some(type_name(*old)), Some(type_name(*new)));
                }
                schemas(&mut notes, name, old, new);
            }
        }
    }
}

/// Compares what two schemas of one type hold: properties, and those of items and values.
fn schemas<S: Borrow<Schema>>(notes: &mut Notes<'_>, path: &str, old: &ReferenceOr<S>, new: &ReferenceOr<S>) {
    let (old, new) = (keywords(old), keywords(new));
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

fn field(
    notes: &mut Notes<'_>,
    required: (bool, bool),
    old: &ReferenceOr<Box<Schema>>,
    new: &ReferenceOr<Box<Schema>>,
) {
    match required {
        (false, true) => notes.plain(Kind::MadeRequired),
        (true, false) => notes.plain(Kind::MadeOptional),
        _ => {}
    }
    if type_name(old) != type_name(new) {
        notes.note(Kind::Retyped, true, Some(type_name(old)), Some(type_name(new)));
    }
    // Only OpenAPI 3.0 has defaults, and most of them say nothing.
    let text = |schema| {
        let default = data(schema).default.as_ref().filter(|default| !says_nothing(default, true));
        default.map(ToString::to_string)
    };
    if text(old) != text(new) {
        notes.note(Kind::Defaulted, false, text(old), text(new));
    }
    if is_newly_deprecated(old, new) {
        notes.plain(Kind::Deprecated);
    }
    let enumeration = |schema| innermost(schema).iter().map(value_text).collect::<BTreeSet<String>>();
    values(notes, &enumeration(old), &enumeration(new));
}

fn is_newly_deprecated<S: Borrow<Schema>>(old: &ReferenceOr<S>, new: &ReferenceOr<S>) -> bool {
    let deprecated = |schema| is_deprecated(data(schema).description.as_deref());
    deprecated(new) && !deprecated(old)
}

/// Compares the values of two enums; a string that became one, or was one, is another type.
fn values(notes: &mut Notes<'_>, old: &BTreeSet<String>, new: &BTreeSet<String>) {
    if old.is_empty() || new.is_empty() {
        return;
    }
    let mut note = |value: &str, change| {
        let mut notes = Notes { item: Item::Value, part: Some(value), changes: notes.changes, ..*notes };
        notes.plain(change);
    };
    for value in old.difference(new) {
        note(value, Kind::Removed);
    }
    for value in new.difference(old) {
        note(value, Kind::Added);
    }
}

fn value_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The allowed values of a schema, or of its items or values.
fn innermost<S: Borrow<Schema>>(schema: &ReferenceOr<S>) -> &[Value] {
    let keywords = keywords(schema);
    match (&keywords.items, &keywords.additional_properties) {
        (Some(items), _) => innermost(items),
        (None, Some(AdditionalProperties::Schema(values))) => innermost(&**values),
        _ => &keywords.enumeration,
    }
}

/// Whether any definition of a description has an enum: those in Kubernetes' sources have none.
pub(super) fn have_enums(openapi: &OpenAPI) -> bool {
    definitions_of(openapi).any(|(_, schema)| has_enums(schema))
}

fn has_enums<S: Borrow<Schema>>(schema: &ReferenceOr<S>) -> bool {
    let keywords = keywords(schema);
    let values = match &keywords.additional_properties {
        Some(AdditionalProperties::Schema(values)) => Some(&**values),
        _ => None,
    };
    !keywords.enumeration.is_empty()
        || keywords.properties.values().chain(&keywords.items).any(has_enums)
        || values.is_some_and(has_enums)
}

/// The type as a reader would call it: `string`, `integer (int32)`, `list of core.v1.Container`, `map of string or null`.
pub(super) fn type_name<S: Borrow<Schema>>(schema: &ReferenceOr<S>) -> String {
    let name = name_without_null(schema);
    // Only custom resources have such fields, in the OpenAPI 3.0 of a server.
    if data(schema).nullable && name != ANY { format!("{name} or null") } else { name }
}

const ANY: &str = "any value";

fn name_without_null<S: Borrow<Schema>>(schema: &ReferenceOr<S>) -> String {
    if let Some(name) = extension::definition_name(schema) {
        return short(name);
    }
    let keywords = keywords(schema);
    if extension::is_int_or_string(data(schema)) {
        return "integer or string".to_owned();
    }
    match keywords.typ.as_deref() {
        None => ANY.to_owned(),
        Some("array") => {
            format!("list of {}", keywords.items.as_ref().map_or_else(|| ANY.to_owned(), type_name))
        }
        Some("object") => match &keywords.additional_properties {
            Some(AdditionalProperties::Schema(values)) => format!("map of {}", type_name(&**values)),
            _ => "object".to_owned(),
        },
        Some(other) if !keywords.enumeration.is_empty() => format!("{other}{KNOWN_VALUES}"),
        Some(other) => match &keywords.format {
            Some(format) => format!("{other} ({format})"),
            None => other.to_owned(),
        },
    }
}

/// The last parts of a definition's name: `core.v1.Container`.
fn short(name: &str) -> String {
    let parts: Vec<&str> = name.split('.').collect();
    parts.get(parts.len().saturating_sub(3)..).unwrap_or_default().join(".")
}
