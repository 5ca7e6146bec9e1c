//! Every Kubernetes type as a Rust struct: a module for each group and version, gated by a feature of that name.
//!
//! ```toml
//! kubernetes-models = { version = "0.1", default-features = false, features = ["apps-v1"] }
//! ```
//!
//! The default features are the stable groups, and `serde`; `all` has every group. A group enables the groups that it refers
//! to.
//!
//! # How a definition becomes a type
//!
//! - A type is built with `..Default::default()`, so that a field of a newer Kubernetes breaks nothing:
//!   `Container { name: "web".into(), ..Default::default() }`.
//! - Lists are `Vec`s and maps are [`Map`]s, empty where the object has none. An optional object is an
//!   `Option<Box<T>>` (`spec: PodSpec { .. }.into()` makes one), any other optional value an `Option<T>`. Strings are
//!   [`Str`]s.
//! - `apiVersion` and `kind` are constants of the type, written always and checked when they are there. `metadata` of a
//!   resource is never optional.
//! - A string with known values is an open enum: a value that this version does not know is kept, as `Other`.
//! - All types are [`json::Value`]s, the fast way in and out. With the feature `serde`, on by default, they have serde's
//!   traits too, for every other format and for types of yours that contain them.
//! - A list (`PodList`) is a [`List`] of its items.
//!
//! The page `docs/models.md` of the repository has a table of which fields are plain, `Option` and `Option<Box>`, how to set
//! them, and the reasons.
//!
//! The files in `generated` are rendered by `kubernetes-codegen` from the API description.

pub use kubernetes_core::{
    ByteString, FieldsV1, IntOrString, Json, List, Map, MicroTime, OrArray, OrBool, OrStringArray, Patch, Quantity,
    RawExtension, Str, Time, json, meta,
};

#[rustfmt::skip]
mod generated;
#[cfg(feature = "core-v1")]
mod object_reference;

pub use generated::*;
