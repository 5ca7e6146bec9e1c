//! Reading extensions from a lifted document, so that no other code has to know their names.

use std::borrow::Borrow;

use indexmap::IndexMap;
use openapiv3::{Operation, ParameterData, ReferenceOr, RequestBody, Schema, SchemaData, SchemaKind};
use serde_json::Value;

use super::{ACTION, Action, GROUP_VERSION_KIND, GroupVersionKind, ListType, SchemaExtensions};
use crate::document::CollectionFormat;
use crate::error::Error;
use crate::json::Json;
use crate::names::{ALL_OF, COLLECTION_FORMAT, CONSUMES, PRODUCES, REFERENCE, SCHEMES, UNIQUE_ITEMS, schema_name};
use crate::parse::{
    Object, Place, Problems, boolean, group_version_kind as read_kind, schema_extensions, string, strings, text,
};

/// What the extensions of a lifted schema say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SchemaForm {
    /// The `x-kubernetes-…` extensions.
    pub kubernetes: SchemaExtensions,
    /// `uniqueItems: true` beside a type other than array.
    pub unique_items: bool,
    /// The `allOf` with a single `$ref` was one in Swagger, too.
    pub single_all_of: bool,
}

/// What the extensions of a lifted operation say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OperationExtensions {
    /// `x-kubernetes-action`
    pub action: Option<Action>,
    /// `x-kubernetes-group-version-kind`
    pub group_version_kind: Option<GroupVersionKind>,
    /// `schemes`
    pub schemes: Option<Vec<String>>,
    /// `consumes`, of an operation whose request body does not show it.
    pub consumes: Option<Vec<String>>,
    /// `produces`, of an operation whose responses do not show it.
    pub produces: Option<Vec<String>>,
}

/// Reads every extension of a schema.
///
/// # Errors
///
/// An extension is unknown or has another form than Kubernetes gives it. The pointer is relative to the schema.
pub fn schema(data: &SchemaData) -> Result<SchemaForm, Error> {
    reading(|place| Some(read_schema(place, &data.extensions)))
}

/// Reads every extension of an operation.
///
/// # Errors
///
/// An extension is unknown or has another form than Kubernetes gives it. The pointer is relative to the operation.
pub fn operation(operation: &Operation) -> Result<OperationExtensions, Error> {
    reading(|place| {
        let mut object = Object::new(place, members(&operation.extensions))?;
        let types = |place: &Place<'_>, json: Json<'_>| match json {
            Json::Null => None,
            json => strings(place, json),
        };
        let extensions = OperationExtensions {
            action: object.optional(ACTION, text("action")),
            group_version_kind: object.optional(GROUP_VERSION_KIND, read_kind),
            schemes: object.optional(SCHEMES, strings),
            consumes: object.optional(CONSUMES, types),
            produces: object.optional(PRODUCES, types),
        };
        object.finish();
        Some(extensions)
    })
}

/// The kinds that have a schema; empty for a schema that is no object of its own.
///
/// # Errors
///
/// As [`schema`].
pub fn group_version_kinds(data: &SchemaData) -> Result<Vec<GroupVersionKind>, Error> {
    schema(data).map(|form| form.kubernetes.group_version_kinds)
}

/// How the items of a list are merged and told apart.
///
/// # Errors
///
/// As [`schema`].
pub fn list_type(data: &SchemaData) -> Result<Option<ListType>, Error> {
    schema(data).map(|form| form.kubernetes.list_type)
}

/// Whether Swagger has `uniqueItems` on a schema that is no array.
///
/// # Errors
///
/// As [`schema`].
pub fn unique_items(data: &SchemaData) -> Result<bool, Error> {
    schema(data).map(|form| form.unique_items)
}

/// What an operation does, in Kubernetes' terms.
///
/// # Errors
///
/// As [`operation`].
pub fn action(of: &Operation) -> Result<Option<Action>, Error> {
    operation(of).map(|extensions| extensions.action)
}

/// The kind that an operation acts on.
///
/// # Errors
///
/// As [`operation`].
pub fn group_version_kind(of: &Operation) -> Result<Option<GroupVersionKind>, Error> {
    operation(of).map(|extensions| extensions.group_version_kind)
}

/// The global parameter (`#/parameters/…`) that a request body is a copy of.
///
/// # Errors
///
/// The extension is no string.
pub fn body_parameter(body: &RequestBody) -> Result<Option<String>, Error> {
    single(&body.extensions, REFERENCE, string)
}

/// How the items of an array are written in a parameter, where Swagger says so.
///
/// # Errors
///
/// The extension is none of the known formats.
pub fn collection_format(parameter: &ParameterData) -> Result<Option<CollectionFormat>, Error> {
    single(&parameter.extensions, COLLECTION_FORMAT, text("collection format"))
}

/// The name of the definition that a schema refers to, by a plain `$ref` or by one with siblings.
///
/// ```
/// use kubernetes_swagger::extension::definition_name;
/// use openapiv3::{ReferenceOr, Schema};
///
/// let reference: ReferenceOr<Schema> = ReferenceOr::ref_("#/components/schemas/io.k8s.api.core.v1.Pod");
/// assert_eq!(definition_name(&reference), Some("io.k8s.api.core.v1.Pod"));
/// ```
pub fn definition_name<S: Borrow<Schema>>(schema: &ReferenceOr<S>) -> Option<&str> {
    match schema {
        ReferenceOr::Reference { reference } => schema_name(reference),
        ReferenceOr::Item(item) => match &item.borrow().schema_kind {
            SchemaKind::AllOf { all_of } => match all_of.as_slice() {
                [ReferenceOr::Reference { reference }] => schema_name(reference),
                _ => None,
            },
            _ => None,
        },
    }
}

pub(crate) fn read_schema(place: &Place<'_>, extensions: &IndexMap<String, Value>) -> SchemaForm {
    let Some(mut object) = Object::new(place, members(extensions)) else { return SchemaForm::default() };
    let form = SchemaForm {
        kubernetes: schema_extensions(&mut object),
        unique_items: object.or_default(UNIQUE_ITEMS, boolean),
        single_all_of: object.or_default(ALL_OF, boolean),
    };
    object.finish();
    form
}

fn single<'a, T>(
    extensions: &'a IndexMap<String, Value>,
    name: &str,
    read: impl FnOnce(&Place<'_>, Json<'a>) -> Option<T>,
) -> Result<Option<T>, Error> {
    let Some(value) = extensions.get(name) else { return Ok(None) };
    reading(|place| read(&place.key(name), Json::from_value(value)).map(Some))
}

fn members(extensions: &IndexMap<String, Value>) -> Json<'_> {
    Json::Object(extensions.iter().map(|(key, value)| (key.as_str().into(), Json::from_value(value))).collect())
}

fn reading<T: Default>(read: impl FnOnce(&Place<'_>) -> Option<T>) -> Result<T, Error> {
    let problems = Problems::default();
    let value = read(&Place::root(&problems)).unwrap_or_default();
    let problems = problems.take();
    if problems.is_empty() { Ok(value) } else { Err(Error::new(problems)) }
}
