//! From bytes to a [`Swagger`]: first a JSON tree, then readers that take out what they know and report the rest.

mod dialect;
mod object;
mod openapi;
mod operation;
mod place;
mod schema;
mod value;

use indexmap::IndexMap;
use openapiv3::{Contact, License, SecurityRequirement};

pub(crate) use dialect::Dialect;
pub(crate) use object::Object;
pub(crate) use place::{Place, Problems};
pub(crate) use schema::{group_version_kind, schema_extensions};
pub(crate) use value::{boolean, size, string, strings, text};

use crate::check::check;
use crate::document::{ApiKeyLocation, Info, SecurityDefinition, Swagger, Version};
use crate::error::Error;
use crate::json::Json;
use crate::schema::Schema;
use value::{list, map};

impl Swagger {
    /// Reads and checks a description.
    ///
    /// ```
    /// use kubernetes_swagger::Swagger;
    ///
    /// let swagger = Swagger::parse(
    ///     br#"{"swagger": "2.0", "info": {"title": "Kubernetes", "version": "v1.37.2"}, "paths": {}}"#,
    /// )?;
    /// assert_eq!(swagger.info.version, "v1.37.2");
    /// # Ok::<(), kubernetes_swagger::Error>(())
    /// ```
    ///
    /// Nothing is skipped. What Swagger 2.0 has but Kubernetes never writes (`formData` and `file`, response headers
    /// and examples, `xml`, `discriminator`, global `responses` and `tags`, OAuth 2) is a problem as well.
    ///
    /// # Errors
    ///
    /// The error lists every problem found, each with its JSON pointer: no JSON, an unknown key, type, format or
    /// extension, a value of another type than expected, a missing key, a key that is there twice, a `$ref` to
    /// nothing, an operationId used twice, a path whose template and parameters differ.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let json: Json<'_> = serde_json::from_slice(bytes).map_err(Error::syntax)?;
        let problems = Problems::default();
        let place = Place::root(&problems);
        let swagger = document(&place, json);
        checked(&place, swagger, &problems)
    }
}

/// What was read, if nothing is wrong with it.
fn checked(place: &Place<'_>, swagger: Option<Swagger>, problems: &Problems) -> Result<Swagger, Error> {
    let complete = problems.borrow().is_empty();
    if let Some(swagger) = &swagger {
        check(swagger, place, complete);
    }
    match (swagger, problems.take()) {
        (Some(swagger), problems) if problems.is_empty() => Ok(swagger),
        (_, problems) => Err(Error::new(problems)),
    }
}

fn document(place: &Place<'_>, json: Json<'_>) -> Option<Swagger> {
    let mut object = Object::new(place, json)?;
    let swagger = Swagger {
        swagger: object.required("swagger", version),
        info: object.required("info", info),
        host: object.optional("host", string),
        base_path: object.optional("basePath", string),
        schemes: object.optional("schemes", strings),
        consumes: object.optional("consumes", strings),
        produces: object.optional("produces", strings),
        paths: object.required("paths", |place, json| map(place, json, operation::path_item)),
        definitions: object.or_default("definitions", definitions),
        parameters: object.or_default("parameters", |place, json| map(place, json, operation::parameter)),
        security_definitions: object
            .or_default("securityDefinitions", |place, json| map(place, json, security_definition)),
        security: object.optional("security", security),
    };
    object.finish();
    Some(swagger)
}

/// A definition that could not be read stays as an empty one, so that references to it are no problem of their own.
fn definitions(place: &Place<'_>, json: Json<'_>) -> Option<IndexMap<String, Schema>> {
    map(place, json, |place, json| Some(schema::schema(place, json).unwrap_or_default()))
}

fn version(place: &Place<'_>, json: Json<'_>) -> Option<Version> {
    let version = string(place, json)?;
    if version == "2.0" {
        return Some(Version::V2);
    }
    place.problem(format!("expected the version `2.0`, found `{version}`"));
    None
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
        extensions: Default::default(),
    };
    object.finish();
    Some(contact)
}

fn license(place: &Place<'_>, json: Json<'_>) -> Option<License> {
    let mut object = Object::new(place, json)?;
    let license = License {
        name: object.required("name", string),
        url: object.optional("url", string),
        extensions: Default::default(),
    };
    object.finish();
    Some(license)
}

fn security(place: &Place<'_>, json: Json<'_>) -> Option<Vec<SecurityRequirement>> {
    list(place, json, |place, json| map(place, json, strings))
}

fn security_definition(place: &Place<'_>, json: Json<'_>) -> Option<SecurityDefinition> {
    let mut object = Object::new(place, json)?;
    let kind = object.required("type", string);
    let description = object.optional("description", string);
    let definition = match kind.as_str() {
        "basic" => SecurityDefinition::Basic { description },
        "apiKey" => SecurityDefinition::ApiKey {
            name: object.required("name", string),
            location: object
                .required("in", |place, json| text::<ApiKeyLocation>("place of a key")(place, json).map(Some))?,
            description,
        },
        // A missing or mistyped `type` was reported.
        "" => return None,
        other => {
            place.key("type").problem(format!("unknown type `{other}`; known: `apiKey`, `basic`"));
            return None;
        }
    };
    object.finish();
    Some(definition)
}
