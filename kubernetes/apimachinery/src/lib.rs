//! The parts of Kubernetes models: traits of objects, the JSON reader and writer, lists, quantities, times, metadata.
//!
//! ```
//! use kubernetes_core::{Map, Quantity, json};
//!
//! let requests: Map<Quantity> = json::from_str(r#"{"cpu": "1500m"}"#)?;
//! assert_eq!(requests["cpu"], Quantity::from("1.5"));
//! # Ok::<(), json::DecodeError>(())
//! ```
//!
//! `kubernetes-models` depends on this crate alone, so that it compiles beside requests. `kubernetes-core`, which
//! programs use, re-exports everything.

mod collections;
mod condition;
#[doc(hidden)]
pub mod debug;
mod field_conflict;
#[rustfmt::skip]
mod generated;
mod invalid_request;
pub mod json;
mod list;
mod macros;
mod map;
mod object;
mod object_key;
mod path;
#[doc(hidden)]
pub mod percent;
mod status;
mod str;
mod types;

pub use field_conflict::FieldConflict;
pub use generated::{meta, version};
pub use invalid_request::InvalidRequest;
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
pub use path::Path;
pub use str::Str;
pub use types::{
    ByteString, FieldsV1, IntOrString, IntOrText, InvalidJsonPointer, Json, JsonPointer, MicroTime, Nullable, OrArray,
    OrBool, OrStringArray, ParsePercentageError, ParseQuantityError, ParseTimeError, PlaceError, Quantity,
    RawExtension, Rest, Time,
};

/// For macros, which can't name a crate that their users do not depend on.
#[doc(hidden)]
pub mod serde {
    pub use ::serde::*;
}
