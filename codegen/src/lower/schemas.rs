//! The form of a schema, whichever of OpenAPI's shapes it has.

use std::borrow::Borrow;

use indexmap::IndexMap;
use kubernetes_swagger::extension::{self, MapType};
use openapiv3::{AdditionalProperties, AnySchema, ReferenceOr, Schema, SchemaData};

use crate::error::{Place, Result};
use crate::ir::{Merge, QUANTITY_PATTERN};
use crate::references::{data, keywords};

/// A property or item: a reference to a definition, or a form of its own.
pub(super) enum Shape<'a> {
    Definition(&'a str),
    Own(Form<'a>),
}

/// The form of a schema that is not a reference.
#[derive(Clone, Copy)]
pub(super) struct Form<'a> {
    pub(super) data: &'a SchemaData,
    pub(super) keywords: &'a AnySchema,
}

impl<'a> Form<'a> {
    /// `type`; any value is allowed without it.
    pub(super) fn type_(self) -> Option<&'a str> {
        self.keywords.typ.as_deref()
    }

    pub(super) fn format(self) -> Option<&'a str> {
        self.keywords.format.as_deref()
    }

    /// The allowed values that are strings.
    pub(super) fn strings(self) -> Vec<&'a str> {
        self.keywords.enumeration.iter().filter_map(|value| value.as_str()).collect()
    }

    /// The schema of the values of a map.
    pub(super) fn values(self) -> Option<&'a ReferenceOr<Schema>> {
        match &self.keywords.additional_properties {
            Some(AdditionalProperties::Schema(values)) => Some(values),
            _ => None,
        }
    }

    /// Whether a string must be a quantity: by the pattern that controller-gen writes for `resource.Quantity`.
    pub(super) fn is_quantity(self) -> bool {
        let patterns = self.keywords.all_of.iter().map(keywords).chain([self.keywords]);
        patterns.filter_map(|keywords| keywords.pattern.as_deref()).any(|pattern| pattern == QUANTITY_PATTERN)
    }

    /// Whether a map's values are of any kind.
    pub(super) fn has_any_values(self) -> bool {
        matches!(self.keywords.additional_properties, Some(AdditionalProperties::Any(true)))
    }
}

pub(super) fn shape<'a, S: Borrow<Schema>>(place: &Place<'_>, schema: &'a ReferenceOr<S>) -> Result<Shape<'a>> {
    if let Some(name) = extension::definition_name(schema) {
        return Ok(Shape::Definition(name));
    }
    if let ReferenceOr::Reference { reference } = schema {
        return Err(place.error(format!("the reference {reference} leads to no definition")));
    }
    let form = Form { data: data(schema), keywords: keywords(schema) };
    if !only_constrains(form) {
        return Err(place.error(
            "a schema composed of others has no type in Rust; add it to only_constrains in codegen/src/lower/schemas.rs",
        ));
    }
    Ok(Shape::Own(form))
}

/// How a property is merged.
pub(super) fn merge<S: Borrow<Schema>>(schema: &ReferenceOr<S>) -> Merge {
    let data = data(schema);
    Merge {
        list_type: extension::list_type(data),
        list_map_keys: extension::list_map_keys(data),
        atomic: extension::map_type(data) == Some(MapType::Atomic),
        patch_strategy: extension::patch_strategy(data),
        patch_merge_key: extension::patch_merge_key(data),
    }
}

/// Whether what is beside the type adds none: in a custom resource, each part of `allOf` only limits values. So do `oneOf`,
/// `anyOf` and `not`; a choice of several types is JSON in Rust.
fn only_constrains(form: Form<'_>) -> bool {
    let Form { data, keywords } = form;
    let has_type = keywords.typ.is_some()
        || !keywords.properties.is_empty()
        || extension::is_int_or_string(data)
        || extension::preserves_unknown_fields(data);
    keywords.all_of.is_empty() || (has_type && keywords.all_of.iter().all(|part| holds(keywords, part)))
}

/// Whether all that a part of `allOf` says of the form is declared: what it adds would be missing in the type.
fn holds<S: Borrow<Schema>>(declared: &AnySchema, part: &ReferenceOr<S>) -> bool {
    if let ReferenceOr::Reference { .. } = part {
        return false;
    }
    let part = keywords(part);
    part.additional_properties.is_none()
        && part.all_of.iter().all(|part| holds(declared, part))
        && part
            .properties
            .iter()
            .all(|(name, part)| declared.properties.get(name).is_some_and(|own| same_or_holds(own, part)))
        && part.items.as_ref().is_none_or(|part| declared.items.as_ref().is_some_and(|own| same_or_holds(own, part)))
}

fn same_or_holds(own: &ReferenceOr<Box<Schema>>, part: &ReferenceOr<Box<Schema>>) -> bool {
    own == part || holds(keywords(own), part)
}

/// The properties of a schema.
pub(super) type Properties = IndexMap<String, ReferenceOr<Box<Schema>>>;
