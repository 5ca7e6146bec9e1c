use std::collections::{BTreeMap, BTreeSet};

use kubernetes_swagger::extension::{self, Action};
use openapiv3::{Content, OpenAPI, Operation, ParameterSchemaOrContent, PathItem, ReferenceOr, StatusCode};

use super::definitions::type_name;
use super::deprecation::is_deprecated;
use super::places;
use super::{Change, Item, Kind, Notes};
use crate::references;

/// An operation with all that its path has to say.
struct Whole<'a> {
    openapi: &'a OpenAPI,
    item: &'a PathItem,
    operation: &'a Operation,
}

pub(super) fn compare(old: &OpenAPI, new: &OpenAPI, changes: &mut Vec<Change>) {
    let (old, new) = (operations(old), operations(new));
    let keys: BTreeSet<&(&str, &str)> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let (old, new) = (old.get(key), new.get(key));
        let Some(whole) = new.or(old) else { continue };
        let (group, version) = places::of_path(key.0);
        let name = whole.operation.operation_id.as_deref().unwrap_or_default();
        let mut notes = Notes { group, version, item: Item::Operation, name, part: None, changes };
        let line = || Some(format!("{} {}", key.1.to_uppercase(), key.0));
        match (old, new) {
            (Some(_), None) => notes.note(Kind::Removed, true, line(), None),
            (None, Some(_)) => notes.note(Kind::Added, false, None, line()),
            (Some(old), Some(new)) => operation(&mut notes, old, new),
            (None, None) => {}
        }
    }
}

/// The operations that become functions, by path and method.
fn operations(openapi: &OpenAPI) -> BTreeMap<(&str, &str), Whole<'_>> {
    let mut operations = BTreeMap::new();
    for (path, item) in &openapi.paths.paths {
        let Some(item) = item.as_item() else { continue };
        for (method, operation) in item.iter() {
            if !matches!(extension::action(operation), Some(Action::Watch | Action::WatchList)) {
                operations.insert((path.as_str(), method), Whole { openapi, item, operation });
            }
        }
    }
    operations
}

fn operation(notes: &mut Notes<'_>, old: &Whole<'_>, new: &Whole<'_>) {
    if old.operation.operation_id != new.operation.operation_id {
        let id = |whole: &Whole<'_>| whole.operation.operation_id.clone();
        notes.note(Kind::Retyped, true, id(old), id(new));
    }
    let deprecated =
        |whole: &Whole<'_>| whole.operation.deprecated || is_deprecated(whole.operation.description.as_deref());
    if deprecated(new) && !deprecated(old) {
        notes.plain(Kind::Deprecated);
    }
    let (old_response, new_response) = (response(old), response(new));
    if old_response != new_response {
        let mut notes = Notes { item: Item::Response, changes: notes.changes, ..*notes };
        notes.note(Kind::Retyped, true, Some(old_response), Some(new_response));
    }
    let (old, new) = (parameters(old), parameters(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        let mut notes = Notes { item: Item::Parameter, part: Some(name), changes: notes.changes, ..*notes };
        match (old.get(name), new.get(name)) {
            (Some(_), None) => notes.plain(Kind::Removed),
            (None, Some((type_name, required))) => {
                let suffix = if *required { ", required" } else { "" };
                notes.note(Kind::Added, *required, None, Some(format!("{type_name}{suffix}")));
            }
            (Some((old_type, old_required)), Some((new_type, new_required))) => {
                match (old_required, new_required) {
                    (false, true) => notes.plain(Kind::MadeRequired),
                    (true, false) => notes.plain(Kind::MadeOptional),
                    _ => {}
                }
                if old_type != new_type {
                    notes.note(Kind::Retyped, true, Some(old_type.clone()), Some(new_type.clone()));
                }
            }
            (None, None) => {}
        }
    }
}

/// The type of each parameter and of the body, and whether it must be given.
fn parameters(whole: &Whole<'_>) -> BTreeMap<String, (String, bool)> {
    let declared = whole.item.parameters.iter().chain(&whole.operation.parameters);
    let mut parameters: BTreeMap<String, (String, bool)> = declared
        .filter_map(|parameter| references::parameter(whole.openapi, parameter))
        .map(|parameter| {
            let data = parameter.parameter_data_ref();
            let type_name = match &data.format {
                ParameterSchemaOrContent::Schema(schema) => type_name(schema),
                ParameterSchemaOrContent::Content(content) => type_of(content),
            };
            (data.name.clone(), (type_name, data.required))
        })
        .collect();
    if let Some(ReferenceOr::Item(body)) = &whole.operation.request_body {
        parameters.insert("body".to_owned(), (type_of(&body.content), body.required));
    }
    parameters
}

/// The type of the 200 response.
fn response(whole: &Whole<'_>) -> String {
    match whole.operation.responses.responses.get(&StatusCode::Code(200)).and_then(ReferenceOr::as_item) {
        Some(response) => type_of(&response.content),
        None => "nothing".to_owned(),
    }
}

/// The type of a body, which is the same for every content type.
fn type_of(content: &Content) -> String {
    let schema = content.values().find_map(|media| media.schema.as_ref());
    schema.map_or_else(|| "nothing".to_owned(), type_name)
}
