//! Small descriptions to start from.

use kubernetes_swagger::Error;
use openapiv3::{AnySchema, OpenAPI, ReferenceOr, Schema, SchemaKind};
use serde_json::{Value, json};

/// A description with these paths and nothing else.
pub(crate) fn with_paths(paths: Value) -> Value {
    json!({ "swagger": "2.0", "info": { "title": "Kubernetes", "version": "v1.37.2" }, "paths": paths })
}

/// A description with these definitions and nothing else.
pub(crate) fn with_definitions(definitions: Value) -> Value {
    let mut description = with_paths(json!({}));
    description["definitions"] = definitions;
    description
}

/// A description of one `POST /things` with the given keys.
pub(crate) fn with_operation(keys: Value) -> Value {
    let mut operation = json!({ "operationId": "createThing", "responses": { "200": { "description": "OK" } } });
    merge(&mut operation, keys);
    with_paths(json!({ "/things": { "post": operation } }))
}

pub(crate) fn merge(target: &mut Value, keys: Value) {
    let (Some(target), Value::Object(keys)) = (target.as_object_mut(), keys) else {
        panic!("both are objects");
    };
    target.extend(keys);
}

pub(crate) fn try_parse(description: &Value) -> Result<OpenAPI, Error> {
    kubernetes_swagger::parse(description.to_string().as_bytes())
}

pub(crate) fn parse(description: &Value) -> OpenAPI {
    try_parse(description).unwrap_or_else(|error| panic!("{error}\nin {description:#}"))
}

/// The schema of a name.
pub(crate) fn schema<'a>(openapi: &'a OpenAPI, name: &str) -> &'a Schema {
    let schema = openapi.components.as_ref().and_then(|components| components.schemas.get(name));
    schema.and_then(ReferenceOr::as_item).unwrap_or_else(|| panic!("an inline schema {name}"))
}

pub(crate) fn keywords(schema: &Schema) -> &AnySchema {
    match &schema.schema_kind {
        SchemaKind::Any(any) => any,
        other => panic!("every schema is any, not {other:?}"),
    }
}
