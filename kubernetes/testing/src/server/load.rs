use std::error::Error;
use std::fmt;

use serde_json::Value;

use crate::object::read_yaml;
use crate::semantics;
use crate::state::State;

/// The error for objects that can't be loaded.
pub struct LoadError {
    /// The number of the document, counted from 1 without empty ones; 0 if the error is not about a single document.
    document: usize,
    message: String,
}

kubernetes_core::error_text!(LoadError);

impl LoadError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.document {
            0 => f.write_str(&self.message),
            document => write!(f, "document {document}: {}", self.message),
        }
    }
}

impl Error for LoadError {}

pub(super) fn load(state: &mut State, yaml: &str) -> Result<(), LoadError> {
    let documents = read_yaml(yaml).map_err(|message| LoadError { document: 0, message })?;
    for (index, document) in documents.into_iter().enumerate() {
        load_object(state, document).map_err(|error| LoadError { document: index + 1, ..error })?;
    }
    Ok(())
}

/// Loads an object, or a list of objects.
pub(super) fn load_object(state: &mut State, mut value: Value) -> Result<(), LoadError> {
    let is_list = value.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"));
    if is_list && let Some(Value::Array(items)) = value.get_mut("items").map(Value::take) {
        return items.into_iter().try_for_each(|item| load_object(state, item));
    }
    let error = |message: &str| LoadError { document: 0, message: message.to_owned() };
    semantics::load(state, value).map_err(|status| error(status.message()))
}
