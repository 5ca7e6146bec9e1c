//! Schemas, from Swagger 2.0 to OpenAPI 3.0.

use openapiv3::{
    AdditionalProperties as OpenApiAdditionalProperties, AnySchema, ArrayType, BooleanType, IntegerType, NumberType,
    ObjectType, ReferenceOr, Schema as OpenApiSchema, SchemaData, SchemaKind, StringType, Type as OpenApiType,
};
use serde_json::Value;

use crate::names::{ALL_OF, UNIQUE_ITEMS, lift_schema_reference};
use crate::schema::{AdditionalProperties, Schema, Type, exact_integer};

/// A schema, which stays a reference where it is nothing but a `$ref`.
pub(super) fn lift_schema(schema: &Schema) -> ReferenceOr<OpenApiSchema> {
    match schema.pure_reference() {
        Some(reference) => ReferenceOr::Reference { reference: lift_schema_reference(reference) },
        None => ReferenceOr::Item(lift_item(schema)),
    }
}

fn lift_boxed(schema: &Schema) -> ReferenceOr<Box<OpenApiSchema>> {
    match lift_schema(schema) {
        ReferenceOr::Reference { reference } => ReferenceOr::Reference { reference },
        ReferenceOr::Item(schema) => ReferenceOr::boxed_item(schema),
    }
}

fn lift_item(schema: &Schema) -> OpenApiSchema {
    let schema_kind = lift_kind(schema);
    let mut extensions = schema.extensions.to_map();
    let holds_unique_items = match &schema_kind {
        SchemaKind::Type(OpenApiType::Array(array)) => array.unique_items,
        SchemaKind::Any(any) => any.unique_items.is_some(),
        _ => false,
    };
    if schema.unique_items && !holds_unique_items {
        extensions.insert(UNIQUE_ITEMS.to_owned(), Value::Bool(true));
    }
    if let [single] = schema.all_of.as_slice()
        && single.pure_reference().is_some()
    {
        extensions.insert(ALL_OF.to_owned(), Value::Bool(true));
    }
    let schema_data = SchemaData {
        read_only: schema.read_only,
        nullable: schema.nullable,
        external_docs: schema.external_docs.clone(),
        example: schema.example.clone(),
        title: schema.title.clone(),
        description: schema.description.clone(),
        default: schema.default.clone(),
        extensions,
        ..SchemaData::default()
    };
    OpenApiSchema { schema_data, schema_kind }
}

fn lift_kind(schema: &Schema) -> SchemaKind {
    let all_of = lift_all_of(schema);
    let is_composed = !(schema.one_of.is_empty() && schema.any_of.is_empty() && schema.not.is_none());
    if schema.has_no_own_shape()
        && let Some(kind) = lift_composed(schema, &all_of)
    {
        return kind;
    }
    let schema_type = schema.schema_type.filter(|_| all_of.is_empty() && !is_composed);
    match schema_type.and_then(|schema_type| lift_type(schema, schema_type)) {
        Some(kind) => SchemaKind::Type(kind),
        None => SchemaKind::Any(lift_any(schema, all_of)),
    }
}

/// The schema as what it is composed of, if that is one list or `not`, and nothing else.
fn lift_composed(schema: &Schema, all_of: &[ReferenceOr<OpenApiSchema>]) -> Option<SchemaKind> {
    let schemas = |list: &[Schema]| list.iter().map(lift_schema).collect();
    match (all_of, schema.one_of.as_slice(), schema.any_of.as_slice(), &schema.not) {
        ([_, ..], [], [], None) => Some(SchemaKind::AllOf { all_of: all_of.to_vec() }),
        ([], one_of @ [_, ..], [], None) => Some(SchemaKind::OneOf { one_of: schemas(one_of) }),
        ([], [], any_of @ [_, ..], None) => Some(SchemaKind::AnyOf { any_of: schemas(any_of) }),
        ([], [], [], Some(not)) => Some(SchemaKind::Not { not: Box::new(lift_schema(not)) }),
        _ => None,
    }
}

/// A `$ref` with siblings becomes a list of one: OpenAPI 3.0 ignores what stands beside a `$ref`.
fn lift_all_of(schema: &Schema) -> Vec<ReferenceOr<OpenApiSchema>> {
    let reference = schema.reference.as_deref().map(|reference| ReferenceOr::ref_(&lift_schema_reference(reference)));
    reference.into_iter().chain(schema.all_of.iter().map(lift_schema)).collect()
}

/// The schema as its type alone, if it says nothing that this type has no place for.
fn lift_type(schema: &Schema, schema_type: Type) -> Option<OpenApiType> {
    let format = || schema.format.clone();
    let strings = schema.constrains_strings() && schema_type != Type::String;
    let numbers = schema.constrains_numbers() && !matches!(schema_type, Type::Number | Type::Integer);
    let arrays = schema.constrains_arrays() && schema_type != Type::Array;
    let objects = schema.constrains_objects() && schema_type != Type::Object;
    let takes_format = matches!(schema_type, Type::String | Type::Number | Type::Integer);
    if strings || numbers || arrays || objects || (schema.format.is_some() && !takes_format) {
        return None;
    }
    Some(match schema_type {
        Type::String => OpenApiType::String(StringType {
            format: format().into(),
            pattern: schema.pattern.clone(),
            enumeration: enumeration(schema, |value| value.as_str().map(str::to_owned))?,
            min_length: schema.min_length,
            max_length: schema.max_length,
        }),
        Type::Integer => OpenApiType::Integer(IntegerType {
            format: format().into(),
            multiple_of: integer(schema.multiple_of)?,
            exclusive_minimum: schema.exclusive_minimum,
            exclusive_maximum: schema.exclusive_maximum,
            minimum: integer(schema.minimum)?,
            maximum: integer(schema.maximum)?,
            enumeration: enumeration(schema, Value::as_i64)?,
        }),
        // As `f64`, an `enum` would not tell 1 from 1.0.
        Type::Number if !schema.enumeration.is_empty() => return None,
        Type::Number => OpenApiType::Number(NumberType {
            format: format().into(),
            multiple_of: schema.multiple_of,
            exclusive_minimum: schema.exclusive_minimum,
            exclusive_maximum: schema.exclusive_maximum,
            minimum: schema.minimum,
            maximum: schema.maximum,
            enumeration: Vec::new(),
        }),
        Type::Boolean => OpenApiType::Boolean(BooleanType { enumeration: enumeration(schema, Value::as_bool)? }),
        Type::Array | Type::Object if !schema.enumeration.is_empty() => return None,
        Type::Array => OpenApiType::Array(ArrayType {
            items: schema.items.as_deref().map(lift_boxed),
            min_items: schema.min_items,
            max_items: schema.max_items,
            unique_items: schema.unique_items,
        }),
        Type::Object => OpenApiType::Object(ObjectType {
            properties: schema.properties.iter().map(|(name, schema)| (name.clone(), lift_boxed(schema))).collect(),
            required: schema.required.clone(),
            additional_properties: schema.additional_properties.as_ref().map(lift_additional_properties),
            min_properties: schema.min_properties,
            max_properties: schema.max_properties,
        }),
    })
}

/// The allowed values, if each of them is null or of the type.
fn enumeration<T>(schema: &Schema, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<Option<T>>> {
    let item = |value: &Value| if value.is_null() { Some(None) } else { read(value).map(Some) };
    schema.enumeration.iter().map(item).collect()
}

/// The bound, if it is absent or an integer.
fn integer(bound: Option<f64>) -> Option<Option<i64>> {
    match bound {
        None => Some(None),
        Some(bound) => exact_integer(bound).map(Some),
    }
}

fn lift_any(schema: &Schema, all_of: Vec<ReferenceOr<OpenApiSchema>>) -> AnySchema {
    AnySchema {
        typ: schema.schema_type.map(|schema_type| schema_type.as_str().to_owned()),
        pattern: schema.pattern.clone(),
        multiple_of: schema.multiple_of,
        exclusive_minimum: schema.exclusive_minimum.then_some(true),
        exclusive_maximum: schema.exclusive_maximum.then_some(true),
        minimum: schema.minimum,
        maximum: schema.maximum,
        properties: schema.properties.iter().map(|(name, schema)| (name.clone(), lift_boxed(schema))).collect(),
        required: schema.required.clone(),
        additional_properties: schema.additional_properties.as_ref().map(lift_additional_properties),
        min_properties: schema.min_properties,
        max_properties: schema.max_properties,
        items: schema.items.as_deref().map(lift_boxed),
        min_items: schema.min_items,
        max_items: schema.max_items,
        unique_items: schema.unique_items.then_some(true),
        enumeration: schema.enumeration.clone(),
        format: schema.format.clone(),
        min_length: schema.min_length,
        max_length: schema.max_length,
        all_of,
        one_of: schema.one_of.iter().map(lift_schema).collect(),
        any_of: schema.any_of.iter().map(lift_schema).collect(),
        not: schema.not.as_deref().map(|not| Box::new(lift_schema(not))),
    }
}

fn lift_additional_properties(additional: &AdditionalProperties) -> OpenApiAdditionalProperties {
    match additional {
        AdditionalProperties::Allowed(allowed) => OpenApiAdditionalProperties::Any(*allowed),
        AdditionalProperties::Schema(schema) => OpenApiAdditionalProperties::Schema(Box::new(lift_schema(schema))),
    }
}
