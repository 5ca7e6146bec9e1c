//! What a document must hold as a whole: references that lead somewhere, unique names, declared path parameters.

use std::collections::HashMap;

use openapiv3::ReferenceOr;

use crate::document::{Location, Operation, Parameter, PathItem, Swagger};
use crate::names::lift_schema_reference;
use crate::parse::{Dialect, Place};
use crate::schema::{AdditionalProperties, Schema};

/// Reports every rule that the document breaks.
///
/// A document that could not be read as a whole is not `complete`: a parameter that seems to be missing may be one
/// whose declaration was reported already, so what depends on parameters is left alone.
pub(crate) fn check(swagger: &Swagger, place: &Place<'_>, complete: bool) {
    check_components(swagger, place);
    check_operation_ids(swagger, place);
    for (template, item) in &swagger.paths {
        let paths = place.key("paths");
        let place = paths.key(template);
        for (method, operation) in &item.operations {
            check_operation(swagger, &place.key(method.as_str()), operation);
        }
        if complete {
            check_path(swagger, &place, template, item);
        }
    }
}

fn check_operation_ids(swagger: &Swagger, place: &Place<'_>) {
    let paths = place.key("paths");
    let mut seen = HashMap::new();
    for (template, item) in &swagger.paths {
        for (method, operation) in &item.operations {
            let id = operation.operation_id.as_str();
            if id.is_empty() {
                continue; // Its absence was reported; several such operations are no duplicates.
            }
            if let Some((template_before, method_before)) = seen.insert(id, (template, *method)) {
                let path = paths.key(template_before);
                let first = path.key(method_before.as_str()).pointer();
                let message = format!("the operationId `{id}` is that of {first} as well");
                paths.key(template).key(method.as_str()).key("operationId").problem(message);
            }
        }
    }
}

fn check_path(swagger: &Swagger, place: &Place<'_>, template: &str, item: &PathItem) {
    if !template.starts_with('/') {
        place.problem("a path begins with `/`");
    }
    check_parameters(swagger, &place.key("parameters"), &item.parameters);
    if item.parameters.iter().any(|parameter| is_body(swagger, parameter)) {
        place.key("parameters").problem("a body is declared by an operation, not by its path");
    }
    for (method, operation) in &item.operations {
        let place = place.key(method.as_str());
        check_parameters(swagger, &place.key("parameters"), &operation.parameters);
        if operation.parameters.iter().filter(|parameter| is_body(swagger, parameter)).count() > 1 {
            place.key("parameters").problem("an operation has one body at most");
        }
        check_template(swagger, &place, template, item, operation);
    }
}

fn is_body(swagger: &Swagger, parameter: &ReferenceOr<Parameter>) -> bool {
    matches!(swagger.resolve(parameter), Some(Parameter::Body(_)))
}

fn check_components(swagger: &Swagger, place: &Place<'_>) {
    let components = place.key("components");
    let (definitions, security) = match place.dialect() {
        Dialect::Swagger => (place.key("definitions"), place.key("securityDefinitions")),
        Dialect::OpenApi => (components.key("schemas"), components.key("securitySchemes")),
    };
    for (name, schema) in &swagger.definitions {
        check_name(&definitions, name);
        check_schema(swagger, &definitions.key(name), schema);
    }
    let parameters = place.key("parameters");
    for (name, parameter) in &swagger.parameters {
        check_name(&parameters, name);
        check_parameter(swagger, &parameters.key(name), parameter);
    }
    for name in swagger.security_definitions.keys() {
        check_name(&security, name);
    }
    check_security(swagger, &place.key("security"), swagger.security.as_deref());
}

fn check_operation(swagger: &Swagger, place: &Place<'_>, operation: &Operation) {
    let parameters = place.key("parameters");
    for (index, parameter) in operation.parameters.iter().enumerate() {
        if let ReferenceOr::Item(parameter) = parameter {
            check_parameter(swagger, &parameters.index(index), parameter);
        }
    }
    let responses = place.key("responses");
    for (status, response) in &operation.responses {
        if let Some(schema) = &response.schema {
            check_schema(swagger, &responses.key(&status.to_string()).key("schema"), schema);
        }
    }
    check_security(swagger, &place.key("security"), operation.security.as_deref());
}

fn check_security(swagger: &Swagger, place: &Place<'_>, security: Option<&[openapiv3::SecurityRequirement]>) {
    for (index, requirement) in security.unwrap_or_default().iter().enumerate() {
        for name in requirement.keys().filter(|name| !swagger.security_definitions.contains_key(*name)) {
            place.index(index).key(name).problem(format!("`{name}` is not among the securityDefinitions"));
        }
    }
}

/// Every `{name}` of a path is a declared parameter, and every declared one is in the path.
fn check_template(swagger: &Swagger, place: &Place<'_>, template: &str, item: &PathItem, operation: &Operation) {
    let declared: Vec<&str> = item
        .parameters
        .iter()
        .chain(&operation.parameters)
        .filter_map(|parameter| match swagger.resolve(parameter)? {
            Parameter::Value(value) if value.location == Location::Path => Some(value.name.as_str()),
            _ => None,
        })
        .collect();
    let mut named = Vec::new();
    for part in template.split('{').skip(1) {
        match part.split_once('}') {
            Some((name, _)) => named.push(name),
            None => place.problem(format!("the path `{template}` has a `{{` without a `}}`")),
        }
    }
    for name in named.iter().filter(|name| !declared.contains(name)) {
        place.problem(format!("the path names `{{{name}}}`, but no parameter in the path has this name"));
    }
    for name in declared.iter().filter(|name| !named.contains(name)) {
        place.problem(format!("the parameter `{name}` in the path is not named by the path `{template}`"));
    }
}

fn check_parameters(swagger: &Swagger, place: &Place<'_>, parameters: &[ReferenceOr<Parameter>]) {
    for (index, parameter) in parameters.iter().enumerate() {
        let place = place.index(index);
        if let ReferenceOr::Reference { reference } = parameter
            && swagger.parameter(reference).is_none()
        {
            dangling(&place, reference, "#/parameters/");
        }
        let key = |parameter| match swagger.resolve(parameter) {
            Some(Parameter::Value(value)) => Some((value.location, value.name.as_str())),
            Some(Parameter::Body(_)) | None => None,
        };
        if let Some((location, name)) = key(parameter)
            && parameters.iter().take(index).any(|earlier| key(earlier) == Some((location, name)))
        {
            place.problem(format!("the {location} parameter `{name}` is there more than once"));
        }
    }
}

fn check_parameter(swagger: &Swagger, place: &Place<'_>, parameter: &Parameter) {
    if let Parameter::Body(body) = parameter {
        check_schema(swagger, &place.key("schema"), &body.schema);
    }
}

fn check_schema(swagger: &Swagger, place: &Place<'_>, schema: &Schema) {
    if let Some(reference) = &schema.reference
        && swagger.definition(reference).is_none()
    {
        dangling(place, reference, "#/definitions/");
    }
    if !schema.properties.is_empty() {
        let properties = place.key("properties");
        for (name, property) in &schema.properties {
            check_schema(swagger, &properties.key(name), property);
        }
    }
    if let Some(items) = &schema.items {
        check_schema(swagger, &place.key("items"), items);
    }
    if let Some(AdditionalProperties::Schema(values)) = &schema.additional_properties {
        check_schema(swagger, &place.key("additionalProperties"), values);
    }
    for (key, parts) in [("allOf", &schema.all_of), ("oneOf", &schema.one_of), ("anyOf", &schema.any_of)] {
        for (index, part) in parts.iter().enumerate() {
            check_schema(swagger, &place.key(key).index(index), part);
        }
    }
    if let Some(not) = &schema.not {
        check_schema(swagger, &place.key("not"), not);
    }
}

fn dangling(place: &Place<'_>, reference: &str, prefix: &str) {
    // As the document writes it.
    let written = match place.dialect() {
        Dialect::Swagger => (reference.to_owned(), prefix.to_owned()),
        Dialect::OpenApi => (lift_schema_reference(reference), lift_schema_reference(prefix)),
    };
    let (reference, prefix) = (written.0.as_str(), written.1.as_str());
    let message = if reference.starts_with(prefix) {
        format!("the `$ref` leads to nothing: `{reference}` is not in the document")
    } else {
        format!("the `$ref` leads to nothing: expected `{prefix}` and a name, found `{reference}`")
    };
    place.key("$ref").problem(message);
}

/// OpenAPI 3.0 allows fewer characters in the name of a component than Swagger 2.0 does in that of a definition.
fn check_name(place: &Place<'_>, name: &str) {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if name.is_empty() || !name.bytes().all(allowed) {
        place.key(name).problem("a name holds letters, digits, `.`, `-` and `_` alone");
    }
}
