//! Schemas and parameters, whether they are references or not.

use std::borrow::Borrow;
use std::sync::LazyLock;

use openapiv3::{AnySchema, OpenAPI, Parameter, ReferenceOr, Schema, SchemaData, SchemaKind};

static NOTHING: LazyLock<(SchemaData, AnySchema)> = LazyLock::new(Default::default);

/// The keywords of a schema, which limit its values; none if it is a reference.
pub(crate) fn keywords<S: Borrow<Schema>>(schema: &ReferenceOr<S>) -> &AnySchema {
    match schema.as_item().map(|schema| &schema.borrow().schema_kind) {
        Some(SchemaKind::Any(any)) => any,
        // Readers make no other kind.
        _ => &NOTHING.1,
    }
}

/// The rest of a schema: description, default, extensions; empty if it is a reference.
pub(crate) fn data<S: Borrow<Schema>>(schema: &ReferenceOr<S>) -> &SchemaData {
    schema.as_item().map_or(&NOTHING.0, |schema| &schema.borrow().schema_data)
}

/// A schema, as readers make it.
pub(crate) fn schema(description: Option<&str>, keywords: AnySchema) -> Schema {
    let schema_data = SchemaData { description: description.map(str::to_owned), ..SchemaData::default() };
    Schema { schema_data, schema_kind: SchemaKind::Any(keywords) }
}

/// The parameter itself, if the reference leads to one.
pub(crate) fn parameter<'a>(openapi: &'a OpenAPI, parameter: &'a ReferenceOr<Parameter>) -> Option<&'a Parameter> {
    match parameter {
        ReferenceOr::Item(parameter) => Some(parameter),
        ReferenceOr::Reference { reference } => {
            let name = reference.strip_prefix("#/components/parameters/")?;
            openapi.components.as_ref()?.parameters.get(name)?.as_item()
        }
    }
}
