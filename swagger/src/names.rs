//! Names in a lifted document: references, and extensions for everything that OpenAPI 3.0 can't express.

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
/// On an `allOf` with a single `$ref` that was one in Swagger, too, and no `$ref` with siblings.
pub(crate) const ALL_OF: &str = "x-swagger-all-of";

/// The content type of a body whose content types are not declared.
pub(crate) const ANY_CONTENT: &str = "*/*";
/// The name that Kubernetes gives to every body parameter.
pub(crate) const BODY: &str = "body";

const OPENAPI_SCHEMAS: &str = "#/components/schemas/";

/// A reference to a definition, as OpenAPI 3.0 writes it; one with another prefix stays as it is.
pub(crate) fn lift_schema_reference(reference: &str) -> String {
    match reference.strip_prefix("#/definitions/") {
        Some(name) => format!("{OPENAPI_SCHEMAS}{name}"),
        None => reference.to_owned(),
    }
}

/// The name of the schema that a reference leads to.
pub(crate) fn schema_name(reference: &str) -> Option<&str> {
    reference.strip_prefix(OPENAPI_SCHEMAS)
}
