//! Names in a lifted document: where references lead, and the extensions that hold what OpenAPI 3.0 cannot.

/// On the document: `host`.
pub(crate) const HOST: &str = "x-swagger-host";
/// On the document: `basePath`.
pub(crate) const BASE_PATH: &str = "x-swagger-base-path";
/// On the document or an operation: `schemes`.
pub(crate) const SCHEMES: &str = "x-swagger-schemes";
/// On the document, or on an operation whose request body does not show it: `consumes`, `null` where it is absent.
pub(crate) const CONSUMES: &str = "x-swagger-consumes";
/// On the document, or on an operation whose responses do not show it: `produces`, `null` where it is absent.
pub(crate) const PRODUCES: &str = "x-swagger-produces";
/// On a request body: the global body parameter that it is.
pub(crate) const REFERENCE: &str = "x-swagger-ref";
/// On a request body: the name of the body parameter, where it is not `body`.
pub(crate) const NAME: &str = "x-swagger-name";
/// On a request body: where it stood among the parameters, where it was not the first.
pub(crate) const INDEX: &str = "x-swagger-index";
/// On a parameter: `collectionFormat`.
pub(crate) const COLLECTION_FORMAT: &str = "x-swagger-collection-format";
/// On a schema that is no array: `uniqueItems: true`.
pub(crate) const UNIQUE_ITEMS: &str = "x-swagger-unique-items";
/// On an `allOf` with a single `$ref` that was one in Swagger, too, and no `$ref` with siblings.
pub(crate) const ALL_OF: &str = "x-swagger-all-of";

/// The content type of a body whose content types are not declared.
pub(crate) const ANY_CONTENT: &str = "*/*";
/// The name that Kubernetes gives to every body parameter.
pub(crate) const BODY: &str = "body";

const SWAGGER_SCHEMAS: &str = "#/definitions/";
const SWAGGER_PARAMETERS: &str = "#/parameters/";
const OPENAPI_SCHEMAS: &str = "#/components/schemas/";
const OPENAPI_PARAMETERS: &str = "#/components/parameters/";

pub(crate) fn lift_schema_reference(reference: &str) -> String {
    swap(reference, SWAGGER_SCHEMAS, OPENAPI_SCHEMAS)
}

pub(crate) fn lower_schema_reference(reference: &str) -> String {
    swap(reference, OPENAPI_SCHEMAS, SWAGGER_SCHEMAS)
}

pub(crate) fn lift_parameter_reference(reference: &str) -> String {
    swap(reference, SWAGGER_PARAMETERS, OPENAPI_PARAMETERS)
}

pub(crate) fn lower_parameter_reference(reference: &str) -> String {
    swap(reference, OPENAPI_PARAMETERS, SWAGGER_PARAMETERS)
}

/// The name of the schema that a reference in a lifted document leads to.
pub(crate) fn schema_name(reference: &str) -> Option<&str> {
    reference.strip_prefix(OPENAPI_SCHEMAS)
}

/// A reference with another prefix leads outside the document, and stays as it is.
fn swap(reference: &str, from: &str, to: &str) -> String {
    match reference.strip_prefix(from) {
        Some(name) => format!("{to}{name}"),
        None => reference.to_owned(),
    }
}
