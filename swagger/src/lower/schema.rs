//! Schemas, from OpenAPI 3.0 back to Swagger 2.0.

use std::borrow::Borrow;

use openapiv3::{
    AdditionalProperties as OpenApiAdditionalProperties, AnySchema, IntegerType, NumberType, ObjectType, ReferenceOr,
    Schema as OpenApiSchema, SchemaKind, StringType, Type as OpenApiType, VariantOrUnknownOrEmpty,
};
use serde_json::Value;

use crate::extension;
use crate::json::Json;
use crate::names::lower_schema_reference;
use crate::parse::{Place, text};
use crate::schema::{AdditionalProperties, Schema, Type};

pub(super) fn lower_schema<S: Borrow<OpenApiSchema>>(place: &Place<'_>, schema: &ReferenceOr<S>) -> Schema {
    match schema {
        ReferenceOr::Reference { reference } => {
            Schema { reference: Some(lower_schema_reference(reference)), ..Schema::default() }
        }
        ReferenceOr::Item(schema) => lower_item(place, schema.borrow()),
    }
}

fn lower_item(place: &Place<'_>, schema: &OpenApiSchema) -> Schema {
    let data = &schema.schema_data;
    let form = extension::read_schema(place, &data.extensions);
    let mut lowered = Schema {
        title: data.title.clone(),
        description: data.description.clone(),
        default: data.default.clone(),
        example: data.example.clone(),
        external_docs: data.external_docs.clone(),
        read_only: data.read_only,
        nullable: data.nullable,
        extensions: form.kubernetes,
        ..lower_kind(place, &schema.schema_kind)
    };
    lowered.unique_items |= form.unique_items;
    if !form.single_all_of {
        lowered.restore_reference();
    }
    lowered
}

fn lower_kind(place: &Place<'_>, kind: &SchemaKind) -> Schema {
    match kind {
        SchemaKind::Type(kind) => lower_type(place, kind),
        SchemaKind::AllOf { all_of } => Schema { all_of: lower_list(place, "allOf", all_of), ..Schema::default() },
        SchemaKind::OneOf { one_of } => Schema { one_of: lower_list(place, "oneOf", one_of), ..Schema::default() },
        SchemaKind::AnyOf { any_of } => Schema { any_of: lower_list(place, "anyOf", any_of), ..Schema::default() },
        SchemaKind::Not { not } => {
            Schema { not: Some(Box::new(lower_schema(&place.key("not"), not))), ..Schema::default() }
        }
        SchemaKind::Any(any) => lower_any(place, any),
    }
}

fn lower_type(place: &Place<'_>, kind: &OpenApiType) -> Schema {
    match kind {
        OpenApiType::String(string) => lower_string(string),
        OpenApiType::Number(number) => lower_number(number),
        OpenApiType::Integer(integer) => lower_integer(integer),
        OpenApiType::Boolean(boolean) => Schema {
            schema_type: Some(Type::Boolean),
            enumeration: enumeration(&boolean.enumeration, |value| Value::Bool(*value)),
            ..Schema::default()
        },
        OpenApiType::Array(array) => Schema {
            schema_type: Some(Type::Array),
            items: array.items.as_ref().map(|items| Box::new(lower_schema(&place.key("items"), items))),
            min_items: array.min_items,
            max_items: array.max_items,
            unique_items: array.unique_items,
            ..Schema::default()
        },
        OpenApiType::Object(object) => lower_object(place, object),
    }
}

fn lower_string(string: &StringType) -> Schema {
    Schema {
        schema_type: Some(Type::String),
        format: lower_format(&string.format),
        pattern: string.pattern.clone(),
        enumeration: enumeration(&string.enumeration, |value| Value::String(value.clone())),
        min_length: string.min_length,
        max_length: string.max_length,
        ..Schema::default()
    }
}

fn lower_number(number: &NumberType) -> Schema {
    Schema {
        schema_type: Some(Type::Number),
        format: lower_format(&number.format),
        multiple_of: number.multiple_of,
        maximum: number.maximum,
        exclusive_maximum: number.exclusive_maximum,
        minimum: number.minimum,
        exclusive_minimum: number.exclusive_minimum,
        enumeration: enumeration(&number.enumeration, |value| Value::from(*value)),
        ..Schema::default()
    }
}

fn lower_integer(integer: &IntegerType) -> Schema {
    Schema {
        schema_type: Some(Type::Integer),
        format: lower_format(&integer.format),
        // A bound that `f64` rounds is found by lifting again.
        multiple_of: integer.multiple_of.map(|bound| bound as f64),
        maximum: integer.maximum.map(|bound| bound as f64),
        exclusive_maximum: integer.exclusive_maximum,
        minimum: integer.minimum.map(|bound| bound as f64),
        exclusive_minimum: integer.exclusive_minimum,
        enumeration: enumeration(&integer.enumeration, |value| Value::from(*value)),
        ..Schema::default()
    }
}

fn lower_object(place: &Place<'_>, object: &ObjectType) -> Schema {
    let properties = place.key("properties");
    Schema {
        schema_type: Some(Type::Object),
        properties: object
            .properties
            .iter()
            .map(|(name, schema)| (name.clone(), lower_schema(&properties.key(name), schema)))
            .collect(),
        required: object.required.clone(),
        additional_properties: lower_additional_properties(place, object.additional_properties.as_ref()),
        min_properties: object.min_properties,
        max_properties: object.max_properties,
        ..Schema::default()
    }
}

fn lower_any(place: &Place<'_>, any: &AnySchema) -> Schema {
    let properties = place.key("properties");
    Schema {
        schema_type: any.typ.as_deref().and_then(|name| text("type")(&place.key("type"), Json::String(name.into()))),
        format: any.format.clone(),
        pattern: any.pattern.clone(),
        multiple_of: any.multiple_of,
        maximum: any.maximum,
        exclusive_maximum: any.exclusive_maximum.unwrap_or_default(),
        minimum: any.minimum,
        exclusive_minimum: any.exclusive_minimum.unwrap_or_default(),
        properties: any
            .properties
            .iter()
            .map(|(name, schema)| (name.clone(), lower_schema(&properties.key(name), schema)))
            .collect(),
        required: any.required.clone(),
        additional_properties: lower_additional_properties(place, any.additional_properties.as_ref()),
        min_properties: any.min_properties,
        max_properties: any.max_properties,
        items: any.items.as_ref().map(|items| Box::new(lower_schema(&place.key("items"), items))),
        min_items: any.min_items,
        max_items: any.max_items,
        unique_items: any.unique_items.unwrap_or_default(),
        enumeration: any.enumeration.clone(),
        min_length: any.min_length,
        max_length: any.max_length,
        all_of: lower_list(place, "allOf", &any.all_of),
        one_of: lower_list(place, "oneOf", &any.one_of),
        any_of: lower_list(place, "anyOf", &any.any_of),
        not: any.not.as_ref().map(|not| Box::new(lower_schema(&place.key("not"), not))),
        ..Schema::default()
    }
}

fn lower_list(place: &Place<'_>, key: &str, schemas: &[ReferenceOr<OpenApiSchema>]) -> Vec<Schema> {
    let place = place.key(key);
    schemas.iter().enumerate().map(|(index, schema)| lower_schema(&place.index(index), schema)).collect()
}

fn lower_additional_properties(
    place: &Place<'_>,
    additional: Option<&OpenApiAdditionalProperties>,
) -> Option<AdditionalProperties> {
    Some(match additional? {
        OpenApiAdditionalProperties::Any(allowed) => AdditionalProperties::Allowed(*allowed),
        OpenApiAdditionalProperties::Schema(schema) => {
            let schema = lower_schema(&place.key("additionalProperties"), schema);
            AdditionalProperties::Schema(Box::new(schema))
        }
    })
}

fn lower_format<T: serde::Serialize>(known: &VariantOrUnknownOrEmpty<T>) -> Option<String> {
    match known {
        VariantOrUnknownOrEmpty::Empty => None,
        VariantOrUnknownOrEmpty::Unknown(name) => Some(name.clone()),
        // The crate has the names of its formats in their JSON form alone.
        VariantOrUnknownOrEmpty::Item(item) => match serde_json::to_value(item) {
            Ok(Value::String(name)) => Some(name),
            _ => None,
        },
    }
}

fn enumeration<T>(values: &[Option<T>], write: impl Fn(&T) -> Value) -> Vec<Value> {
    values.iter().map(|value| value.as_ref().map_or(Value::Null, &write)).collect()
}
