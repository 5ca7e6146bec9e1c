//! What a schema says, whichever of OpenAPI's shapes it has.

use std::borrow::Borrow;

use indexmap::IndexMap;
use kubernetes_swagger::extension::{self, MapType, SchemaExtensions};
use openapiv3::{
    AdditionalProperties, AnySchema, ReferenceOr, Schema, SchemaData, SchemaKind, Type as OpenApiType,
    VariantOrUnknownOrEmpty,
};

use serde_json::Value;

use crate::error::{Place, Result};
use crate::ir::Merge;

/// A property or item: a reference to a definition, or a form of its own.
pub(super) enum Shape<'a> {
    Definition(&'a str),
    Own(Box<Form<'a>>),
}

/// The form of a schema that is no reference.
#[derive(Default)]
pub(super) struct Form<'a> {
    /// `type`; any value is allowed without it.
    pub(super) type_: Option<&'a str>,
    pub(super) format: Option<String>,
    pub(super) enumeration: Vec<&'a str>,
    pub(super) items: Option<&'a ReferenceOr<Box<Schema>>>,
    pub(super) properties: Option<&'a IndexMap<String, ReferenceOr<Box<Schema>>>>,
    pub(super) required: &'a [String],
    /// The schema of the values of a map.
    pub(super) values: Option<&'a ReferenceOr<Schema>>,
    /// Whether a map's values are of any kind.
    pub(super) any_values: bool,
    pub(super) extensions: SchemaExtensions,
}

/// The description beside a type or a reference.
pub(super) fn description<S: Borrow<Schema>>(schema: &ReferenceOr<S>) -> &str {
    match schema {
        ReferenceOr::Reference { .. } => "",
        ReferenceOr::Item(schema) => schema.borrow().schema_data.description.as_deref().unwrap_or_default(),
    }
}

/// The value that the server sets.
pub(super) fn default<S: Borrow<Schema>>(schema: &ReferenceOr<S>) -> Option<&Value> {
    schema.as_item()?.borrow().schema_data.default.as_ref()
}

pub(super) fn is_nullable<S: Borrow<Schema>>(schema: &ReferenceOr<S>) -> bool {
    schema.as_item().is_some_and(|schema| schema.borrow().schema_data.nullable)
}

pub(super) fn shape<'a, S: Borrow<Schema>>(place: &Place<'_>, schema: &'a ReferenceOr<S>) -> Result<Shape<'a>> {
    if let Some(name) = extension::definition_name(schema) {
        return Ok(Shape::Definition(name));
    }
    match schema {
        ReferenceOr::Reference { reference } => {
            Err(place.error(format!("the reference {reference} leads to no definition")))
        }
        ReferenceOr::Item(schema) => Ok(Shape::Own(Box::new(form(place, schema.borrow())?))),
    }
}

pub(super) fn extensions(place: &Place<'_>, data: &SchemaData) -> Result<SchemaExtensions> {
    let form = extension::schema(data).map_err(|error| {
        let inner = error.problems().first();
        let pointer = inner.map(|problem| problem.pointer.as_str()).unwrap_or_default();
        let message = inner.map(|problem| problem.message.as_str()).unwrap_or_default();
        crate::Error::at(format!("{}{pointer}", place.pointer()), message)
    })?;
    Ok(form.kubernetes)
}

/// How a property is merged.
pub(super) fn merge<S: Borrow<Schema>>(place: &Place<'_>, schema: &ReferenceOr<S>) -> Result<Merge> {
    let ReferenceOr::Item(schema) = schema else { return Ok(Merge::default()) };
    let data = &schema.borrow().schema_data;
    let extensions = extensions(place, data)?;
    Ok(Merge {
        list_type: extensions.list_type,
        list_map_keys: extensions.list_map_keys,
        atomic: extensions.map_type == Some(MapType::Atomic),
        patch_strategy: extensions.patch_strategy,
        patch_merge_key: extensions.patch_merge_key,
    })
}

pub(super) fn form<'a>(place: &Place<'_>, schema: &'a Schema) -> Result<Form<'a>> {
    let mut form = Form { extensions: extensions(place, &schema.schema_data)?, ..Form::default() };
    let mut additional = None;
    match &schema.schema_kind {
        SchemaKind::Type(OpenApiType::String(string)) => {
            form.type_ = Some("string");
            form.format = text(&string.format);
            form.enumeration = string.enumeration.iter().filter_map(Option::as_deref).collect();
        }
        SchemaKind::Type(OpenApiType::Integer(integer)) => {
            form.type_ = Some("integer");
            form.format = text(&integer.format);
        }
        SchemaKind::Type(OpenApiType::Number(_)) => form.type_ = Some("number"),
        SchemaKind::Type(OpenApiType::Boolean(_)) => form.type_ = Some("boolean"),
        SchemaKind::Type(OpenApiType::Array(array)) => {
            form.type_ = Some("array");
            form.items = array.items.as_ref();
        }
        SchemaKind::Type(OpenApiType::Object(object)) => {
            form.type_ = Some("object");
            form.properties = Some(&object.properties);
            form.required = &object.required;
            additional = object.additional_properties.as_ref();
        }
        SchemaKind::Any(any) if only_constrains(any) => {
            form.type_ = any.typ.as_deref();
            form.format = any.format.clone();
            form.enumeration = any.enumeration.iter().filter_map(|value| value.as_str()).collect();
            form.items = any.items.as_ref();
            form.properties = Some(&any.properties);
            form.required = &any.required;
            additional = any.additional_properties.as_ref();
        }
        // What these add are conditions on a value, and no types; a choice of several types is JSON in Rust.
        SchemaKind::OneOf { .. } | SchemaKind::AnyOf { .. } | SchemaKind::Not { .. } => {}
        SchemaKind::AllOf { .. } | SchemaKind::Any(_) => {
            return Err(place.error(
                "a schema composed of others has no type in Rust; add it to Form in codegen/src/lower/schemas.rs",
            ));
        }
    }
    form.properties = form.properties.filter(|properties| !properties.is_empty());
    match additional {
        Some(AdditionalProperties::Schema(values)) => form.values = Some(values),
        Some(AdditionalProperties::Any(allowed)) => form.any_values = *allowed,
        None => {}
    }
    Ok(form)
}

/// Whether what is beside the type adds none: in a custom resource, each part of `allOf` only limits values.
fn only_constrains(any: &AnySchema) -> bool {
    let has_type = any.typ.is_some() || !any.properties.is_empty();
    let declared = Declared { properties: Some(&any.properties), items: any.items.as_ref() };
    any.all_of.is_empty() || (has_type && any.all_of.iter().all(|part| declared.holds(part)))
}

type Properties = IndexMap<String, ReferenceOr<Box<Schema>>>;

/// What a schema says of the form of its values.
#[derive(Clone, Copy, Default)]
struct Declared<'a> {
    properties: Option<&'a Properties>,
    items: Option<&'a ReferenceOr<Box<Schema>>>,
}

impl<'a> Declared<'a> {
    fn of(schema: &'a Schema) -> Self {
        match &schema.schema_kind {
            SchemaKind::Type(OpenApiType::Object(object)) => Self { properties: Some(&object.properties), items: None },
            SchemaKind::Type(OpenApiType::Array(array)) => Self { properties: None, items: array.items.as_ref() },
            SchemaKind::Any(any) => Self { properties: Some(&any.properties), items: any.items.as_ref() },
            _ => Self::default(),
        }
    }

    /// Whether all that a part of `allOf` says of the form is declared here: what it adds would be missing in the type.
    fn holds<S: Borrow<Schema>>(self, part: &ReferenceOr<S>) -> bool {
        let ReferenceOr::Item(part) = part else { return false };
        let part = part.borrow();
        let (additional, all_of) = match &part.schema_kind {
            SchemaKind::Type(OpenApiType::Object(object)) => (object.additional_properties.as_ref(), [].as_slice()),
            SchemaKind::Any(any) => (any.additional_properties.as_ref(), any.all_of.as_slice()),
            SchemaKind::AllOf { all_of } => (None, all_of.as_slice()),
            _ => (None, [].as_slice()),
        };
        let of_part = Declared::of(part);
        additional.is_none()
            && all_of.iter().all(|part| self.holds(part))
            && of_part.properties.into_iter().flatten().all(|(name, part)| {
                self.properties.and_then(|properties| properties.get(name)).is_some_and(|own| holds(own, part))
            })
            && of_part.items.is_none_or(|part| self.items.is_some_and(|own| holds(own, part)))
    }
}

/// As [`Declared::holds`], for a property or item that both have.
fn holds(own: &ReferenceOr<Box<Schema>>, part: &ReferenceOr<Box<Schema>>) -> bool {
    match own {
        ReferenceOr::Reference { .. } => own == part,
        ReferenceOr::Item(own) => Declared::of(own).holds(part),
    }
}

/// The format as it stands in the description.
fn text<T: serde::Serialize>(format: &VariantOrUnknownOrEmpty<T>) -> Option<String> {
    match format {
        VariantOrUnknownOrEmpty::Item(known) => {
            serde_json::to_value(known).ok().and_then(|value| value.as_str().map(str::to_owned))
        }
        VariantOrUnknownOrEmpty::Unknown(other) => Some(other.clone()),
        VariantOrUnknownOrEmpty::Empty => None,
    }
}
