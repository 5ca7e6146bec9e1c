//! Schema objects: the definitions, and what they are made of.

use indexmap::IndexMap;
use openapiv3::ExternalDocumentation;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::extension::SchemaExtensions;
use crate::text_enum::text_enum;

/// A schema: a type with its constraints, or a `$ref`, with or without other keys beside it.
///
/// A default value is not told from an absent key where both mean the same: `false` for a flag, an empty list for
/// `required` and `allOf`, an empty map for `properties`. Bounds are 64-bit floats, as in Kubernetes; a whole one is
/// written without a fraction.
///
/// What OpenAPI 3.0 has beyond Swagger 2.0 (`nullable`, `oneOf`, `anyOf`, `not`) is here too, and written as extensions:
/// a description that was read from OpenAPI 3.0 keeps it as Swagger 2.0.
///
/// Source: Swagger 2.0, "Schema Object".
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Schema {
    /// `$ref`: `#/definitions/` and a name.
    #[serde(rename = "$ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// `type`. Absent where any JSON value is allowed.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub schema_type: Option<Type>,
    /// `format`: any text, as custom resources may have formats of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// `title`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// `description`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// `example`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Value>,
    /// `externalDocs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_docs: Option<ExternalDocumentation>,
    /// `readOnly`.
    #[serde(skip_serializing_if = "is_false")]
    pub read_only: bool,
    /// `enum`: the allowed values. Empty where the key is absent.
    #[serde(rename = "enum", skip_serializing_if = "Vec::is_empty")]
    pub enumeration: Vec<Value>,
    /// `multipleOf`.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "serialize_number")]
    pub multiple_of: Option<f64>,
    /// `maximum`.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "serialize_number")]
    pub maximum: Option<f64>,
    /// `exclusiveMaximum`.
    #[serde(skip_serializing_if = "is_false")]
    pub exclusive_maximum: bool,
    /// `minimum`.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "serialize_number")]
    pub minimum: Option<f64>,
    /// `exclusiveMinimum`.
    #[serde(skip_serializing_if = "is_false")]
    pub exclusive_minimum: bool,
    /// `maxLength`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// `minLength`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<usize>,
    /// `pattern`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// `maxItems`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_items: Option<usize>,
    /// `minItems`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_items: Option<usize>,
    /// `uniqueItems`. Kubernetes sets it on every query parameter, arrays or not.
    #[serde(skip_serializing_if = "is_false")]
    pub unique_items: bool,
    /// `items`: the schema of an array's items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Box<Schema>>,
    /// `maxProperties`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_properties: Option<usize>,
    /// `minProperties`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_properties: Option<usize>,
    /// `required`: the names of the required properties.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<String>,
    /// `properties`, in the order of the document.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub properties: IndexMap<String, Schema>,
    /// `additionalProperties`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_properties: Option<AdditionalProperties>,
    /// `allOf`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub all_of: Vec<Schema>,
    /// `nullable` of OpenAPI 3.0; `x-nullable` in Swagger 2.0.
    #[serde(rename = "x-nullable", skip_serializing_if = "is_false")]
    pub nullable: bool,
    /// `oneOf` of OpenAPI 3.0; `x-oneOf` in Swagger 2.0.
    #[serde(rename = "x-oneOf", skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<Schema>,
    /// `anyOf` of OpenAPI 3.0; `x-anyOf` in Swagger 2.0.
    #[serde(rename = "x-anyOf", skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<Schema>,
    /// `not` of OpenAPI 3.0; `x-not` in Swagger 2.0.
    #[serde(rename = "x-not", skip_serializing_if = "Option::is_none")]
    pub not: Option<Box<Schema>>,
    /// Every `x-kubernetes-…` key.
    #[serde(flatten)]
    pub extensions: SchemaExtensions,
}

impl Schema {
    /// Whether the schema is a `$ref` and nothing else.
    pub(crate) fn pure_reference(&self) -> Option<&str> {
        let reference = self.reference.as_deref()?;
        let plain = self.has_no_shape()
            && self.title.is_none()
            && self.description.is_none()
            && self.default.is_none()
            && self.example.is_none()
            && self.external_docs.is_none()
            && !self.read_only
            && !self.nullable
            && self.all_of.is_empty()
            && self.extensions.is_empty();
        plain.then_some(reference)
    }

    /// Whether the schema itself says nothing of what a value looks like, beside `$ref` and `allOf`.
    pub(crate) fn has_no_shape(&self) -> bool {
        self.has_no_own_shape() && self.one_of.is_empty() && self.any_of.is_empty() && self.not.is_none()
    }

    /// As [`Self::has_no_shape`], beside `oneOf`, `anyOf` and `not` too.
    pub(crate) fn has_no_own_shape(&self) -> bool {
        self.schema_type.is_none()
            && self.format.is_none()
            && self.enumeration.is_empty()
            && !self.unique_items
            && !self.constrains_strings()
            && !self.constrains_numbers()
            && !self.constrains_arrays()
            && !self.constrains_objects()
    }

    /// Turns an `allOf` with one `$ref` to a `$ref` with siblings.
    pub(crate) fn restore_reference(&mut self) {
        if let [single] = self.all_of.as_mut_slice()
            && single.pure_reference().is_some()
        {
            self.reference = single.reference.take();
            self.all_of.clear();
        }
    }

    pub(crate) fn constrains_strings(&self) -> bool {
        self.pattern.is_some() || self.min_length.is_some() || self.max_length.is_some()
    }

    pub(crate) fn constrains_numbers(&self) -> bool {
        self.multiple_of.is_some()
            || self.maximum.is_some()
            || self.minimum.is_some()
            || self.exclusive_maximum
            || self.exclusive_minimum
    }

    /// `uniqueItems` is not counted: it is there on parameters of every type.
    pub(crate) fn constrains_arrays(&self) -> bool {
        self.items.is_some() || self.min_items.is_some() || self.max_items.is_some()
    }

    pub(crate) fn constrains_objects(&self) -> bool {
        self.max_properties.is_some()
            || self.min_properties.is_some()
            || self.additional_properties.is_some()
            || !self.required.is_empty()
            || !self.properties.is_empty()
    }
}

/// What an object may hold beside its declared properties.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum AdditionalProperties {
    /// Anything (`true`) or nothing (`false`).
    Allowed(bool),
    /// Values of a schema.
    Schema(Box<Schema>),
}

text_enum! {
    /// The type of a schema.
    pub enum Type {
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

/// The integer that a number is, if it is one that both `f64` and `i64` hold exactly.
pub(crate) fn exact_integer(number: f64) -> Option<i64> {
    // 2^63 is the first f64 above the range of i64.
    let in_range = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number);
    (in_range && number.fract() == 0.0).then_some(number as i64)
}

/// Writes a whole number without a fraction, as Go does.
fn serialize_number<S: Serializer>(number: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match number {
        None => serializer.serialize_none(),
        Some(number) => match exact_integer(*number) {
            Some(integer) => serializer.serialize_i64(integer),
            None if number.fract() == 0.0 && (0.0..18_446_744_073_709_551_616.0).contains(number) => {
                serializer.serialize_u64(*number as u64)
            }
            None => serializer.serialize_f64(*number),
        },
    }
}

pub(crate) fn is_false(flag: &bool) -> bool {
    !flag
}
