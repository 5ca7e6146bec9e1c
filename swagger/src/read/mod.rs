//! Reads bytes as OpenAPI 3.0: first as a JSON tree, from which readers take everything they know and report the rest.

mod operation;
mod parameter;
mod schema;

use indexmap::IndexMap;
use openapiv3::{
    APIKeyLocation, Components, Contact, Info, License, OpenAPI, Paths, ReferenceOr, Schema, SchemaData, SchemaKind,
    SecurityRequirement, SecurityScheme,
};
use serde_json::Value;

use crate::error::Error;
use crate::names::{BASE_PATH, CONSUMES, HOST, PRODUCES, SCHEMES};
use crate::tree::place::{Dialect, Document, Place};
use crate::tree::value::{list, map, string, strings};
use crate::tree::{Json, Object};
use operation::Paths as PathReader;
use parameter::{Declared, parameter};

/// Reads and checks a description: Swagger 2.0, which is lifted to OpenAPI 3.0, or OpenAPI 3.0 as written by
/// Kubernetes.
///
/// ```
/// let openapi = kubernetes_swagger::parse(
///     br##"{"swagger": "2.0", "info": {"title": "Kubernetes", "version": "v1.37.2"}, "paths": {},
///         "definitions": {"Lamp": {"$ref": "#/definitions/Light"}, "Light": {"type": "object"}}}"##,
/// )?;
/// assert_eq!(openapi.info.version, "v1.37.2");
/// let schemas = openapi.components.unwrap_or_default().schemas;
/// assert_eq!(schemas["Lamp"], openapiv3::ReferenceOr::ref_("#/components/schemas/Light"));
/// # Ok::<(), kubernetes_swagger::Error>(())
/// ```
///
/// Nothing is skipped. Features of Swagger 2.0 that Kubernetes never uses (`formData` and `file`, response headers and
/// examples, `xml`, `discriminator`, global `responses` and `tags`, OAuth 2) are problems as well.
///
/// Lifting loses nothing:
///
/// - A `$ref` with siblings becomes an `allOf` with one `$ref`, next to the siblings.
/// - A body parameter becomes the operation's `requestBody`, with what the operation consumes as content types. One of
///   the document becomes `#/components/requestBodies/…` of any content type, and is copied into each operation that
///   refers to it, since the content types are the operation's; `x-swagger-ref` names it.
/// - The content types that an operation produces become those of its responses with a body.
/// - What OpenAPI 3.0 has no place for becomes an extension `x-swagger-…`: `schemes`, `host`, `basePath`; `consumes`
///   without a body and `produces` without a response that has one; `collectionFormat`; a body's name and place among
///   the parameters; the mark of an `allOf` that was one.
///
/// # Errors
///
/// Returns an error with all problems, each with its JSON pointer in the document: invalid JSON, an unknown key, type
/// or extension, a value of an unexpected type, a missing or duplicate key, a dangling `$ref`, a duplicate operationId,
/// or a path whose template and parameters differ.
pub fn parse(bytes: &[u8]) -> Result<OpenAPI, Error> {
    let json: Json<'_> = serde_json::from_slice(bytes).map_err(Error::syntax)?;
    let is_openapi = json.member("openapi").is_some() && json.member("swagger").is_none();
    let dialect = if is_openapi { Dialect::OpenApi } else { Dialect::Swagger };
    let document = Document::new(dialect, &json);
    let place = Place::root(&document);
    let read = if is_openapi { openapi(&place, json) } else { swagger(&place, json) };
    document.finish(read)
}

/// Reads the schema of a custom resource, the `openAPIV3Schema` of a CustomResourceDefinition.
///
/// ```
/// let schema = serde_json::json!({"type": "object", "properties": {"on": {"type": "bool"}}});
/// let error = kubernetes_swagger::parse_structural(&schema).expect_err("`bool` is not a type");
/// assert!(error.to_string().starts_with("/properties/on/type: unknown type `bool`; known: "), "{error}");
/// ```
///
/// # Errors
///
/// See [`parse`]; a `$ref`, and anything else that a structural schema must not have, is a problem as well.
pub fn parse_structural(schema: &Value) -> Result<Schema, Error> {
    let document = Document::of_dialect(Dialect::Definition);
    let read = schema::schema(&Place::root(&document), Json::from_value(schema));
    document.finish(read.and_then(ReferenceOr::into_item))
}

fn swagger(place: &Place<'_>, json: Json<'_>) -> Option<OpenAPI> {
    let mut object = Object::new(place, json)?;
    object.required("swagger", version);
    let info = object.required("info", info);
    let mut extensions = IndexMap::new();
    for (key, name) in [("host", HOST), ("basePath", BASE_PATH)] {
        extensions.extend(object.optional(key, string).map(|text| (name.to_owned(), text.into())));
    }
    let mut content_types = |key, name: &str| -> Vec<String> {
        let list = object.optional(key, strings);
        extensions.extend(list.clone().map(|list| (name.to_owned(), list.into())));
        list.unwrap_or_default()
    };
    content_types("schemes", SCHEMES);
    let (consumes, produces) = (content_types("consumes", CONSUMES), content_types("produces", PRODUCES));
    let mut components = Components {
        schemas: object.or_default("definitions", definitions),
        security_schemes: object.or_default("securityDefinitions", security_schemes),
        ..Components::default()
    };
    let declared = object.or_default("parameters", |place, json| map(place, json, parameter));
    for (name, declared) in declared {
        check_name(&place.key("parameters"), &name);
        match declared {
            Declared::Body(body) => drop(components.request_bodies.insert(name, ReferenceOr::Item(body))),
            Declared::Value(value) => drop(components.parameters.insert(name, ReferenceOr::Item(*value))),
        }
    }
    let reader = PathReader { components: &components, consumes: &consumes, produces: &produces };
    let paths = object.required("paths", |place, json| reader.paths(place, json));
    let security = object.optional("security", security);
    object.finish();
    Some(document(info, paths, components, security, extensions))
}

fn openapi(place: &Place<'_>, json: Json<'_>) -> Option<OpenAPI> {
    let mut object = Object::new(place, json)?;
    object.required("openapi", version);
    let components = object.or_default("components", |place, json| {
        let mut object = Object::new(place, json)?;
        let components = Components {
            schemas: object.or_default("schemas", definitions),
            security_schemes: object.or_default("securitySchemes", security_schemes),
            ..Components::default()
        };
        object.finish();
        Some(components)
    });
    let info = object.required("info", info);
    let reader = PathReader { components: &components, consumes: &[], produces: &[] };
    let paths = object.required("paths", |place, json| reader.paths(place, json));
    let security = object.optional("security", security);
    object.finish();
    Some(document(info, paths, components, security, IndexMap::new()))
}

fn document(
    info: Info,
    paths: Paths,
    components: Components,
    security: Option<Vec<SecurityRequirement>>,
    extensions: IndexMap<String, Value>,
) -> OpenAPI {
    let (openapi, components) = ("3.0.3".to_owned(), Some(components));
    OpenAPI { openapi, info, paths, components, security, extensions, ..OpenAPI::default() }
}

fn version(place: &Place<'_>, json: Json<'_>) -> Option<()> {
    let version = string(place, json)?;
    let (is_known, known) = match place.dialect() {
        Dialect::Swagger => (version == "2.0", "the version `2.0`"),
        _ => (version.starts_with("3.0."), "a version 3.0"),
    };
    if !is_known {
        place.problem(format!("expected {known}, found `{version}`"));
    }
    Some(())
}

fn info(place: &Place<'_>, json: Json<'_>) -> Option<Info> {
    let mut object = Object::new(place, json)?;
    let info = Info {
        title: object.required("title", string),
        version: object.required("version", string),
        description: object.optional("description", string),
        terms_of_service: object.optional("termsOfService", string),
        contact: object.optional("contact", contact),
        license: object.optional("license", license),
        extensions: IndexMap::new(),
    };
    object.finish();
    Some(info)
}

fn contact(place: &Place<'_>, json: Json<'_>) -> Option<Contact> {
    let mut object = Object::new(place, json)?;
    let contact = Contact {
        name: object.optional("name", string),
        url: object.optional("url", string),
        email: object.optional("email", string),
        extensions: IndexMap::new(),
    };
    object.finish();
    Some(contact)
}

fn license(place: &Place<'_>, json: Json<'_>) -> Option<License> {
    let mut object = Object::new(place, json)?;
    let license = License {
        name: object.required("name", string),
        url: object.optional("url", string),
        extensions: IndexMap::new(),
    };
    object.finish();
    Some(license)
}

/// A definition that could not be read stays as an empty one.
fn definitions(place: &Place<'_>, json: Json<'_>) -> Option<IndexMap<String, ReferenceOr<Schema>>> {
    let definitions = map(place, json, |place, json| {
        let empty = || Schema { schema_data: SchemaData::default(), schema_kind: SchemaKind::Any(Default::default()) };
        Some(schema::schema(place, json).unwrap_or_else(|| ReferenceOr::Item(empty())))
    })?;
    definitions.keys().for_each(|name| check_name(place, name));
    Some(definitions)
}

/// Requirements, each of which names ways to authenticate.
pub(super) fn security(place: &Place<'_>, json: Json<'_>) -> Option<Vec<SecurityRequirement>> {
    list(place, json, |place, json| {
        let requirement = map(place, json, strings)?;
        for name in requirement.keys().filter(|name| !place.document.security.contains(*name)) {
            place.key(name).problem(format!("`{name}` is not among the securityDefinitions"));
        }
        Some(requirement)
    })
}

fn security_schemes(place: &Place<'_>, json: Json<'_>) -> Option<IndexMap<String, ReferenceOr<SecurityScheme>>> {
    let schemes = map(place, json, security_scheme)?;
    schemes.keys().for_each(|name| check_name(place, name));
    Some(schemes)
}

fn security_scheme(place: &Place<'_>, json: Json<'_>) -> Option<ReferenceOr<SecurityScheme>> {
    let mut object = Object::new(place, json)?;
    let kind = object.required("type", string);
    let description = object.optional("description", string);
    let basic = |scheme, description| SecurityScheme::HTTP {
        scheme,
        bearer_format: None,
        description,
        extensions: IndexMap::new(),
    };
    let scheme = match (kind.as_str(), place.dialect()) {
        ("basic", Dialect::Swagger) => basic("basic".to_owned(), description),
        ("http", Dialect::OpenApi) => basic(object.required("scheme", string), description),
        ("apiKey", _) => SecurityScheme::APIKey {
            name: object.required("name", string),
            location: object.required("in", |place, json| key_location(place, json).map(Some))?,
            description,
            extensions: IndexMap::new(),
        },
        // A missing or mistyped `type` was reported.
        ("", _) => return None,
        (other, dialect) => {
            let basic = if dialect == Dialect::Swagger { "basic" } else { "http" };
            place.key("type").problem(format!("unknown type `{other}`; known: `apiKey`, `{basic}`"));
            return None;
        }
    };
    object.finish();
    Some(ReferenceOr::Item(scheme))
}

fn key_location(place: &Place<'_>, json: Json<'_>) -> Option<APIKeyLocation> {
    match string(place, json)?.as_str() {
        "header" => Some(APIKeyLocation::Header),
        "query" => Some(APIKeyLocation::Query),
        other => {
            place.problem(format!("unknown API key location `{other}`; known: `header`, `query`"));
            None
        }
    }
}

/// OpenAPI 3.0 allows fewer characters in the name of a component than Swagger 2.0 does in that of a definition.
fn check_name(place: &Place<'_>, name: &str) {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if name.is_empty() || !name.bytes().all(allowed) {
        place.key(name).problem("a name may contain only letters, digits, `.`, `-` and `_`");
    }
}
