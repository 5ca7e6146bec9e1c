//! Every Kubernetes type as a Rust struct: a module for each group and version, gated by a feature with that name.
//!
//! ```toml
//! kubernetes-models = { version = "0.1", default-features = false, features = ["apps-v1"] }
//! ```
//!
//! The default features are the stable groups, and `serde`; `all` has every group. A group's feature enables the groups
//! that it refers to.
//!
//! # From definitions to types
//!
//! - Build a type with `..Default::default()`, so that fields added by newer Kubernetes versions do not break your
//!   code: `Container { name: "web".into(), ..Default::default() }`.
//! - Lists are `Vec`s and maps are [`Map`]s, which are empty if the object has none. An optional object is an
//!   `Option<Box<T>>` (created by `spec: PodSpec { .. }.into()`), any other optional value an `Option<T>`. Strings are
//!   [`Str`]s.
//! - `apiVersion` and `kind` are constants of the type; they are always written, and checked if they are present. The
//!   `metadata` of a resource is never optional.
//! - A string with known values is an open enum, which keeps unknown values as `Other`.
//! - All types are [`json::Value`]s, which are fast to read and write. With the feature `serde`, which is on by
//!   default, they also have serde's traits, for other formats and for your own types that contain them.
//! - A list (`PodList`) is a [`List`] of its items.
//!
//! The repository's page `docs/models.md` explains which fields are plain, `Option` or `Option<Box>`, how to set them,
//! and why.
//!
//! The files in `generated` are rendered by `kubernetes-codegen` from the API description.

pub use kubernetes_apimachinery::{
    ByteString, FieldsV1, IntOrString, Json, List, Map, MicroTime, OrArray, OrBool, OrStringArray, Quantity,
    RawExtension, Str, Time, json, meta,
};

#[rustfmt::skip]
mod generated;
#[cfg(feature = "core-v1")]
mod object_reference;

pub use generated::*;
