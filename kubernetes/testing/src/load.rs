//! Objects that a test puts into the server, beside all requests.

use std::fmt;

use serde_json::Value;

use crate::failure::Failure;
use crate::state::State;
use crate::verbs::load_value;

/// Why objects can't be loaded.
#[derive(Debug)]
pub struct LoadError {
    /// The document, counted from 1.
    document: usize,
    message: String,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.document {
            0 => f.write_str(&self.message),
            document => write!(f, "document {document}: {}", self.message),
        }
    }
}

impl std::error::Error for LoadError {}

pub(crate) fn load(state: &mut State, yaml: &str) -> Result<(), LoadError> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(yaml).map_err(|error| LoadError { document: 0, message: error.to_string() })?;
    for (index, document) in documents.into_iter().enumerate() {
        if !document.is_null() {
            load_object(state, document).map_err(|error| LoadError { document: index + 1, ..error })?;
        }
    }
    Ok(())
}

/// One object, or a list of them.
pub(crate) fn load_object(state: &mut State, value: Value) -> Result<(), LoadError> {
    let is_list = value.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"));
    match value.get("items").and_then(Value::as_array) {
        Some(items) if is_list => items.iter().try_for_each(|item| load_object(state, item.clone())),
        _ => load_value(state, value).map_err(|failure| LoadError { document: 0, message: text(&failure) }),
    }
}

fn text(failure: &Failure) -> String {
    failure.message().to_owned()
}
