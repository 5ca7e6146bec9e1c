//! Locates the documents of a text, and the fields that errors refer to.

use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Span};
use kubernetes_core::JsonPointer;
use kubernetes_core::json::Reader;

/// A line and a column, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// The places of a document.
#[derive(Debug, Default)]
pub(super) struct DocumentPlaces(HashMap<String, Place>);

impl Place {
    pub(super) const START: Self = Self { line: 1, column: 1 };

    fn of(span: Span) -> Self {
        Self { line: span.start.line().max(1), column: span.start.col() + 1 }
    }

    pub(super) fn of_error(error: &ScanError) -> Self {
        Self { line: error.marker().line().max(1), column: error.marker().col() + 1 }
    }
}

impl DocumentPlaces {
    /// The place of the field, or of what contains it.
    pub(super) fn of(&self, pointer: &JsonPointer) -> Place {
        let mut pointer = Some(pointer.clone());
        while let Some(wanted) = pointer {
            if let Some(place) = self.0.get(wanted.as_str()) {
                return *place;
            }
            pointer = wanted.parent();
        }
        Place::START
    }
}

/// The maximum length of a pointer to a relevant field; hostile documents may be nested deeply.
const LONGEST_POINTER: usize = 1024;

/// Whether errors may refer to this field of an object or of an object in a list, or to a field below it.
fn is_of_interest(pointer: &str) -> bool {
    if pointer.len() > LONGEST_POINTER {
        return false;
    }
    let mut keys = pointer.split('/').skip(1);
    let mut key = keys.next();
    while key == Some("items") {
        // The index.
        keys.next();
        key = keys.next();
    }
    let rest = [keys.next(), keys.next(), keys.next()];
    match (key, rest) {
        (None | Some("apiVersion" | "kind"), [first, ..]) => first.is_none(),
        (Some("metadata"), [None, ..]) => true,
        (Some("metadata"), [Some("name" | "namespace"), second, _]) => second.is_none(),
        (Some("metadata"), [Some("labels" | "annotations"), _, third]) => third.is_none(),
        _ => false,
    }
}

/// The places of the documents of a YAML text, without those that are null.
pub(super) fn of_yaml(text: &str) -> Result<Vec<DocumentPlaces>, ScanError> {
    let mut options = Options::default();
    // Another crate may have enabled them for the whole program.
    options.emit_comments = false;
    // As in kubectl, a token may end with the file.
    options.block_scalar_eof_without_line_feed = true;
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut documents = Vec::new();
    let mut walk = Walk::default();
    while let Some(event) = parser.next_event().transpose()? {
        match event {
            (Event::DocumentStart(..), _) => walk = Walk::default(),
            (Event::DocumentEnd, _) => {
                if !walk.is_null {
                    documents.push(std::mem::take(&mut walk).places);
                }
            }
            (event, span) => walk.event(&event, span),
        }
    }
    Ok(documents)
}

/// The traversal of a document.
#[derive(Default)]
struct Walk {
    places: DocumentPlaces,
    /// The collections that the next event is in.
    open: Vec<Open>,
    is_null: bool,
}

struct Open {
    /// `None` below irrelevant fields.
    pointer: Option<JsonPointer>,
    position: Position,
}

enum Position {
    BeforeKey,
    BehindKey(String),
    Item(usize),
}

impl Walk {
    fn event(&mut self, event: &Event<'_>, span: Span) {
        let start = match event {
            Event::SequenceStart(..) => Some(Position::Item(0)),
            Event::MappingStart(..) => Some(Position::BeforeKey),
            Event::Scalar(..) | Event::Alias(_) => None,
            Event::SequenceEnd | Event::MappingEnd => {
                self.open.pop();
                return;
            }
            _ => return,
        };
        let pointer = match self.open.last_mut() {
            None => {
                self.is_null = matches!(event, Event::Scalar(text, ScalarStyle::Plain, _, None)
                    if matches!(&**text, "" | "~" | "null" | "Null" | "NULL"));
                Some(JsonPointer::ROOT)
            }
            Some(open) => open.enter(event),
        };
        let pointer = pointer.filter(|pointer| is_of_interest(pointer.as_str()));
        if let Some(pointer) = &pointer {
            self.places.0.insert(pointer.as_str().to_owned(), Place::of(span));
        }
        if let Some(position) = start {
            self.open.push(Open { pointer, position });
        }
    }
}

impl Open {
    /// The pointer to the next value; `None` if it is a key or irrelevant.
    fn enter(&mut self, event: &Event<'_>) -> Option<JsonPointer> {
        match std::mem::replace(&mut self.position, Position::BeforeKey) {
            Position::BeforeKey => {
                let key = if let Event::Scalar(text, ..) = event { text.to_string() } else { String::new() };
                self.position = Position::BehindKey(key);
                None
            }
            Position::BehindKey(key) => self.below(&key),
            Position::Item(index) => {
                self.position = Position::Item(index + 1);
                self.below(&index.to_string())
            }
        }
    }

    fn below(&self, key: &str) -> Option<JsonPointer> {
        self.pointer.clone().map(|pointer| pointer.key(key))
    }
}

/// The places of the documents of a text that consists of JSON objects in succession; `None` for any other text.
pub(super) fn of_json(text: &str) -> Option<Vec<DocumentPlaces>> {
    let mut documents = Vec::new();
    let mut reader = Reader::new(text);
    let mut lines = Lines { text, at: 0, place: Place::START };
    while let Some(b'{') = reader.token() {
        let start = reader.offset();
        let mut places = DocumentPlaces::default();
        places.0.insert(String::new(), lines.place_at(start));
        let mut fields = Vec::new();
        json_fields(&mut reader, &JsonPointer::ROOT, &mut fields)?;
        places.0.extend(fields.into_iter().map(|(pointer, offset)| (pointer, lines.place_at(offset))));
        documents.push(places);
    }
    (reader.token().is_none() && !documents.is_empty()).then_some(documents)
}

/// Reads a value, and records where its relevant fields begin.
fn json_fields(reader: &mut Reader<'_>, pointer: &JsonPointer, found: &mut Vec<(String, usize)>) -> Option<()> {
    let mut first = true;
    match reader.token() {
        Some(b'{') => {
            reader.begin_object().ok()?;
            while let Some(key) = reader.next_key(&mut first).ok()? {
                let child = pointer.clone().key(&key);
                json_value(reader, &child, found)?;
            }
        }
        Some(b'[') => {
            reader.begin_list().ok()?;
            let mut index = 0;
            while reader.next_element(&mut first).ok()? {
                json_value(reader, &pointer.clone().index(index), found)?;
                index += 1;
            }
        }
        _ => reader.skip().ok()?,
    }
    Some(())
}

fn json_value(reader: &mut Reader<'_>, pointer: &JsonPointer, found: &mut Vec<(String, usize)>) -> Option<()> {
    if !is_of_interest(pointer.as_str()) {
        return reader.skip().ok();
    }
    // The value begins after white space.
    reader.token();
    found.push((pointer.as_str().to_owned(), reader.offset()));
    json_fields(reader, pointer, found)
}

/// Counts lines up to increasing offsets.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    place: Place,
}

impl Lines<'_> {
    fn place_at(&mut self, offset: usize) -> Place {
        let passed = self.text.get(self.at..offset).unwrap_or_default();
        for character in passed.chars() {
            match character {
                '\n' => self.place = Place { line: self.place.line + 1, column: 1 },
                _ => self.place.column += 1,
            }
        }
        self.at = self.at.max(offset);
        self.place
    }
}
