//! Objects that a test puts into the server, beside all requests.

use std::error::Error;
use std::fmt;

use kubernetes_core::{Json, yaml};
use serde_json::Value;

use crate::failure::Failure;
use crate::state::State;
use crate::verbs::load_value;

/// Why objects can't be loaded.
#[derive(Debug)]
pub struct LoadError {
    /// The document, counted from 1, empty ones left out.
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

impl Error for LoadError {}

pub(crate) fn load(state: &mut State, yaml: &str) -> Result<(), LoadError> {
    let documents = read_yaml(yaml).map_err(|message| LoadError { document: 0, message })?;
    for (index, document) in documents.into_iter().enumerate() {
        load_object(state, document).map_err(|error| LoadError { document: index + 1, ..error })?;
    }
    Ok(())
}

/// The documents of a text that are not empty, as an API server reads them.
pub(crate) fn read_yaml(text: &str) -> Result<Vec<Value>, String> {
    let documents: Vec<Json> = yaml::from_str_multiple(text).map_err(|error| match error.source() {
        Some(source) => source.to_string(),
        None => error.to_string(),
    })?;
    documents.iter().map(|document| document.decode().map_err(|error| error.to_string())).collect()
}

/// The one object that a body is.
pub(crate) fn read_yaml_body(text: &str) -> Result<Value, String> {
    let mut documents = read_yaml(text)?;
    match documents.pop() {
        Some(document) if documents.is_empty() => Ok(document),
        _ => Err("it is not one document".to_owned()),
    }
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
