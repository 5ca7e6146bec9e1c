//! The parts of Kubernetes models and requests: traits, the JSON reader and writer, and requests as values.
//!
//! ```
//! use kubernetes_core::ListRequest;
//! # kubernetes_core::doc_test_resource!(Pod);
//!
//! let request = ListRequest::<Pod>::namespaced("shop").label_selector("app=web");
//! assert_eq!(format!("{:?}", request.request()), "GET /api/v1/namespaces/shop/pods?labelSelector=app%3Dweb");
//! ```
//!
//! This crate does not depend on an HTTP transport: whatever sends a request implements [`Execute`]. Most programs
//! depend on `kubernetes-sdk`, which re-exports it.

#[cfg(feature = "cbor")]
pub mod cbor;
#[cfg(feature = "schema")]
pub mod conversion;
#[cfg(feature = "schema")]
#[doc(hidden)]
pub mod derived;
mod generated {
    #[rustfmt::skip]
    mod request_setters;
}
mod partial;
mod printed;
mod raw;
mod request;
#[cfg(feature = "schema")]
pub mod schema;
pub mod selector;
mod table;
#[doc(hidden)]
pub mod text;
mod types;
#[cfg(feature = "yaml")]
pub mod yaml;

#[doc(inline)]
pub use kubernetes_apimachinery::*;

pub use partial::PartialObjectMetadata;
pub use printed::Printed;
pub use raw::Raw;
pub use request::{
    ApplyRequest, Attach, CLIENT_SIDE_APPLY_MANAGER, ConnectRequest, ContinueTokens, CreateRequest,
    DeleteCollectionRequest, DeleteRequest, Deleted, Encoded, EndlessList, Exec, Execute, ExtractError, Extracted,
    FieldSet, GetRequest, Items, ListRequest, LogLines, LogRequest, Pages, Patch, PatchRequest, PathElement,
    PortForward, Proxy, Query, QueryValue, ReadRequest, ReplaceRequest, Request, RequestError, Step, WatchRequest,
    extract, migrate_client_side_apply,
};
pub use table::{Table, TableColumnDefinition, TableRow, TableRowCondition};
pub use types::{Duration, JsonPatch, ParseDurationError};

#[doc(no_inline)]
pub use http::Method;
