use std::collections::BTreeMap;

use kubernetes_swagger::extension;
use openapiv3::{
    Content, OpenAPI, Operation as OpenApiOperation, Parameter, ParameterData, ParameterSchemaOrContent, PathItem,
    ReferenceOr, StatusCode,
};

use super::schemas::{self, Form, Shape};
use crate::Error;
use crate::error::{Place, Result};
use crate::ir::{Definition, Operation, PathParameter, QueryParameter, QueryType, Type, names};
use crate::references;

/// Lowers every operation; those that can't be are left out, each with its problem.
pub(super) fn lower(openapi: &OpenAPI, definitions: &BTreeMap<String, Definition>) -> (Vec<Operation>, Vec<Error>) {
    let root = Place::root("paths");
    let context = Context { openapi, definitions };
    let paths: BTreeMap<_, _> = openapi.paths.paths.iter().collect();
    let (mut operations, mut problems) = (Vec::new(), Vec::new());
    for (path, item) in paths {
        let place = root.key(path);
        let ReferenceOr::Item(item) = item else {
            problems.push(place.error("a path can't be a reference"));
            continue;
        };
        for (method, operation) in item.iter() {
            match context.operation(&place.key(method), path, method, item, operation) {
                Ok(operation) => operations.push(operation),
                Err(problem) => problems.push(problem),
            }
        }
    }
    (operations, problems)
}

struct Context<'a> {
    openapi: &'a OpenAPI,
    definitions: &'a BTreeMap<String, Definition>,
}

impl<'a> Context<'a> {
    fn operation(
        &self,
        place: &Place<'_>,
        path: &str,
        method: &str,
        item: &'a PathItem,
        operation: &'a OpenApiOperation,
    ) -> Result<Operation> {
        let (path_parameters, query) = self.parameters(place, path, item, operation)?;
        let (response, produces) = self.response(place, operation)?;
        Ok(Operation {
            pointer: place.pointer(),
            path: path.to_owned(),
            method: method.to_ascii_uppercase(),
            id: operation.operation_id.clone().ok_or_else(|| place.error("the operation has no operationId"))?,
            tag: operation.tags.first().cloned().unwrap_or_default(),
            description: operation.description.clone().unwrap_or_default(),
            action: extension::action(operation),
            kind: extension::group_version_kind(operation),
            path_parameters,
            query,
            body: self.body(place, operation)?,
            response,
            produces,
        })
    }

    fn parameters(
        &self,
        place: &Place<'_>,
        path: &str,
        item: &'a PathItem,
        operation: &'a OpenApiOperation,
    ) -> Result<(Vec<PathParameter>, Vec<QueryParameter>)> {
        let mut in_path = BTreeMap::new();
        let mut query = BTreeMap::new();
        for parameter in item.parameters.iter().chain(&operation.parameters) {
            let resolved = references::parameter(self.openapi, parameter);
            match resolved.ok_or_else(|| place.error("a reference leads to no parameter"))? {
                Parameter::Path { parameter_data: data, .. } => {
                    in_path.insert(data.name.as_str(), data.description.clone().unwrap_or_default());
                }
                Parameter::Query { parameter_data: data, .. } => {
                    query.insert(data.name.as_str(), query_parameter(place, data)?);
                }
                Parameter::Header { parameter_data: data, .. } | Parameter::Cookie { parameter_data: data, .. } => {
                    return Err(place.error(format!("header and cookie parameters are not supported: `{}`", data.name)));
                }
            }
        }
        let in_path = placeholders(path).map(|name| {
            let description = in_path.get(name).ok_or_else(|| place.error(format!("{{{name}}} is not declared")))?;
            Ok(PathParameter { wire: name.to_owned(), name: names::identifier(name), description: description.clone() })
        });
        Ok((in_path.collect::<Result<_>>()?, query.into_values().collect()))
    }

    fn body(&self, place: &Place<'_>, operation: &'a OpenApiOperation) -> Result<Option<Type>> {
        match &operation.request_body {
            None => Ok(None),
            Some(ReferenceOr::Reference { reference }) => {
                Err(place.error(format!("the reference {reference} leads to no body")))
            }
            Some(ReferenceOr::Item(body)) => self.content(&place.key("parameters"), &body.content),
        }
    }

    /// The body of the 200 response, and its media types.
    fn response(&self, place: &Place<'_>, operation: &'a OpenApiOperation) -> Result<(Option<Type>, Vec<String>)> {
        let responses = place.key("responses");
        let place = responses.key("200");
        match operation.responses.responses.get(&StatusCode::Code(200)) {
            Some(ReferenceOr::Item(response)) => {
                let produces =
                    extension::produces(operation).unwrap_or_else(|| response.content.keys().cloned().collect());
                Ok((self.content(&place, &response.content)?, produces))
            }
            Some(ReferenceOr::Reference { .. }) => Err(place.error("a response can't be a reference")),
            None => Err(place.error("the operation has no 200 response")),
        }
    }

    /// The type of a body; every media type has the same.
    fn content(&self, place: &Place<'_>, content: &'a Content) -> Result<Option<Type>> {
        let Some(schema) = content.values().find_map(|media| media.schema.as_ref()) else { return Ok(None) };
        let place = place.key("schema");
        match schemas::shape(&place, schema)? {
            Shape::Definition(name) if self.definitions.contains_key(name) => {
                Ok(Some(Type::Definition(name.to_owned())))
            }
            Shape::Definition(name) => Err(place.error(format!("there is no definition {name}"))),
            Shape::Own(form) => match form.type_() {
                Some("string") => Ok(Some(Type::String)),
                None | Some("object") if form.keywords.properties.is_empty() => Ok(Some(Type::Any)),
                _ => Err(place.error("a body must be a definition, a string or any object")),
            },
        }
    }
}

fn query_parameter(place: &Place<'_>, data: &ParameterData) -> Result<QueryParameter> {
    let unsupported = || {
        place.error(format!(
            "the query parameter `{}` is not a string, boolean, integer or repeated string or integer; \
             add its type to QueryType in codegen/src/ir/operations.rs",
            data.name,
        ))
    };
    let ParameterSchemaOrContent::Schema(schema) = &data.format else { return Err(unsupported()) };
    let Shape::Own(form) = schemas::shape(place, schema)? else { return Err(unsupported()) };
    let type_ = match form.type_() {
        Some("string") => QueryType::String,
        Some("boolean") => QueryType::Boolean,
        Some("integer") => QueryType::Integer,
        Some("array") if data.explode == Some(true) => match item_type(place, form)? {
            Some("string") => QueryType::Strings,
            Some("integer") => QueryType::Integers,
            _ => return Err(unsupported()),
        },
        _ => return Err(unsupported()),
    };
    Ok(QueryParameter {
        wire: data.name.clone(),
        name: names::identifier(&data.name),
        description: data.description.clone().unwrap_or_default(),
        type_,
    })
}

fn item_type<'a>(place: &Place<'_>, form: Form<'a>) -> Result<Option<&'a str>> {
    match form.keywords.items.as_ref().map(|items| schemas::shape(place, items)).transpose()? {
        Some(Shape::Own(item)) => Ok(item.type_()),
        _ => Ok(None),
    }
}

/// The names in the braces of a path's template.
fn placeholders(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name)
}
