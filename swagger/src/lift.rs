//! From Swagger 2.0 to OpenAPI 3.0.

mod operation;
mod schema;

use indexmap::IndexMap;
use openapiv3::{APIKeyLocation, Components, Info as OpenApiInfo, OpenAPI, Paths, ReferenceOr, SecurityScheme};
use serde_json::Value;

use crate::document::{ApiKeyLocation, Info, Parameter, SecurityDefinition, Swagger};
use crate::names::{BASE_PATH, CONSUMES, HOST, PRODUCES, SCHEMES};
use operation::{lift_body, lift_parameter, lift_path_item};
use schema::lift_schema;

impl Swagger {
    /// Lifts the description to OpenAPI 3.0, without loss: [`lower`](crate::lower()) is the inverse.
    ///
    /// - A `$ref` with siblings becomes an `allOf` with one `$ref`, the siblings beside it.
    /// - A body parameter becomes the operation's `requestBody`, with what the operation consumes as content types. One
    ///   of the document becomes `#/components/requestBodies/…` of any content type, and is copied into each operation
    ///   that refers to it, since the content types are the operation's; `x-swagger-ref` names it.
    /// - What an operation produces becomes the content types of its responses that have a body.
    /// - The `x-kubernetes-…` extensions stay where they are; [`extension`](crate::extension) reads them.
    /// - What OpenAPI 3.0 has no place for becomes an extension `x-swagger-…`: `schemes`, `host`, `basePath`;
    ///   `consumes` without a body and `produces` without a response that has one; `uniqueItems` beside a type other
    ///   than array; `collectionFormat`; a body's name and place among the parameters; the mark of an `allOf` that was
    ///   one.
    pub fn lift(&self) -> OpenAPI {
        let paths = self.paths.iter().map(|(path, item)| (path.clone(), ReferenceOr::Item(lift_path_item(self, item))));
        OpenAPI {
            openapi: "3.0.3".to_owned(),
            info: lift_info(&self.info),
            paths: Paths { paths: paths.collect(), extensions: IndexMap::new() },
            components: Some(lift_components(self)),
            security: self.security.clone(),
            extensions: lift_extensions(self),
            ..OpenAPI::default()
        }
    }
}

fn lift_info(info: &Info) -> OpenApiInfo {
    OpenApiInfo {
        title: info.title.clone(),
        description: info.description.clone(),
        terms_of_service: info.terms_of_service.clone(),
        contact: info.contact.clone(),
        license: info.license.clone(),
        version: info.version.clone(),
        extensions: IndexMap::new(),
    }
}

fn lift_extensions(swagger: &Swagger) -> IndexMap<String, Value> {
    let texts = [(HOST, &swagger.host), (BASE_PATH, &swagger.base_path)];
    let lists = [(SCHEMES, &swagger.schemes), (CONSUMES, &swagger.consumes), (PRODUCES, &swagger.produces)];
    let texts = texts.into_iter().filter_map(|(name, text)| Some((name, Value::from(text.as_deref()?))));
    let lists = lists.into_iter().filter_map(|(name, list)| Some((name, Value::from(list.clone()?))));
    texts.chain(lists).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn lift_components(swagger: &Swagger) -> Components {
    let schemas = swagger.definitions.iter().map(|(name, schema)| (name.clone(), lift_schema(schema)));
    let schemes = swagger.security_definitions.iter();
    let mut components = Components {
        schemas: schemas.collect(),
        security_schemes: schemes.map(|(name, scheme)| (name.clone(), lift_security_scheme(scheme))).collect(),
        ..Components::default()
    };
    for (name, parameter) in &swagger.parameters {
        match parameter {
            Parameter::Body(body) => {
                components.request_bodies.insert(name.clone(), ReferenceOr::Item(lift_body(body, &[])));
            }
            Parameter::Value(value) => {
                components.parameters.insert(name.clone(), ReferenceOr::Item(lift_parameter(value)));
            }
        }
    }
    components
}

fn lift_security_scheme(definition: &SecurityDefinition) -> ReferenceOr<SecurityScheme> {
    ReferenceOr::Item(match definition {
        SecurityDefinition::ApiKey { name, location, description } => SecurityScheme::APIKey {
            location: match location {
                ApiKeyLocation::Header => APIKeyLocation::Header,
                ApiKeyLocation::Query => APIKeyLocation::Query,
            },
            name: name.clone(),
            description: description.clone(),
            extensions: IndexMap::new(),
        },
        SecurityDefinition::Basic { description } => SecurityScheme::HTTP {
            scheme: "basic".to_owned(),
            bearer_format: None,
            description: description.clone(),
            extensions: IndexMap::new(),
        },
    })
}
