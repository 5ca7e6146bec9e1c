//! The CustomResourceDefinitions in a file, whatever else is in it.

use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::budget;

use super::definition::Definition;
use crate::error::{Error, Result};

/// What a description is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Swagger,
    OpenApi,
}

/// What a file is written in, if it is an API server's description, which is JSON.
pub(super) fn dialect(bytes: &[u8]) -> Option<Dialect> {
    #[derive(Deserialize)]
    struct Head {
        swagger: Option<String>,
        openapi: Option<String>,
    }
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    match serde_json::from_slice::<Head>(bytes).ok()? {
        Head { swagger: Some(_), .. } => Some(Dialect::Swagger),
        Head { openapi: Some(_), .. } => Some(Dialect::OpenApi),
        _ => None,
    }
}

/// Reads the definitions of a file of YAML documents or JSON: single ones, and those in lists. Other kinds are skipped.
pub(super) fn definitions(file: &str, bytes: &[u8]) -> Result<Vec<Definition>> {
    let text =
        std::str::from_utf8(bytes).map_err(|error| Error::new("it is no UTF-8").in_file(file).caused_by(error))?;
    let mut definitions = Vec::new();
    for document in documents(file, text)? {
        collect(file, document, false, &mut definitions)?;
    }
    Ok(definitions)
}

fn documents(file: &str, text: &str) -> Result<Vec<Value>> {
    if text.trim_start().starts_with('{') {
        let error = |error| Error::new("it is no JSON").in_file(file).caused_by(error);
        return Ok(vec![serde_json::from_str(text).map_err(error)?]);
    }
    // Files of many definitions are larger than the budget that is meant for configuration, and nest deeper.
    let options = serde_saphyr::options! {
        budget: budget! { max_events: 20_000_000, max_nodes: 10_000_000, max_depth: 512 },
        with_snippet: true,
    };
    serde_saphyr::from_multiple_with_options(text, options)
        .map_err(|error| Error::new("it is no YAML").in_file(file).caused_by(error))
}

fn collect(file: &str, document: Value, is_item: bool, definitions: &mut Vec<Definition>) -> Result<()> {
    let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default();
    let (kind, version) = (text("kind").to_owned(), text("apiVersion").to_owned());
    match kind.as_str() {
        "List" | "CustomResourceDefinitionList" => {
            let of_definitions = kind == "CustomResourceDefinitionList";
            let Value::Object(mut members) = document else { return Ok(()) };
            let Some(Value::Array(items)) = members.remove("items") else { return Ok(()) };
            items.into_iter().try_for_each(|item| collect(file, item, of_definitions, definitions))
        }
        // The items of a server's list carry neither version nor kind.
        "" if is_item => add(file, document, definitions),
        "CustomResourceDefinition" if version == "apiextensions.k8s.io/v1" => add(file, document, definitions),
        "CustomResourceDefinition" => {
            let message = format!("a CustomResourceDefinition of {version}; only apiextensions.k8s.io/v1 is supported");
            Err(Error::new(message).in_file(file))
        }
        _ => Ok(()),
    }
}

fn add(file: &str, document: Value, definitions: &mut Vec<Definition>) -> Result<()> {
    let name = document.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("without a name").to_owned();
    let definition: Definition = serde_json::from_value(document).map_err(|error| {
        Error::new(format!("the CustomResourceDefinition {name} is incomplete")).in_file(file).caused_by(error)
    })?;
    definitions.push(Definition { file: file.to_owned(), ..definition });
    Ok(())
}
