//! From a lifted document back to Swagger 2.0.

mod operation;
mod schema;

use indexmap::IndexMap;
use openapiv3::{APIKeyLocation, Components, Info as OpenApiInfo, OpenAPI, ReferenceOr, SecurityScheme};
use serde_json::Value;

use crate::document::{ApiKeyLocation, Info, Parameter, SecurityDefinition, Swagger, Version};
use crate::error::Error;
use crate::json::Json;
use crate::names::{BASE_PATH, CONSUMES, HOST, PRODUCES, SCHEMES};
use crate::parse::{Place, Problems, string, strings};
use operation::{lower_body, lower_parameter, lower_path_item};
use schema::lower_schema;

/// Lowers a lifted document to Swagger 2.0: the inverse of [`Swagger::lift`].
///
/// ```
/// use kubernetes_swagger::{Swagger, lower};
///
/// let swagger = Swagger::parse(
///     br#"{"swagger": "2.0", "info": {"title": "Kubernetes", "version": "v1.37.2"}, "paths": {}}"#,
/// )?;
/// assert_eq!(lower(&swagger.lift())?, swagger);
/// # Ok::<(), kubernetes_swagger::Error>(())
/// ```
///
/// # Errors
///
/// The document holds something that [`Swagger::lift`] never writes, and that Swagger 2.0 would lose: the error names
/// the JSON pointer in the OpenAPI document.
pub fn lower(document: &OpenAPI) -> Result<Swagger, Error> {
    let problems = Problems::default();
    let place = Place::root(&problems);
    let swagger = lower_document(&place, document);
    if problems.borrow().is_empty() {
        report_losses(&place, document, &swagger.lift());
    }
    let problems = problems.take();
    if problems.is_empty() { Ok(swagger) } else { Err(Error::new(problems)) }
}

/// Lifting again shows what lowering left behind, whatever it was.
fn report_losses(place: &Place<'_>, document: &OpenAPI, again: &OpenAPI) {
    if document == again {
        return;
    }
    match (serde_json::to_value(document), serde_json::to_value(again)) {
        (Ok(document), Ok(again)) => report_differences(place, Some(&document), Some(&again)),
        (Err(error), _) | (_, Err(error)) => place.problem(format!("the document cannot be written as JSON: {error}")),
    }
}

fn report_differences(place: &Place<'_>, document: Option<&Value>, again: Option<&Value>) {
    if document == again {
        return;
    }
    match (document, again) {
        (None, None) => {}
        // An empty object or list is the same as an absent one.
        (Some(Value::Object(members)), None) if members.is_empty() => {}
        (None, Some(Value::Object(members))) if members.is_empty() => {}
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            for key in left.keys().chain(right.keys().filter(|key| !left.contains_key(*key))) {
                report_differences(&place.key(key), left.get(key), right.get(key));
            }
        }
        (Some(Value::Array(left)), Some(Value::Array(right))) => {
            for index in 0..left.len().max(right.len()) {
                report_differences(&place.index(index), left.get(index), right.get(index));
            }
        }
        (Some(value), None) => place.problem(format!("Swagger 2.0 cannot hold this: {value}")),
        (None, Some(value)) => place.problem(format!("missing; lifting Swagger 2.0 writes {value} here")),
        (Some(value), Some(expected)) => {
            place.problem(format!("Swagger 2.0 cannot hold {value} here; lifting it writes {expected}"));
        }
    }
}

fn lower_document(place: &Place<'_>, document: &OpenAPI) -> Swagger {
    let mut swagger = Swagger {
        swagger: Version::V2,
        info: lower_info(&document.info),
        host: extension(place, &document.extensions, HOST, string),
        base_path: extension(place, &document.extensions, BASE_PATH, string),
        schemes: extension(place, &document.extensions, SCHEMES, strings),
        consumes: extension(place, &document.extensions, CONSUMES, strings),
        produces: extension(place, &document.extensions, PRODUCES, strings),
        security: document.security.clone(),
        ..Swagger::default()
    };
    if let Some(components) = &document.components {
        lower_components(&place.key("components"), components, &mut swagger);
    }
    let paths = place.key("paths");
    for (path, item) in &document.paths.paths {
        let place = paths.key(path);
        if let Some(item) = inline(&place, item) {
            swagger.paths.insert(path.clone(), lower_path_item(&place, item));
        }
    }
    swagger
}

fn lower_info(info: &OpenApiInfo) -> Info {
    Info {
        title: info.title.clone(),
        version: info.version.clone(),
        description: info.description.clone(),
        terms_of_service: info.terms_of_service.clone(),
        contact: info.contact.clone(),
        license: info.license.clone(),
    }
}

fn lower_components(place: &Place<'_>, components: &Components, swagger: &mut Swagger) {
    let schemas = place.key("schemas");
    for (name, schema) in &components.schemas {
        swagger.definitions.insert(name.clone(), lower_schema(&schemas.key(name), schema));
    }
    let bodies = place.key("requestBodies");
    for (name, body) in &components.request_bodies {
        let place = bodies.key(name);
        if let Some(body) = inline(&place, body) {
            swagger.parameters.insert(name.clone(), Parameter::Body(lower_body(&place, body)));
        }
    }
    let parameters = place.key("parameters");
    for (name, parameter) in &components.parameters {
        let place = parameters.key(name);
        let lowered = inline(&place, parameter).and_then(|parameter| lower_parameter(&place, parameter));
        if let Some(parameter) = lowered
            && swagger.parameters.insert(name.clone(), Parameter::Value(parameter)).is_some()
        {
            place.problem(format!("Swagger 2.0 has one name for both: `{name}` is among the requestBodies as well"));
        }
    }
    let schemes = place.key("securitySchemes");
    for (name, scheme) in &components.security_schemes {
        let place = schemes.key(name);
        if let Some(definition) = inline(&place, scheme).and_then(|scheme| lower_security_scheme(&place, scheme)) {
            swagger.security_definitions.insert(name.clone(), definition);
        }
    }
}

fn lower_security_scheme(place: &Place<'_>, scheme: &SecurityScheme) -> Option<SecurityDefinition> {
    match scheme {
        SecurityScheme::APIKey { location: APIKeyLocation::Header, name, description, .. } => {
            Some(api_key(name, ApiKeyLocation::Header, description))
        }
        SecurityScheme::APIKey { location: APIKeyLocation::Query, name, description, .. } => {
            Some(api_key(name, ApiKeyLocation::Query, description))
        }
        SecurityScheme::HTTP { scheme, description, .. } if scheme == "basic" => {
            Some(SecurityDefinition::Basic { description: description.clone() })
        }
        _ => {
            place
                .problem("Swagger 2.0 has no such security scheme; expected `apiKey` in a header or query, or `basic`");
            None
        }
    }
}

fn api_key(name: &str, location: ApiKeyLocation, description: &Option<String>) -> SecurityDefinition {
    SecurityDefinition::ApiKey { name: name.to_owned(), location, description: description.clone() }
}

/// The item, where a lifted document has no reference.
fn inline<'a, T>(place: &Place<'_>, item: &'a ReferenceOr<T>) -> Option<&'a T> {
    if item.as_item().is_none() {
        place.problem("a lifted document has no `$ref` here");
    }
    item.as_item()
}

/// Reads one extension, if it is there.
fn extension<'a, T>(
    place: &Place<'_>,
    extensions: &'a IndexMap<String, Value>,
    name: &str,
    read: impl FnOnce(&Place<'_>, Json<'a>) -> Option<T>,
) -> Option<T> {
    read(&place.key(name), Json::from_value(extensions.get(name)?))
}
