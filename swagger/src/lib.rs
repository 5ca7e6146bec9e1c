//! Swagger 2.0 with Kubernetes extensions, typed, and lifted to OpenAPI 3.0 without loss.
//!
//! A Kubernetes API server describes itself in Swagger 2.0, with extensions of its own. [`Swagger::parse`] reads such a
//! description and skips nothing: what it does not know is an error that names the JSON pointer. [`Swagger::lift`]
//! makes an [`openapiv3::OpenAPI`] of it, [`lower`](lower()) turns that back, and [`extension`] reads the extensions.
//!
//! ```
//! use kubernetes_swagger::{Swagger, extension, lower};
//! use kubernetes_swagger::extension::Action;
//!
//! let swagger = Swagger::parse(br#"{
//!     "swagger": "2.0",
//!     "info": {"title": "Kubernetes", "version": "v1.37.2"},
//!     "paths": {"/version/": {"get": {
//!         "operationId": "getCodeVersion",
//!         "produces": ["application/json"],
//!         "x-kubernetes-action": "get",
//!         "responses": {"200": {"description": "OK", "schema": {"type": "object"}}}
//!     }}}
//! }"#)?;
//! let lifted = swagger.lift();
//! let (path, method, operation) = lifted.operations().next().expect("one operation");
//! assert_eq!((path, method), ("/version/", "get"));
//! assert_eq!(extension::action(operation)?, Some(Action::Get));
//! assert_eq!(lower(&lifted)?, swagger);
//!
//! let error = Swagger::parse(br#"{"swagger": "2.0", "info": {"title": "Kubernetes"}, "paths": {}}"#).unwrap_err();
//! assert_eq!(error.to_string(), "/info: the required key `version` is missing");
//! # Ok::<(), kubernetes_swagger::Error>(())
//! ```

mod check;
mod document;
mod error;
pub mod extension;
mod json;
mod lift;
mod lower;
mod merge;
mod names;
mod parse;
mod schema;
mod text_enum;

pub use document::{
    ApiKeyLocation, BodyParameter, CollectionFormat, Info, Location, Method, Operation, Parameter, PathItem, Response,
    ResponseStatus, SecurityDefinition, Swagger, ValueParameter, Version,
};
pub use error::{Error, Problem};
pub use lower::lower;
pub use merge::{Merged, merge};
pub use openapiv3::ReferenceOr;
pub use schema::{AdditionalProperties, Schema, Type};
