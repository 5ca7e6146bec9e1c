//! Descriptions of the Kubernetes API, read without skipping anything.
//!
//! A Kubernetes API server describes itself in Swagger 2.0 and OpenAPI 3.0 with its own extensions, and custom
//! resources have schemas in their definitions. One set of readers turns all of them into [`openapiv3`]'s types:
//! [`parse`] reads a description, [`parse_structural`] the schema of a custom resource. Anything unknown is an error
//! with its JSON pointer. [`merge`](merge()) combines the documents of a server into one description, and [`extension`]
//! reads the extensions.
//!
//! ```
//! use kubernetes_swagger::extension::{self, Action};
//! use kubernetes_swagger::parse;
//!
//! let openapi = parse(br#"{
//!     "swagger": "2.0",
//!     "info": {"title": "Kubernetes", "version": "v1.37.2"},
//!     "paths": {"/version/": {"get": {
//!         "operationId": "getCodeVersion",
//!         "produces": ["application/json"],
//!         "x-kubernetes-action": "get",
//!         "responses": {"200": {"description": "OK", "schema": {"type": "object"}}}
//!     }}}
//! }"#)?;
//! let (path, method, operation) = openapi.operations().next().expect("one operation");
//! assert_eq!((path, method), ("/version/", "get"));
//! assert_eq!(extension::action(operation), Some(Action::Get));
//!
//! let error = parse(br#"{"swagger": "2.0", "info": {"title": "Kubernetes"}, "paths": {}}"#).unwrap_err();
//! assert_eq!(error.to_string(), "/info: the required key `version` is missing");
//! # Ok::<(), kubernetes_swagger::Error>(())
//! ```

mod error;
pub mod extension;
mod merge;
mod names;
mod read;
mod text_enum;
mod tree;

pub use error::{Error, Problem};
pub use merge::{Merged, merge};
pub use read::{parse, parse_structural};
