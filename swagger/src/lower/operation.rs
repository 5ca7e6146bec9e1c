//! Paths, operations, parameters and responses, from OpenAPI 3.0 back to Swagger 2.0.

use indexmap::IndexMap;
use openapiv3::{
    Content, Operation as OpenApiOperation, Parameter as OpenApiParameter, ParameterSchemaOrContent,
    PathItem as OpenApiPathItem, ReferenceOr, RequestBody, Responses, StatusCode,
};

use super::schema::lower_schema;
use super::{extension, inline};
use crate::document::{
    BodyParameter, Location, Method, Operation, Parameter, PathItem, Response, ResponseStatus, ValueParameter,
};
use crate::extension::{ACTION, GROUP_VERSION_KIND};
use crate::json::Json;
use crate::names::{
    BODY, COLLECTION_FORMAT, CONSUMES, INDEX, NAME, PRODUCES, REFERENCE, SCHEMES, lower_parameter_reference,
};
use crate::parse::{Place, group_version_kind, size, string, strings, text};
use crate::schema::Schema;

pub(super) fn lower_path_item(place: &Place<'_>, item: &OpenApiPathItem) -> PathItem {
    let methods = [
        (Method::Get, &item.get),
        (Method::Put, &item.put),
        (Method::Post, &item.post),
        (Method::Delete, &item.delete),
        (Method::Options, &item.options),
        (Method::Head, &item.head),
        (Method::Patch, &item.patch),
    ];
    let operations = methods.into_iter().filter_map(|(method, operation)| {
        let place = place.key(method.as_str());
        Some((method, lower_operation(&place, operation.as_ref()?)))
    });
    PathItem { operations: operations.collect(), parameters: lower_parameters(place, &item.parameters) }
}

fn lower_operation(place: &Place<'_>, operation: &OpenApiOperation) -> Operation {
    let extensions = &operation.extensions;
    let mut parameters = lower_parameters(place, &operation.parameters);
    let mut consumes = None;
    if let Some(body) = &operation.request_body {
        let place = place.key("requestBody");
        if let Some(body) = inline(&place, body) {
            consumes = Some(body.content.keys().cloned().collect());
            let index = extension(&place, &body.extensions, INDEX, size).unwrap_or_default();
            parameters.insert(index.min(parameters.len()), lower_request_body(&place, body));
        }
    }
    let (responses, produces) = lower_responses(&place.key("responses"), &operation.responses);
    if operation.operation_id.is_none() {
        place.problem("the required key `operationId` is missing");
    }
    Operation {
        operation_id: operation.operation_id.clone().unwrap_or_default(),
        tags: operation.tags.clone(),
        summary: operation.summary.clone(),
        description: operation.description.clone(),
        external_docs: operation.external_docs.clone(),
        consumes: extension(place, extensions, CONSUMES, types).unwrap_or(consumes),
        produces: extension(place, extensions, PRODUCES, types).unwrap_or(produces),
        schemes: extension(place, extensions, SCHEMES, strings),
        parameters,
        responses,
        deprecated: operation.deprecated,
        security: operation.security.clone(),
        action: extension(place, extensions, ACTION, text("action")),
        group_version_kind: extension(place, extensions, GROUP_VERSION_KIND, group_version_kind),
    }
}

/// Content types, or `null` where Swagger has no such key.
fn types(place: &Place<'_>, json: Json<'_>) -> Option<Option<Vec<String>>> {
    match json {
        Json::Null => Some(None),
        json => strings(place, json).map(Some),
    }
}

fn lower_request_body(place: &Place<'_>, body: &RequestBody) -> ReferenceOr<Parameter> {
    match extension(place, &body.extensions, REFERENCE, string) {
        Some(reference) => ReferenceOr::Reference { reference },
        None => ReferenceOr::Item(Parameter::Body(lower_body(place, body))),
    }
}

pub(super) fn lower_body(place: &Place<'_>, body: &RequestBody) -> BodyParameter {
    let schema = lower_content(&place.key("content"), &body.content);
    if schema.is_none() {
        place.problem("a body needs a schema");
    }
    BodyParameter {
        name: extension(place, &body.extensions, NAME, string).unwrap_or_else(|| BODY.to_owned()),
        description: body.description.clone(),
        required: body.required,
        schema: schema.unwrap_or_default(),
    }
}

/// The schema, which is the same for every content type.
fn lower_content(place: &Place<'_>, content: &Content) -> Option<Schema> {
    let (name, media) = content.first()?;
    let place = place.key(name);
    media.schema.as_ref().map(|schema| lower_schema(&place.key("schema"), schema))
}

/// The responses, and the content types that they show.
fn lower_responses(
    place: &Place<'_>,
    responses: &Responses,
) -> (IndexMap<ResponseStatus, Response>, Option<Vec<String>>) {
    let mut produces = None;
    let mut lowered = IndexMap::new();
    let default =
        responses.default.iter().map(|response| (Some(ResponseStatus::Default), "default".to_owned(), response));
    let coded = responses.responses.iter().map(|(status, response)| match status {
        StatusCode::Code(code) => (Some(ResponseStatus::Code(*code)), status.to_string(), response),
        StatusCode::Range(_) => (None, status.to_string(), response),
    });
    for (status, key, response) in coded.chain(default) {
        let place = place.key(&key);
        let Some(status) = status else {
            place.problem("Swagger 2.0 has no range of statuses; expected a status code or `default`");
            continue;
        };
        let Some(response) = inline(&place, response) else { continue };
        if !response.content.is_empty() {
            produces = Some(response.content.keys().cloned().collect());
        }
        let schema = lower_content(&place.key("content"), &response.content);
        lowered.insert(status, Response { description: response.description.clone(), schema });
    }
    (lowered, produces)
}

fn lower_parameters(place: &Place<'_>, parameters: &[ReferenceOr<OpenApiParameter>]) -> Vec<ReferenceOr<Parameter>> {
    let place = place.key("parameters");
    let lowered = parameters.iter().enumerate().filter_map(|(index, parameter)| match parameter {
        ReferenceOr::Reference { reference } => {
            Some(ReferenceOr::Reference { reference: lower_parameter_reference(reference) })
        }
        ReferenceOr::Item(parameter) => {
            lower_parameter(&place.index(index), parameter).map(Parameter::Value).map(ReferenceOr::Item)
        }
    });
    lowered.collect()
}

pub(super) fn lower_parameter(place: &Place<'_>, parameter: &OpenApiParameter) -> Option<ValueParameter> {
    let (location, allow_empty_value) = match parameter {
        OpenApiParameter::Query { allow_empty_value, .. } => (Location::Query, *allow_empty_value),
        OpenApiParameter::Header { .. } => (Location::Header, None),
        OpenApiParameter::Path { .. } => (Location::Path, None),
        OpenApiParameter::Cookie { .. } => {
            place.problem("Swagger 2.0 has no parameters in cookies");
            return None;
        }
    };
    let data = parameter.parameter_data_ref();
    let ParameterSchemaOrContent::Schema(schema) = &data.format else {
        place.key("content").problem("Swagger 2.0 has no content types of parameters; expected `schema`");
        return None;
    };
    Some(ValueParameter {
        name: data.name.clone(),
        location,
        description: data.description.clone(),
        required: data.required,
        allow_empty_value: allow_empty_value.unwrap_or_default(),
        collection_format: extension(place, &data.extensions, COLLECTION_FORMAT, text("collection format")),
        schema: lower_schema(&place.key("schema"), schema),
    })
}
