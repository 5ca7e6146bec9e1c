//! OpenAPI 3.0 as Kubernetes writes it, a document for each group and version, read into the types of Swagger 2.0.

use indexmap::IndexMap;

use super::dialect::Dialect;
use super::object::Object;
use super::operation::{responses, take_operations};
use super::place::{Place, Problems};
use super::schema::{external_docs, group_version_kind, schema, simple_schema};
use super::value::{boolean, list, map, string, strings, text};
use super::{checked, definitions, info, security, security_definition};
use crate::document::{
    BodyParameter, CollectionFormat, Location, Operation, Parameter, PathItem, Response, SecurityDefinition, Swagger,
    ValueParameter, Version,
};
use crate::error::Error;
use crate::extension::{ACTION, GROUP_VERSION_KIND};
use crate::json::Json;
use crate::names::BODY;
use crate::schema::{Schema, Type};
use openapiv3::ReferenceOr;

impl Swagger {
    /// Reads and checks a document in OpenAPI 3.0, as an API server serves it for a group and version at
    /// `/openapi/v3/…`. [`merge`](crate::merge()) makes one description of all of them.
    ///
    /// Nothing is skipped: `nullable`, `oneOf`, `anyOf` and `not`, which Swagger 2.0 lacks, are kept in [`Schema`].
    ///
    /// ```
    /// use kubernetes_swagger::Swagger;
    ///
    /// let swagger = Swagger::parse_openapi(
    ///     br##"{"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.37.2"}, "paths": {},
    ///         "components": {"schemas": {
    ///             "Lamp": {"type": "object", "properties": {
    ///                 "owner": {"allOf": [{"$ref": "#/components/schemas/Owner"}], "nullable": true}
    ///             }},
    ///             "Owner": {"type": "object"}
    ///         }}}"##,
    /// )?;
    /// let owner = &swagger.definitions["Lamp"].properties["owner"];
    /// assert_eq!(owner.reference.as_deref(), Some("#/definitions/Owner"));
    /// assert!(owner.nullable);
    /// # Ok::<(), kubernetes_swagger::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Swagger::parse`]; the pointers are those of the document.
    pub fn parse_openapi(bytes: &[u8]) -> Result<Self, Error> {
        let json: Json<'_> = serde_json::from_slice(bytes).map_err(Error::syntax)?;
        let problems = Problems::default();
        let place = Place::root_of(&problems, Dialect::OpenApi);
        let swagger = document(&place, json);
        checked(&place, swagger, &problems)
    }
}

#[derive(Default)]
struct Components {
    schemas: IndexMap<String, Schema>,
    security_schemes: IndexMap<String, SecurityDefinition>,
}

fn document(place: &Place<'_>, json: Json<'_>) -> Option<Swagger> {
    let mut object = Object::new(place, json)?;
    object.required("openapi", version);
    let components = object.or_default("components", components);
    let swagger = Swagger {
        swagger: Version::V2,
        info: object.required("info", info),
        paths: object.required("paths", |place, json| map(place, json, path_item)),
        definitions: components.schemas,
        security_definitions: components.security_schemes,
        security: object.optional("security", security),
        ..Swagger::default()
    };
    object.finish();
    Some(swagger)
}

fn version(place: &Place<'_>, json: Json<'_>) -> Option<()> {
    let version = string(place, json)?;
    if version.starts_with("3.0.") {
        return Some(());
    }
    place.problem(format!("expected a version 3.0, found `{version}`"));
    None
}

fn components(place: &Place<'_>, json: Json<'_>) -> Option<Components> {
    let mut object = Object::new(place, json)?;
    let components = Components {
        schemas: object.or_default("schemas", definitions),
        security_schemes: object.or_default("securitySchemes", |place, json| map(place, json, security_definition)),
    };
    object.finish();
    Some(components)
}

fn path_item(place: &Place<'_>, json: Json<'_>) -> Option<PathItem> {
    take_operations(place, json, parameters, operation)
}

fn operation(place: &Place<'_>, json: Json<'_>) -> Option<Operation> {
    let mut object = Object::new(place, json)?;
    let mut operation = Operation {
        operation_id: object.required("operationId", string),
        tags: object.or_default("tags", strings),
        summary: object.optional("summary", string),
        description: object.optional("description", string),
        external_docs: object.optional("externalDocs", external_docs),
        parameters: object.or_default("parameters", parameters),
        deprecated: object.or_default("deprecated", boolean),
        security: object.optional("security", security),
        action: object.optional(ACTION, text("action")),
        group_version_kind: object.optional(GROUP_VERSION_KIND, group_version_kind),
        ..Operation::default()
    };
    if let Some((body, types)) = object.optional("requestBody", body) {
        operation.parameters.insert(0, ReferenceOr::Item(Parameter::Body(body)));
        operation.consumes = Some(types);
    }
    let of_responses = object.required("responses", |place, json| responses(place, json, response));
    operation.produces = produced(&place.key("responses"), of_responses.values().map(|(_, types)| types));
    operation.responses = of_responses.into_iter().map(|(status, (response, _))| (status, response)).collect();
    object.finish();
    Some(operation)
}

/// The content types of the answers that have a body: Swagger 2.0 has one list for all of them.
fn produced<'a>(place: &Place<'_>, mut types: impl Iterator<Item = &'a Option<Vec<String>>>) -> Option<Vec<String>> {
    let first = types.by_ref().flatten().next();
    if first.is_some_and(|first| types.flatten().any(|other| other != first)) {
        place.problem("the responses differ in their content types, which Swagger 2.0 can't hold");
    }
    first.cloned()
}

fn parameters(place: &Place<'_>, json: Json<'_>) -> Option<Vec<ReferenceOr<Parameter>>> {
    list(place, json, |place, json| parameter(place, json).map(Parameter::Value).map(ReferenceOr::Item))
}

fn parameter(place: &Place<'_>, json: Json<'_>) -> Option<ValueParameter> {
    let mut object = Object::new(place, json)?;
    let name = object.required("name", string);
    let location: Location =
        object.required("in", |place, json| text("place of a parameter")(place, json).map(Some))?;
    let description = object.optional("description", string);
    let required = object.or_default("required", boolean);
    let allow_empty_value = object.or_default("allowEmptyValue", boolean);
    let schema = object.required("schema", |place, json| {
        let mut object = Object::new(place, json)?;
        let schema = simple_schema(&mut object, place);
        object.finish();
        Some(schema)
    });
    object.finish();
    if location == Location::Path && !required {
        place.problem("a parameter in the path needs `\"required\": true`");
    }
    // A list in a query is written as one parameter for each item, unless `explode` says otherwise.
    let is_repeated = location == Location::Query && schema.schema_type == Some(Type::Array);
    let collection_format = is_repeated.then_some(CollectionFormat::Multi);
    Some(ValueParameter { name, location, description, required, allow_empty_value, collection_format, schema })
}

fn body(place: &Place<'_>, json: Json<'_>) -> Option<(BodyParameter, Vec<String>)> {
    let mut object = Object::new(place, json)?;
    let description = object.optional("description", string);
    let required = object.or_default("required", boolean);
    let (schema, types) = object.required("content", |place, json| content(place, json).map(Some))?;
    object.finish();
    Some((BodyParameter { name: BODY.to_owned(), description, required, schema }, types))
}

fn response(place: &Place<'_>, json: Json<'_>) -> Option<(Response, Option<Vec<String>>)> {
    let mut object = Object::new(place, json)?;
    let description = object.required("description", string);
    let (schema, types) = object.optional("content", content).unzip();
    object.finish();
    Some((Response { description, schema }, types))
}

/// The schema, which every content type has, and the content types.
fn content(place: &Place<'_>, json: Json<'_>) -> Option<(Schema, Vec<String>)> {
    let media = map(place, json, |place, json| {
        let mut object = Object::new(place, json)?;
        let schema = object.required("schema", schema);
        object.finish();
        Some(schema)
    })?;
    let types = media.keys().cloned().collect();
    let mut schemas = media.into_values();
    let Some(first) = schemas.next() else {
        place.problem("a body needs a content type");
        return None;
    };
    if schemas.any(|other| other != first) {
        place.problem("the content types differ in their schemas, which Swagger 2.0 can't hold");
    }
    Some((first, types))
}
