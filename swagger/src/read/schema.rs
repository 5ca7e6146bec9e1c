//! Readers of schemas: the one place that knows their keys.

use indexmap::IndexMap;
use openapiv3::{AdditionalProperties, AnySchema, ExternalDocumentation, ReferenceOr, Schema, SchemaData, SchemaKind};
use serde_json::Value;

use crate::extension::read_extensions;
use crate::names::{ALL_OF, lift_schema_reference};
use crate::text_enum::text_enum;
use crate::tree::json::Json;
use crate::tree::object::Object;
use crate::tree::place::{Dialect, Place};
use crate::tree::value::{boolean, list, map, number, size, string, strings, text, value, wrong_type};

text_enum! {
    /// The type of a schema.
    pub(crate) enum Type {
        /// `array`
        Array = "array",
        /// `boolean`
        Boolean = "boolean",
        /// `integer`
        Integer = "integer",
        /// `number`
        Number = "number",
        /// `object`
        Object = "object",
        /// `string`
        String = "string",
    }
}

/// The keys of `JSONSchemaProps` that a structural schema must not have.
///
/// Source: `ValidateStructural` in `k8s.io/apiextensions-apiserver/pkg/apiserver/schema/validation.go`.
const NOT_STRUCTURAL: &[&str] =
    &["$ref", "definitions", "patternProperties", "dependencies", "additionalItems", "id", "$schema"];

/// A schema object with everything that may be in it; a reference where it is nothing but a `$ref`.
///
/// Every schema is [`SchemaKind::Any`], whatever its type: the other kinds have no place for some of what may stand
/// beside a type.
pub(crate) fn schema(place: &Place<'_>, json: Json<'_>) -> Option<ReferenceOr<Schema>> {
    let mut object = Object::new(place, json)?;
    let reference = match place.dialect() {
        Dialect::Definition => refuse_non_structural(place, &mut object),
        _ => object.optional("$ref", reference),
    };
    let mut data = SchemaData {
        title: object.optional("title", string),
        description: object.optional("description", string),
        example: object.optional("example", value),
        external_docs: object.optional("externalDocs", external_docs),
        read_only: object.or_default("readOnly", boolean),
        ..SchemaData::default()
    };
    let mut any = AnySchema {
        max_properties: object.optional("maxProperties", size),
        min_properties: object.optional("minProperties", size),
        required: object.or_default("required", strings),
        properties: object.or_default("properties", |place, json| map(place, json, boxed)),
        items: object.optional("items", boxed),
        additional_properties: object.optional("additionalProperties", additional_properties),
        all_of: object.or_default("allOf", schemas),
        ..constraints(&mut object, &mut data)
    };
    if place.dialect() != Dialect::Swagger {
        data.nullable = object.or_default("nullable", boolean);
        any.one_of = object.or_default("oneOf", schemas);
        any.any_of = object.or_default("anyOf", schemas);
        any.not = object.optional("not", |place, json| schema(place, json).map(Box::new));
    }
    data.extensions = read_extensions(&mut object);
    object.finish();
    if let Some(reference) = reference {
        if !any.all_of.is_empty() {
            place.key("allOf").problem("`allOf` next to `$ref`; put the `$ref` into the list");
        }
        if data == SchemaData::default() && any == AnySchema::default() {
            return Some(ReferenceOr::Reference { reference });
        }
        // OpenAPI 3.0 ignores what stands beside a `$ref`.
        any.all_of = vec![ReferenceOr::Reference { reference }];
    } else if place.dialect() == Dialect::Swagger && matches!(any.all_of.as_slice(), [ReferenceOr::Reference { .. }]) {
        data.extensions.insert(ALL_OF.to_owned(), Value::Bool(true));
    }
    Some(ReferenceOr::Item(Schema { schema_data: data, schema_kind: SchemaKind::Any(any) }))
}

/// The keys that a schema shares with a parameter other than a body: Swagger 2.0, "Items Object".
pub(super) fn simple_schema(object: &mut Object<'_, '_>, place: &Place<'_>) -> Schema {
    let has_type = object.has("type");
    let mut data = SchemaData::default();
    let any = AnySchema { items: object.optional("items", items), ..constraints(object, &mut data) };
    if !has_type {
        place.problem("the required key `type` is missing");
    }
    if any.typ.as_deref() == Some(Type::Object.as_str()) {
        place.key("type").problem("the type `object` is only allowed in a body");
    }
    Schema { schema_data: data, schema_kind: SchemaKind::Any(any) }
}

fn items(place: &Place<'_>, json: Json<'_>) -> Option<ReferenceOr<Box<Schema>>> {
    let mut object = Object::new(place, json)?;
    let schema = simple_schema(&mut object, place);
    object.finish();
    Some(ReferenceOr::boxed_item(schema))
}

fn constraints(object: &mut Object<'_, '_>, data: &mut SchemaData) -> AnySchema {
    data.default = object.optional("default", value);
    AnySchema {
        typ: object.optional("type", text::<Type>("type")).map(|name| name.as_str().to_owned()),
        format: object.optional("format", string),
        enumeration: object.or_default("enum", enumeration),
        multiple_of: object.optional("multipleOf", number),
        maximum: object.optional("maximum", number),
        exclusive_maximum: object.optional("exclusiveMaximum", boolean),
        minimum: object.optional("minimum", number),
        exclusive_minimum: object.optional("exclusiveMinimum", boolean),
        max_length: object.optional("maxLength", size),
        min_length: object.optional("minLength", size),
        pattern: object.optional("pattern", string),
        max_items: object.optional("maxItems", size),
        min_items: object.optional("minItems", size),
        unique_items: object.optional("uniqueItems", boolean),
        ..AnySchema::default()
    }
}

fn refuse_non_structural(place: &Place<'_>, object: &mut Object<'_, '_>) -> Option<String> {
    for (key, _) in object.take_all(NOT_STRUCTURAL) {
        place.key(&key).problem(format!("`{key}` is not allowed in the schema of a custom resource"));
    }
    None
}

fn boxed(place: &Place<'_>, json: Json<'_>) -> Option<ReferenceOr<Box<Schema>>> {
    Some(match schema(place, json)? {
        ReferenceOr::Reference { reference } => ReferenceOr::Reference { reference },
        ReferenceOr::Item(schema) => ReferenceOr::boxed_item(schema),
    })
}

fn schemas(place: &Place<'_>, json: Json<'_>) -> Option<Vec<ReferenceOr<Schema>>> {
    list(place, json, schema)
}

/// A `$ref` to a definition, as OpenAPI 3.0 writes it.
fn reference(place: &Place<'_>, json: Json<'_>) -> Option<String> {
    let reference = string(place, json)?;
    let prefix = place.dialect().definitions();
    match reference.strip_prefix(prefix) {
        Some(name) if place.document.definitions.contains(name) => {}
        name => dangling(place, &reference, prefix, name.is_some()),
    }
    Some(lift_schema_reference(&reference))
}

/// Reports a reference that leads to nothing.
pub(super) fn dangling(place: &Place<'_>, reference: &str, prefix: &str, has_prefix: bool) {
    place.problem(if has_prefix {
        format!("unresolved `$ref`: `{reference}` is not in the document")
    } else {
        format!("unresolved `$ref`: expected `{prefix}` and a name, found `{reference}`")
    });
}

fn enumeration(place: &Place<'_>, json: Json<'_>) -> Option<Vec<Value>> {
    let values = list(place, json, value)?;
    if values.is_empty() {
        place.problem("an empty `enum` allows no value; remove the key");
    }
    Some(values)
}

fn additional_properties(place: &Place<'_>, json: Json<'_>) -> Option<AdditionalProperties> {
    match json {
        Json::Bool(allowed) => Some(AdditionalProperties::Any(allowed)),
        Json::Object(_) => schema(place, json).map(Box::new).map(AdditionalProperties::Schema),
        other => wrong_type(place, "a boolean or an object", &other),
    }
}

pub(super) fn external_docs(place: &Place<'_>, json: Json<'_>) -> Option<ExternalDocumentation> {
    let mut object = Object::new(place, json)?;
    let docs = ExternalDocumentation {
        description: object.optional("description", string),
        url: object.required("url", string),
        extensions: IndexMap::new(),
    };
    object.finish();
    Some(docs)
}
