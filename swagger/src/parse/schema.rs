//! Readers of schemas.

use openapiv3::ExternalDocumentation;

use super::dialect::Dialect;
use super::object::Object;
use super::place::Place;
use super::value::{boolean, list, map, number, size, string, strings, text, unknown_text, value, wrong_type};
use crate::extension::{
    EMBEDDED_RESOURCE, GROUP_VERSION_KIND, GroupVersionKind, INT_OR_STRING, LIST_MAP_KEYS, LIST_TYPE, MAP_TYPE,
    PATCH_MERGE_KEY, PATCH_STRATEGY, PRESERVE_UNKNOWN_FIELDS, PatchStrategy, SELECTABLE_FIELDS, SchemaExtensions,
    UNIONS, Union, VALIDATIONS,
};
use crate::json::Json;
use crate::schema::{AdditionalProperties, Schema, Type};
use crate::text_enum::TextEnum;

/// A schema object with everything that may be in it.
pub(crate) fn schema(place: &Place<'_>, json: Json<'_>) -> Option<Schema> {
    let mut object = Object::new(place, json)?;
    let beyond = place.dialect().beyond_swagger();
    let mut schema = Schema {
        reference: object
            .optional("$ref", |place, json| string(place, json).map(|text| place.dialect().reference(text))),
        title: object.optional("title", string),
        description: object.optional("description", string),
        example: object.optional("example", value),
        external_docs: object.optional("externalDocs", external_docs),
        read_only: object.or_default("readOnly", boolean),
        max_properties: object.optional("maxProperties", size),
        min_properties: object.optional("minProperties", size),
        required: object.or_default("required", strings),
        properties: object.or_default("properties", |place, json| map(place, json, schema)),
        items: object.optional("items", |place, json| schema(place, json).map(Box::new)),
        additional_properties: object.optional("additionalProperties", additional_properties),
        all_of: object.or_default("allOf", |place, json| list(place, json, schema)),
        nullable: object.or_default(beyond.nullable, boolean),
        one_of: object.or_default(beyond.one_of, |place, json| list(place, json, schema)),
        any_of: object.or_default(beyond.any_of, |place, json| list(place, json, schema)),
        not: object.optional(beyond.not, |place, json| schema(place, json).map(Box::new)),
        extensions: schema_extensions(&mut object),
        ..constraints(&mut object)
    };
    object.finish();
    if schema.reference.is_some() && !schema.all_of.is_empty() {
        place.key("allOf").problem("`allOf` beside `$ref`; put the `$ref` into the list");
    }
    if place.dialect() == Dialect::OpenApi && schema.has_no_shape() {
        schema.restore_reference();
    }
    Some(schema)
}

/// The keys that a schema shares with a parameter that is no body: Swagger 2.0, "Items Object".
pub(super) fn simple_schema(object: &mut Object<'_, '_>, place: &Place<'_>) -> Schema {
    let has_type = object.peek("type").is_some();
    let schema = Schema { items: object.optional("items", items), ..constraints(object) };
    if !has_type {
        place.problem("the required key `type` is missing");
    }
    if schema.schema_type == Some(Type::Object) {
        place.key("type").problem("the type `object` is allowed in a body alone");
    }
    schema
}

fn items(place: &Place<'_>, json: Json<'_>) -> Option<Box<Schema>> {
    let mut object = Object::new(place, json)?;
    let schema = simple_schema(&mut object, place);
    object.finish();
    Some(Box::new(schema))
}

fn constraints(object: &mut Object<'_, '_>) -> Schema {
    Schema {
        schema_type: object.optional("type", text("type")),
        format: object.optional("format", string),
        default: object.optional("default", value),
        enumeration: object.or_default("enum", enumeration),
        multiple_of: object.optional("multipleOf", number),
        maximum: object.optional("maximum", number),
        exclusive_maximum: object.or_default("exclusiveMaximum", boolean),
        minimum: object.optional("minimum", number),
        exclusive_minimum: object.or_default("exclusiveMinimum", boolean),
        max_length: object.optional("maxLength", size),
        min_length: object.optional("minLength", size),
        pattern: object.optional("pattern", string),
        max_items: object.optional("maxItems", size),
        min_items: object.optional("minItems", size),
        unique_items: object.or_default("uniqueItems", boolean),
        ..Schema::default()
    }
}

fn enumeration(place: &Place<'_>, json: Json<'_>) -> Option<Vec<serde_json::Value>> {
    let values = list(place, json, value)?;
    if values.is_empty() {
        place.problem("an empty `enum` allows no value; leave the key out");
    }
    Some(values)
}

fn additional_properties(place: &Place<'_>, json: Json<'_>) -> Option<AdditionalProperties> {
    match json {
        Json::Bool(allowed) => Some(AdditionalProperties::Allowed(allowed)),
        Json::Object(_) => schema(place, json).map(|schema| AdditionalProperties::Schema(Box::new(schema))),
        other => wrong_type(place, "a boolean or an object", &other),
    }
}

pub(super) fn external_docs(place: &Place<'_>, json: Json<'_>) -> Option<ExternalDocumentation> {
    let mut object = Object::new(place, json)?;
    let docs = ExternalDocumentation {
        description: object.optional("description", string),
        url: object.required("url", string),
        extensions: Default::default(),
    };
    object.finish();
    Some(docs)
}

/// Takes every extension of a schema out of an object.
pub(crate) fn schema_extensions(object: &mut Object<'_, '_>) -> SchemaExtensions {
    SchemaExtensions {
        group_version_kinds: object.or_default(GROUP_VERSION_KIND, |place, json| list(place, json, group_version_kind)),
        list_type: object.optional(LIST_TYPE, text("list type")),
        list_map_keys: object.or_default(LIST_MAP_KEYS, strings),
        map_type: object.optional(MAP_TYPE, text("map type")),
        patch_strategy: object.or_default(PATCH_STRATEGY, patch_strategy),
        patch_merge_key: object.optional(PATCH_MERGE_KEY, string),
        unions: object.or_default(UNIONS, |place, json| list(place, json, union)),
        selectable_fields: object.or_default(SELECTABLE_FIELDS, |place, json| list(place, json, selectable_field)),
        preserve_unknown_fields: object.or_default(PRESERVE_UNKNOWN_FIELDS, boolean),
        int_or_string: object.or_default(INT_OR_STRING, boolean),
        embedded_resource: object.or_default(EMBEDDED_RESOURCE, boolean),
        validations: object.optional(VALIDATIONS, value),
    }
}

pub(crate) fn group_version_kind(place: &Place<'_>, json: Json<'_>) -> Option<GroupVersionKind> {
    let mut object = Object::new(place, json)?;
    let kind = GroupVersionKind {
        group: object.required("group", string),
        version: object.required("version", string),
        kind: object.required("kind", string),
    };
    object.finish();
    Some(kind)
}

/// Strategies with commas between them, such as `merge,retainKeys`.
fn patch_strategy(place: &Place<'_>, json: Json<'_>) -> Option<Vec<PatchStrategy>> {
    let text = string(place, json)?;
    let strategies = text.split(',').filter_map(|name| {
        let strategy = PatchStrategy::from_text(name);
        if strategy.is_none() {
            unknown_text::<PatchStrategy>(place, "patch strategy", name);
        }
        strategy
    });
    Some(strategies.collect())
}

fn union(place: &Place<'_>, json: Json<'_>) -> Option<Union> {
    let mut object = Object::new(place, json)?;
    let union = Union {
        discriminator: object.optional("discriminator", string),
        fields_to_discriminate_by: object.required("fields-to-discriminateBy", |place, json| map(place, json, string)),
    };
    object.finish();
    Some(union)
}

fn selectable_field(place: &Place<'_>, json: Json<'_>) -> Option<String> {
    let mut object = Object::new(place, json)?;
    let path = object.required("fieldPath", string);
    object.finish();
    Some(path)
}
