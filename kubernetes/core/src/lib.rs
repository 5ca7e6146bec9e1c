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
mod collections;
mod condition;
#[cfg(feature = "schema")]
pub mod conversion;
#[doc(hidden)]
pub mod debug;
#[cfg(feature = "schema")]
#[doc(hidden)]
pub mod derived;
mod field_conflict;
#[rustfmt::skip]
mod generated;
pub mod json;
mod list;
mod macros;
mod map;
mod object;
mod object_key;
mod partial;
mod printed;
mod raw;
mod request;
#[cfg(feature = "schema")]
pub mod schema;
pub mod selector;
mod status;
mod str;
mod table;
#[doc(hidden)]
pub mod text;
mod types;
#[cfg(feature = "yaml")]
pub mod yaml;

pub use field_conflict::FieldConflict;
pub use generated::{meta, version};
pub use list::List;
pub use map::Map;
pub use meta::v1::{ListMeta, ObjectMeta, Status};
pub use object::{
    ClusterResource, GroupVersion, GroupVersionKind, GroupVersionResource, InvalidOwner, NamespacedResource, Object,
    ObjectReference, ParseGroupVersionError, Resource, StaticType, Watchable,
};
#[doc(hidden)]
pub use object::{from_serde_object, to_serde_object};
pub use object_key::ObjectKey;
pub use partial::PartialObjectMetadata;
pub use printed::Printed;
pub use raw::Raw;
pub use request::{
    ApplyRequest, Attach, CLIENT_SIDE_APPLY_MANAGER, ConnectRequest, ContinueTokens, CreateRequest,
    DeleteCollectionRequest, DeleteRequest, Deleted, Encoded, EndlessList, Exec, Execute, ExtractError, Extracted,
    FieldSet, GetRequest, InvalidRequest, Items, ListRequest, LogLines, LogRequest, Pages, Patch, PatchRequest, Path,
    PathElement, PortForward, Proxy, Query, QueryValue, ReadRequest, ReplaceRequest, Request, RequestError, Step,
    WatchRequest, extract, migrate_client_side_apply,
};
pub use str::Str;
pub use table::{Table, TableColumnDefinition, TableRow, TableRowCondition};
pub use types::{
    ByteString, Duration, FieldsV1, IntOrString, IntOrText, InvalidJsonPointer, Json, JsonPatch, JsonPointer,
    MicroTime, Nullable, OrArray, OrBool, OrStringArray, ParseDurationError, ParsePercentageError, ParseQuantityError,
    ParseTimeError, PlaceError, Quantity, RawExtension, Rest, Time,
};

#[doc(no_inline)]
pub use http::Method;
/// For macros, which can't name a crate that their users do not depend on.
#[doc(hidden)]
pub mod serde {
    pub use ::serde::*;
}
