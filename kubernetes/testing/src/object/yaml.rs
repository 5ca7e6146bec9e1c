use std::error::Error;

use kubernetes_core::{Json, yaml};
use serde_json::Value;

/// The documents of a text, without empty ones, as an API server reads them.
pub(crate) fn read_yaml(text: &str) -> Result<Vec<Value>, String> {
    let documents: Vec<Json> = yaml::from_str_multiple(text).map_err(|error| match error.source() {
        Some(source) => source.to_string(),
        None => error.to_string(),
    })?;
    documents.iter().map(|document| document.decode().map_err(|error| error.to_string())).collect()
}

/// A text that is exactly one document.
pub(crate) fn read_yaml_document(text: &str) -> Result<Value, String> {
    let mut documents = read_yaml(text)?;
    match documents.pop() {
        Some(document) if documents.is_empty() => Ok(document),
        _ => Err("it is not one document".to_owned()),
    }
}
