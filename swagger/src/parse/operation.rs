//! Readers of paths, operations, parameters and responses.

use indexmap::IndexMap;
use openapiv3::ReferenceOr;

use super::object::Object;
use super::place::Place;
use super::schema::{external_docs, group_version_kind, schema, simple_schema};
use super::security;
use super::value::{boolean, list, map, string, strings, text};
use crate::document::{
    BodyParameter, Location, Method, Operation, Parameter, PathItem, Response, ResponseStatus, ValueParameter,
};
use crate::extension::{ACTION, GROUP_VERSION_KIND};
use crate::json::Json;
use crate::text_enum::TextEnum;

pub(super) fn path_item(place: &Place<'_>, json: Json<'_>) -> Option<PathItem> {
    take_operations(place, json, parameters, operation)
}

/// The operations of a path and their common parameters, by the readers of either dialect.
pub(super) fn take_operations<'j>(
    place: &Place<'_>,
    json: Json<'j>,
    parameters: impl FnOnce(&Place<'_>, Json<'j>) -> Option<Vec<ReferenceOr<Parameter>>>,
    operation: impl Fn(&Place<'_>, Json<'j>) -> Option<Operation>,
) -> Option<PathItem> {
    let methods: Vec<Method> = match &json {
        Json::Object(entries) => entries.iter().filter_map(|(key, _)| Method::from_text(key)).collect(),
        _ => Vec::new(),
    };
    let mut object = Object::new(place, json)?;
    let mut item = PathItem { parameters: object.or_default("parameters", parameters), ..PathItem::default() };
    // In the order of the document; then the absent ones, so that a message lists every method.
    for method in methods.iter().chain(Method::ALL) {
        if let Some(operation) = object.optional(method.as_str(), &operation) {
            item.operations.insert(*method, operation);
        }
    }
    object.finish();
    Some(item)
}

fn operation(place: &Place<'_>, json: Json<'_>) -> Option<Operation> {
    let mut object = Object::new(place, json)?;
    let operation = Operation {
        operation_id: object.required("operationId", string),
        tags: object.or_default("tags", strings),
        summary: object.optional("summary", string),
        description: object.optional("description", string),
        external_docs: object.optional("externalDocs", external_docs),
        consumes: object.optional("consumes", strings),
        produces: object.optional("produces", strings),
        schemes: object.optional("schemes", strings),
        parameters: object.or_default("parameters", parameters),
        responses: object.required("responses", |place, json| responses(place, json, response)),
        deprecated: object.or_default("deprecated", boolean),
        security: object.optional("security", security),
        action: object.optional(ACTION, text("action")),
        group_version_kind: object.optional(GROUP_VERSION_KIND, group_version_kind),
    };
    object.finish();
    Some(operation)
}

fn parameters(place: &Place<'_>, json: Json<'_>) -> Option<Vec<ReferenceOr<Parameter>>> {
    list(place, json, |place, json| {
        let is_reference = matches!(&json, Json::Object(entries) if entries.iter().any(|(key, _)| key == "$ref"));
        if !is_reference {
            return parameter(place, json).map(ReferenceOr::Item);
        }
        let mut object = Object::new(place, json)?;
        let reference = object.required("$ref", string);
        object.finish();
        Some(ReferenceOr::Reference { reference })
    })
}

pub(super) fn parameter(place: &Place<'_>, json: Json<'_>) -> Option<Parameter> {
    let mut object = Object::new(place, json)?;
    let location = object.required("in", |place, json| string(place, json).map(Some))?;
    let parameter = if location == "body" {
        Parameter::Body(body_parameter(&mut object))
    } else if let Some(location) = Location::from_text(&location) {
        Parameter::Value(value_parameter(&mut object, place, location))
    } else {
        place
            .key("in")
            .problem(format!("unknown place of a parameter `{location}`; known: `body`, `path`, `query`, `header`"));
        return None;
    };
    object.finish();
    Some(parameter)
}

fn body_parameter(object: &mut Object<'_, '_>) -> BodyParameter {
    BodyParameter {
        name: object.required("name", string),
        description: object.optional("description", string),
        required: object.or_default("required", boolean),
        schema: object.required("schema", schema),
    }
}

fn value_parameter(object: &mut Object<'_, '_>, place: &Place<'_>, location: Location) -> ValueParameter {
    let parameter = ValueParameter {
        name: object.required("name", string),
        location,
        description: object.optional("description", string),
        required: object.or_default("required", boolean),
        allow_empty_value: object.or_default("allowEmptyValue", boolean),
        collection_format: object.optional("collectionFormat", text("collection format")),
        schema: simple_schema(object, place),
    };
    if location == Location::Path && !parameter.required {
        place.problem("a parameter in the path needs `\"required\": true`");
    }
    parameter
}

/// What a reader makes of each response, by its status.
pub(super) fn responses<'j, T>(
    place: &Place<'_>,
    json: Json<'j>,
    response: impl Fn(&Place<'_>, Json<'j>) -> Option<T>,
) -> Option<IndexMap<ResponseStatus, T>> {
    let mut responses = IndexMap::new();
    for (key, response) in map(place, json, response)? {
        let status = match key.parse() {
            _ if key == "default" => Some(ResponseStatus::Default),
            Ok(code @ 100..=599) if key.len() == 3 => Some(ResponseStatus::Code(code)),
            _ => None,
        };
        match status {
            Some(status) => drop(responses.insert(status, response)),
            None => place.key(&key).problem(format!("expected `default` or a status from 100 to 599, found `{key}`")),
        }
    }
    Some(responses)
}

fn response(place: &Place<'_>, json: Json<'_>) -> Option<Response> {
    let mut object = Object::new(place, json)?;
    let response =
        Response { description: object.required("description", string), schema: object.optional("schema", schema) };
    object.finish();
    Some(response)
}
