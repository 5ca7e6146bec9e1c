//! Paths, operations, parameters and responses, from Swagger 2.0 to OpenAPI 3.0.

use indexmap::IndexMap;
use openapiv3::{
    Content, HeaderStyle, MediaType, Operation as OpenApiOperation, Parameter as OpenApiParameter, ParameterData,
    ParameterSchemaOrContent, PathItem as OpenApiPathItem, PathStyle, QueryStyle, ReferenceOr, RequestBody,
    Response as OpenApiResponse, Responses, StatusCode,
};
use serde_json::Value;

use super::schema::lift_schema;
use crate::document::{
    BodyParameter, CollectionFormat, Location, Method, Operation, Parameter, PathItem, Response, ResponseStatus,
    Swagger, ValueParameter,
};
use crate::extension::{ACTION, GROUP_VERSION_KIND};
use crate::names::{
    ANY_CONTENT, BODY, COLLECTION_FORMAT, CONSUMES, INDEX, NAME, PRODUCES, REFERENCE, SCHEMES, lift_parameter_reference,
};
use crate::schema::{Schema, Type};

pub(super) fn lift_path_item(swagger: &Swagger, item: &PathItem) -> OpenApiPathItem {
    let mut lifted = OpenApiPathItem {
        parameters: item.parameters.iter().filter_map(lift_value_parameter).collect(),
        ..OpenApiPathItem::default()
    };
    for (method, operation) in &item.operations {
        let slot = match method {
            Method::Get => &mut lifted.get,
            Method::Put => &mut lifted.put,
            Method::Post => &mut lifted.post,
            Method::Delete => &mut lifted.delete,
            Method::Options => &mut lifted.options,
            Method::Head => &mut lifted.head,
            Method::Patch => &mut lifted.patch,
        };
        *slot = Some(lift_operation(swagger, operation));
    }
    lifted
}

fn lift_operation(swagger: &Swagger, operation: &Operation) -> OpenApiOperation {
    let body =
        operation.parameters.iter().enumerate().find_map(|(index, parameter)| match swagger.resolve(parameter)? {
            Parameter::Body(body) => Some((index, parameter, body)),
            Parameter::Value(_) => None,
        });
    let body_index = body.map(|(index, ..)| index);
    let parameters = operation.parameters.iter().enumerate();
    let mut lifted = OpenApiOperation {
        tags: operation.tags.clone(),
        summary: operation.summary.clone(),
        description: operation.description.clone(),
        external_docs: operation.external_docs.clone(),
        operation_id: Some(operation.operation_id.clone()),
        parameters: parameters
            .filter(|(index, _)| Some(*index) != body_index)
            .filter_map(|(_, parameter)| lift_value_parameter(parameter))
            .collect(),
        deprecated: operation.deprecated,
        security: operation.security.clone(),
        extensions: lift_extensions(operation),
        ..OpenApiOperation::default()
    };
    lift_consumes(&mut lifted, swagger, operation, body);
    lift_produces(&mut lifted, swagger, operation);
    lifted
}

fn lift_extensions(operation: &Operation) -> IndexMap<String, Value> {
    let mut extensions = IndexMap::new();
    if let Some(action) = operation.action {
        extensions.insert(ACTION.to_owned(), action.as_str().into());
    }
    if let Some(kind) = &operation.group_version_kind {
        extensions.insert(GROUP_VERSION_KIND.to_owned(), kind.to_value());
    }
    if let Some(schemes) = &operation.schemes {
        extensions.insert(SCHEMES.to_owned(), schemes.clone().into());
    }
    extensions
}

/// The body, with the content types that the operation consumes; they stay an extension where there is no body.
fn lift_consumes(
    lifted: &mut OpenApiOperation,
    swagger: &Swagger,
    operation: &Operation,
    body: Option<(usize, &ReferenceOr<Parameter>, &BodyParameter)>,
) {
    let shown = body.map(|(index, parameter, body)| {
        let types = operation.consumes.as_deref().or(swagger.consumes.as_deref()).unwrap_or_default();
        let mut request = lift_body(body, types);
        if let ReferenceOr::Reference { reference } = parameter {
            request.extensions.insert(REFERENCE.to_owned(), reference.as_str().into());
        }
        if index > 0 {
            request.extensions.insert(INDEX.to_owned(), index.into());
        }
        let shown = request.content.keys().cloned().collect::<Vec<_>>();
        lifted.request_body = Some(ReferenceOr::Item(request));
        shown
    });
    if operation.consumes != shown {
        lifted.extensions.insert(CONSUMES.to_owned(), types_value(operation.consumes.as_ref()));
    }
}

/// The responses, each with the content types that the operation produces if it has a body.
fn lift_produces(lifted: &mut OpenApiOperation, swagger: &Swagger, operation: &Operation) {
    let types = operation.produces.as_deref().or(swagger.produces.as_deref()).unwrap_or_default();
    let mut shown = None;
    let mut responses = Responses::default();
    for (status, response) in &operation.responses {
        let response = lift_response(response, types);
        if !response.content.is_empty() {
            shown = Some(response.content.keys().cloned().collect::<Vec<_>>());
        }
        match status {
            ResponseStatus::Default => responses.default = Some(ReferenceOr::Item(response)),
            ResponseStatus::Code(code) => {
                drop(responses.responses.insert(StatusCode::Code(*code), ReferenceOr::Item(response)));
            }
        }
    }
    lifted.responses = responses;
    if operation.produces != shown {
        lifted.extensions.insert(PRODUCES.to_owned(), types_value(operation.produces.as_ref()));
    }
}

fn types_value(types: Option<&Vec<String>>) -> Value {
    types.map_or(Value::Null, |types| types.clone().into())
}

fn lift_response(response: &Response, types: &[String]) -> OpenApiResponse {
    OpenApiResponse {
        description: response.description.clone(),
        content: response.schema.as_ref().map(|schema| lift_content(schema, types)).unwrap_or_default(),
        ..OpenApiResponse::default()
    }
}

/// The body, without what belongs to the operation that has it.
pub(super) fn lift_body(body: &BodyParameter, types: &[String]) -> RequestBody {
    let mut extensions = IndexMap::new();
    if body.name != BODY {
        extensions.insert(NAME.to_owned(), body.name.as_str().into());
    }
    RequestBody {
        description: body.description.clone(),
        content: lift_content(&body.schema, types),
        required: body.required,
        extensions,
    }
}

fn lift_content(schema: &Schema, types: &[String]) -> Content {
    let media = MediaType { schema: Some(lift_schema(schema)), ..MediaType::default() };
    if types.is_empty() {
        return Content::from([(ANY_CONTENT.to_owned(), media)]);
    }
    types.iter().map(|name| (name.clone(), media.clone())).collect()
}

/// A parameter that is no body.
fn lift_value_parameter(parameter: &ReferenceOr<Parameter>) -> Option<ReferenceOr<OpenApiParameter>> {
    match parameter {
        ReferenceOr::Reference { reference } => Some(ReferenceOr::ref_(&lift_parameter_reference(reference))),
        ReferenceOr::Item(Parameter::Value(value)) => Some(ReferenceOr::Item(lift_parameter(value))),
        ReferenceOr::Item(Parameter::Body(_)) => None,
    }
}

pub(super) fn lift_parameter(parameter: &ValueParameter) -> OpenApiParameter {
    let mut extensions = IndexMap::new();
    if let Some(format) = parameter.collection_format {
        extensions.insert(COLLECTION_FORMAT.to_owned(), format.as_str().into());
    }
    let is_array = parameter.schema.schema_type == Some(Type::Array);
    let format = parameter.collection_format.unwrap_or(CollectionFormat::Csv);
    let parameter_data = ParameterData {
        name: parameter.name.clone(),
        description: parameter.description.clone(),
        required: parameter.required,
        deprecated: None,
        format: ParameterSchemaOrContent::Schema(lift_schema(&parameter.schema)),
        example: None,
        examples: IndexMap::new(),
        explode: is_array.then_some(format == CollectionFormat::Multi),
        extensions,
    };
    match parameter.location {
        Location::Query => OpenApiParameter::Query {
            parameter_data,
            allow_reserved: false,
            style: query_style(is_array, format),
            allow_empty_value: parameter.allow_empty_value.then_some(true),
        },
        Location::Header => OpenApiParameter::Header { parameter_data, style: HeaderStyle::Simple },
        Location::Path => OpenApiParameter::Path { parameter_data, style: PathStyle::Simple },
    }
}

/// OpenAPI 3.0 has no style for tabs; the extension holds them.
fn query_style(is_array: bool, format: CollectionFormat) -> QueryStyle {
    match format {
        CollectionFormat::Ssv if is_array => QueryStyle::SpaceDelimited,
        CollectionFormat::Pipes if is_array => QueryStyle::PipeDelimited,
        _ => QueryStyle::Form,
    }
}
