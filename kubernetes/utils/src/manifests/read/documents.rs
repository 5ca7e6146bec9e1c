//! The objects of a text.

use std::error::Error as _;
use std::sync::Arc;

use kubernetes_core::json::{self, DecodeError};
use kubernetes_core::{Json, JsonPointer, Object, yaml};
use kubernetes_dynamic::DynamicObject;

use super::places::{self, DocumentPlaces, Place};
use crate::manifests::error::{Problem, ProblemKind};
use crate::manifests::location::Location;

/// The maximum depth of nested lists.
const LIST_DEPTH: usize = 8;

/// Reads the objects of a text of one or more documents. Lists become their items.
pub(super) fn read(name: &Arc<str>, text: &str, most: usize) -> Result<Vec<(DynamicObject, Location)>, Vec<Problem>> {
    let places = match places::of_json(text) {
        Some(places) => places,
        None => places::of_yaml(text).map_err(|error| vec![syntax(name, text, &error)])?,
    };
    let documents: Vec<Json> = yaml::from_str_multiple(text).map_err(|error| {
        let place = places.first().map_or(Place::START, |places| places.of(&JsonPointer::ROOT));
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        let message = format!("the text can't be read as YAML: {cause}");
        vec![Problem::new(ProblemKind::Syntax, Some(at(name, place)), message)]
    })?;
    let mut reading = Reading { name, most, objects: Vec::new(), problems: Vec::new() };
    let unknown = DocumentPlaces::default();
    let places_known = places.len() == documents.len();
    for (index, document) in documents.iter().enumerate() {
        let places = if places_known { &places[index] } else { &unknown };
        reading.document(document.as_str(), places, &JsonPointer::ROOT, None, 0);
    }
    if reading.problems.is_empty() { Ok(reading.objects) } else { Err(reading.problems) }
}

fn at(name: &Arc<str>, place: Place) -> Location {
    Location::new(name, place.line, place.column)
}

fn syntax(name: &Arc<str>, text: &str, error: &granit_parser::ScanError) -> Problem {
    let place = Place::of_error(error);
    // The parser may report the error at the end of the previous line.
    let lines = text.lines().enumerate().skip(place.line - 1).take(2);
    let tab = lines.filter_map(|(index, line)| {
        let indentation = &line[..line.len() - line.trim_start().len()];
        let column = indentation.chars().position(|character| character == '\t')? + 1;
        Some(Place { line: index + 1, column })
    });
    match tab.into_iter().next() {
        Some(tab) => Problem::new(ProblemKind::Syntax, Some(at(name, tab)), "a tab can't indent YAML: use spaces"),
        None => {
            let message = format!("the text is not valid YAML: {}", error.info());
            Problem::new(ProblemKind::Syntax, Some(at(name, place)), message)
        }
    }
}

struct Reading<'a> {
    name: &'a Arc<str>,
    most: usize,
    objects: Vec<(DynamicObject, Location)>,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    /// Reads a document, or an item of a list whose type is `list`.
    fn document(
        &mut self,
        text: &str,
        places: &DocumentPlaces,
        pointer: &JsonPointer,
        list: Option<(&str, &str)>,
        depth: usize,
    ) {
        if self.objects.len() >= self.most {
            if self.problems.iter().all(|problem| problem.kind() != ProblemKind::TooLarge) {
                let message = format!("there are more than {} objects", self.most);
                self.problem(ProblemKind::TooLarge, places, pointer, message);
            }
            return;
        }
        if !text.trim_start().starts_with('{') {
            let message = "the document is not an object: expected apiVersion, kind and metadata";
            return self.problem(ProblemKind::InvalidObject, places, pointer, message);
        }
        let mut object: DynamicObject = match json::from_str(text) {
            Ok(object) => object,
            Err(error) => return self.wrong_field(places, pointer, &error),
        };
        let has_type = !object.api_version().is_empty() || !object.kind().is_empty();
        if let (false, Some((api_version, kind))) = (has_type, list) {
            // The items of a `PodList` have no type of their own.
            object.assume_type(api_version, kind);
        }
        if object.kind().ends_with("List") {
            match object.get::<Vec<Json>>("/items") {
                Ok(Some(items)) => return self.list(&object, &items, places, pointer, depth),
                Ok(None) if object.kind() == "List" => return,
                Ok(None) => {}
                Err(_) => {
                    let items = pointer.clone().key("items");
                    return self.problem(ProblemKind::InvalidObject, places, &items, "`items` is not a list");
                }
            }
        }
        let missing = [("apiVersion", object.api_version()), ("kind", object.kind())];
        if let Some((field, _)) = missing.iter().find(|(_, value)| value.is_empty()) {
            return self.problem(ProblemKind::InvalidObject, places, pointer, format!("the object has no {field}"));
        }
        if object.group_version_kind().is_none() {
            let message =
                format!("{:?} is not a valid apiVersion: expected `version` or `group/version`", object.api_version());
            return self.problem(ProblemKind::InvalidObject, places, &pointer.clone().key("apiVersion"), message);
        }
        let location = at(self.name, places.of(pointer));
        self.objects.push((object, location));
    }

    fn list(
        &mut self,
        list: &DynamicObject,
        items: &[Json],
        places: &DocumentPlaces,
        pointer: &JsonPointer,
        depth: usize,
    ) {
        if depth >= LIST_DEPTH {
            let message = format!("lists are nested more than {LIST_DEPTH} levels deep");
            return self.problem(ProblemKind::InvalidObject, places, pointer, message);
        }
        let item_kind = list.kind().strip_suffix("List").unwrap_or_default();
        let of_type = Some((list.api_version(), item_kind)).filter(|_| !item_kind.is_empty());
        for (index, item) in items.iter().enumerate() {
            let pointer = pointer.clone().key("items").index(index);
            self.document(item.as_str(), places, &pointer, of_type, depth + 1);
        }
    }

    fn wrong_field(&mut self, places: &DocumentPlaces, pointer: &JsonPointer, error: &DecodeError) {
        let path = error.path();
        let field = path.split('.').fold(pointer.clone(), |pointer, key| pointer.key(key));
        self.problem(ProblemKind::InvalidObject, places, &field, format!("the object can't be read: {error}"));
    }

    fn problem(
        &mut self,
        kind: ProblemKind,
        places: &DocumentPlaces,
        pointer: &JsonPointer,
        message: impl Into<Box<str>>,
    ) {
        self.problems.push(Problem::new(kind, Some(at(self.name, places.of(pointer))), message));
    }
}
