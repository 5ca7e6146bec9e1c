//! Derives custom resources and their schemas from Rust types.
//!
//! `kubernetes-sdk` re-exports both with its feature `derive`; see the page `docs/custom-resources.md` for all
//! attributes. A program without it needs `kubernetes-core` with the feature `schema`.
//!
//! ```ignore
//! use kubernetes_sdk::core::ObjectMeta;
//! use kubernetes_sdk::{CustomResource, Schema};
//!
//! #[derive(Clone, Debug, PartialEq, CustomResource)]
//! #[kubernetes(group = "light.example.com", version = "v1", namespaced)]
//! struct Lantern {
//!     metadata: ObjectMeta,
//!     spec: LanternSpec,
//! }
//!
//! #[derive(Clone, Debug, PartialEq, Schema)]
//! struct LanternSpec {
//!     /// The color of the light.
//!     #[kubernetes(min_length = 1)]
//!     color: String,
//! }
//! ```

mod attributes;
mod documentation;
mod expand;
mod literal;
mod names;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements `Schema` and `json::Value`, which reads and writes, for a type inside a custom resource.
///
/// Attributes are `#[kubernetes(…)]`, and those of `#[serde(…)]` that change the form of the type.
#[proc_macro_derive(Schema, attributes(kubernetes, serde))]
pub fn schema(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::schema(&input).into()
}

/// Turns a struct with a field `metadata` into a custom resource: implements `CustomResource`, `Resource` and their
/// supertraits.
///
/// Attributes are `#[kubernetes(…)]`; `group`, `version`, and either `namespaced` or `cluster` are required.
#[proc_macro_derive(CustomResource, attributes(kubernetes, serde))]
pub fn custom_resource(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::custom_resource(&input).into()
}
