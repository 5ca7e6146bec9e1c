//! The description as a whole: paths, operations, parameters, responses.

use std::fmt;

use indexmap::IndexMap;
use openapiv3::{Contact, ExternalDocumentation, License, ReferenceOr, SecurityRequirement};
use serde::{Serialize, Serializer};

use crate::extension::{Action, GroupVersionKind};
use crate::schema::{Schema, is_false};
use crate::text_enum::text_enum;

/// An API description in Swagger 2.0, as Kubernetes publishes it at `/openapi/v2`.
///
/// Serializing it writes the JSON it was read from, except that keys with a default value are left out (see
/// [`Schema`]) and that the keys of an object may come in another order.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Swagger {
    /// `swagger`
    pub swagger: Version,
    /// `info`
    pub info: Info,
    /// `host`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// `basePath`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_path: Option<String>,
    /// `schemes`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schemes: Option<Vec<String>>,
    /// `consumes`: for operations that have none of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumes: Option<Vec<String>>,
    /// `produces`: for operations that have none of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub produces: Option<Vec<String>>,
    /// `paths`, by template.
    pub paths: IndexMap<String, PathItem>,
    /// `definitions`, by name.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub definitions: IndexMap<String, Schema>,
    /// `parameters` that operations and paths refer to, by name.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub parameters: IndexMap<String, Parameter>,
    /// `securityDefinitions`, by name.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub security_definitions: IndexMap<String, SecurityDefinition>,
    /// `security`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security: Option<Vec<SecurityRequirement>>,
}

impl Swagger {
    /// The global parameter that a reference (`#/parameters/…`) names.
    pub fn parameter(&self, reference: &str) -> Option<&Parameter> {
        self.parameters.get(reference.strip_prefix("#/parameters/")?)
    }

    /// The definition that a reference (`#/definitions/…`) names.
    pub fn definition(&self, reference: &str) -> Option<&Schema> {
        self.definitions.get(reference.strip_prefix("#/definitions/")?)
    }

    /// The parameter itself, behind a reference or not. `None` for a reference to nothing.
    pub fn resolve<'a>(&'a self, parameter: &'a ReferenceOr<Parameter>) -> Option<&'a Parameter> {
        match parameter {
            ReferenceOr::Item(parameter) => Some(parameter),
            ReferenceOr::Reference { reference } => self.parameter(reference),
        }
    }
}

/// The version of the specification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Version {
    /// `2.0`, the only one with this form.
    #[default]
    #[serde(rename = "2.0")]
    V2,
}

/// What is described.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Info {
    /// `title`
    pub title: String,
    /// `version`: that of Kubernetes, or `unversioned` in the file that its sources hold.
    pub version: String,
    /// `description`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `termsOfService`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms_of_service: Option<String>,
    /// `contact`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// `license`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<License>,
}

text_enum! {
    /// An HTTP method that a path can have.
    pub enum Method {
        /// `get`
        Get = "get",
        /// `put`
        Put = "put",
        /// `post`
        Post = "post",
        /// `delete`
        Delete = "delete",
        /// `options`
        Options = "options",
        /// `head`
        Head = "head",
        /// `patch`
        Patch = "patch",
    }
}

/// The operations of one path.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PathItem {
    /// The operations, by method.
    #[serde(flatten)]
    pub operations: IndexMap<Method, Operation>,
    /// `parameters` of every operation; none of them is a body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<ReferenceOr<Parameter>>,
}

/// One operation.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// `operationId`, unique in the document.
    pub operation_id: String,
    /// `tags`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// `summary`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// `description`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `externalDocs`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_docs: Option<ExternalDocumentation>,
    /// `consumes`: content types of the request's body. An empty list is not an absent one: it overrides the
    /// document's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumes: Option<Vec<String>>,
    /// `produces`: content types of the responses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub produces: Option<Vec<String>>,
    /// `schemes`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schemes: Option<Vec<String>>,
    /// `parameters` beside those of the path; at most one of them is a body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<ReferenceOr<Parameter>>,
    /// `responses`, by status.
    pub responses: IndexMap<ResponseStatus, Response>,
    /// `deprecated`
    #[serde(skip_serializing_if = "is_false")]
    pub deprecated: bool,
    /// `security`, in place of the document's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security: Option<Vec<SecurityRequirement>>,
    /// `x-kubernetes-action`
    #[serde(rename = "x-kubernetes-action", skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// `x-kubernetes-group-version-kind`: what the operation acts on.
    #[serde(rename = "x-kubernetes-group-version-kind", skip_serializing_if = "Option::is_none")]
    pub group_version_kind: Option<GroupVersionKind>,
}

/// A parameter of an operation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Parameter {
    /// `in: body`
    Body(BodyParameter),
    /// `in: path`, `query` or `header`
    Value(ValueParameter),
}

/// The body of a request.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(tag = "in", rename = "body")]
pub struct BodyParameter {
    /// `name`, which is sent nowhere.
    pub name: String,
    /// `description`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `required`
    #[serde(skip_serializing_if = "is_false")]
    pub required: bool,
    /// `schema`
    pub schema: Schema,
}

/// A parameter in the path, the query or a header.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ValueParameter {
    /// `name`
    pub name: String,
    /// `in`
    #[serde(rename = "in")]
    pub location: Location,
    /// `description`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `required`
    #[serde(skip_serializing_if = "is_false")]
    pub required: bool,
    /// `allowEmptyValue`
    #[serde(skip_serializing_if = "is_false")]
    pub allow_empty_value: bool,
    /// `collectionFormat`: how an array is written. `csv` where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection_format: Option<CollectionFormat>,
    /// `type`, `format`, `items`, `uniqueItems` and the like, which stand beside `name`; never a `$ref`.
    #[serde(flatten)]
    pub schema: Schema,
}

text_enum! {
    /// Where a parameter is sent.
    pub enum Location {
        /// `query`
        Query = "query",
        /// `path`
        Path = "path",
        /// `header`
        Header = "header",
    }
}

text_enum! {
    /// How the items of an array are written in a parameter.
    pub enum CollectionFormat {
        /// `csv`: with commas between them
        Csv = "csv",
        /// `ssv`: with spaces between them
        Ssv = "ssv",
        /// `tsv`: with tabs between them
        Tsv = "tsv",
        /// `pipes`: with `|` between them
        Pipes = "pipes",
        /// `multi`: the parameter is repeated
        Multi = "multi",
    }
}

/// The HTTP status that a response is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ResponseStatus {
    /// A status code.
    Code(u16),
    /// `default`: every status that is not listed.
    Default,
}

impl fmt::Display for ResponseStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => code.fmt(f),
            Self::Default => f.write_str("default"),
        }
    }
}

impl Serialize for ResponseStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A response.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Response {
    /// `description`
    pub description: String,
    /// `schema` of the body. Absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Schema>,
}

/// A way to authenticate.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type")]
pub enum SecurityDefinition {
    /// `apiKey`: a value in a header or in the query.
    #[serde(rename = "apiKey")]
    ApiKey {
        /// `name` of the header or of the query parameter.
        name: String,
        /// `in`
        #[serde(rename = "in")]
        location: ApiKeyLocation,
        /// `description`
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
    /// `basic`: HTTP Basic authentication.
    #[serde(rename = "basic")]
    Basic {
        /// `description`
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
}

text_enum! {
    /// Where an API key is sent.
    pub enum ApiKeyLocation {
        /// `header`
        Header = "header",
        /// `query`
        Query = "query",
    }
}
