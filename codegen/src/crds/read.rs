//! The CustomResourceDefinitions in a file, whatever else is in it.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use serde_path_to_error::Segment;
use serde_saphyr::budget;

use super::definition::Definition;
use super::origin::{Origin, is_json};
use crate::error::{Error, Result};

/// The format of a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Swagger,
    OpenApi,
}

/// The format of a file, if it is an API server's description, which is JSON.
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
/// A definition with a problem is left out, and the rest is read. A file without any need not even be YAML: charts have
/// templates beside their definitions.
pub(crate) fn definitions(file: &str, bytes: &[u8], problems: &mut Vec<Error>) -> Vec<Definition> {
    let mut definitions = Vec::new();
    let mut read = || -> Result<()> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| Error::new("it is not valid UTF-8").in_file(file).caused_by(error))?;
        if !text.contains("CustomResourceDefinition") {
            return Ok(());
        }
        let text: Arc<str> = text.into();
        for (document, value) in documents(file, &text)?.into_iter().enumerate() {
            let origin = Origin { file: file.to_owned(), text: Arc::clone(&text), document, pointer: String::new() };
            collect(origin, value, false, &mut definitions, problems);
        }
        Ok(())
    };
    if let Err(problem) = read() {
        problems.push(problem);
    }
    definitions
}

fn documents(file: &str, text: &str) -> Result<Vec<Value>> {
    if is_json(text) {
        let error = |error| Error::new("it is not valid JSON").in_file(file).caused_by(error);
        return Ok(vec![serde_json::from_str(text).map_err(error)?]);
    }
    // Files of many definitions are larger than the budget that is meant for configuration, and nest deeper.
    let options = serde_saphyr::options! {
        budget: budget! { max_events: 20_000_000, max_nodes: 10_000_000, max_depth: 512 },
        // They would be buffered, and more than 32 lines of them are refused.
        emit_comments: false,
        with_snippet: true,
    };
    serde_saphyr::from_multiple_with_options(text, options).map_err(|error| {
        let message = match text.contains("{{") {
            true => "it is not valid YAML; if it is a Helm template, render it first: helm template --include-crds",
            false => "it is not valid YAML",
        };
        Error::new(message).in_file(file).caused_by(error)
    })
}

fn collect(
    origin: Origin,
    document: Value,
    is_item: bool,
    definitions: &mut Vec<Definition>,
    problems: &mut Vec<Error>,
) {
    let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default();
    let (kind, version) = (text("kind").to_owned(), text("apiVersion").to_owned());
    match kind.as_str() {
        "List" | "CustomResourceDefinitionList" => {
            let of_definitions = kind == "CustomResourceDefinitionList";
            let Value::Object(mut members) = document else { return };
            let Some(Value::Array(items)) = members.remove("items") else { return };
            for (index, item) in items.into_iter().enumerate() {
                let origin = Origin { pointer: format!("{}/items/{index}", origin.pointer), ..origin.clone() };
                collect(origin, item, of_definitions, definitions, problems);
            }
        }
        // The items of a server's list carry neither version nor kind.
        "" if is_item => add(origin, document, definitions, problems),
        "CustomResourceDefinition" if version == "apiextensions.k8s.io/v1" => {
            add(origin, document, definitions, problems);
        }
        "CustomResourceDefinition" => {
            let message = format!("a CustomResourceDefinition of {version}; only apiextensions.k8s.io/v1 is supported");
            problems.push(origin.explain(&name_of(&document), Error::at("/apiVersion", message)));
        }
        _ => {}
    }
}

fn add(origin: Origin, document: Value, definitions: &mut Vec<Definition>, problems: &mut Vec<Error>) {
    let name = name_of(&document);
    match serde_path_to_error::deserialize::<_, Definition>(document) {
        Ok(definition) => {
            let wrong = definition.spec.wrong_names();
            let found = wrong.iter().map(|(place, message)| origin.explain(&name, Error::at(place, message)));
            problems.extend(found);
            if wrong.is_empty() {
                definitions.push(Definition { origin, ..definition });
            }
        }
        Err(error) => {
            let pointer = pointer(error.path());
            let message = format!("the CustomResourceDefinition can't be read: {}", error.into_inner());
            let problem = Error::at(pointer, message);
            problems.push(origin.explain(&name, problem));
        }
    }
}

fn name_of(document: &Value) -> String {
    document.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("without a name").to_owned()
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        let token = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { .. } | Segment::Unknown => break,
        };
        pointer.push('/');
        pointer.push_str(&token);
    }
    pointer
}
