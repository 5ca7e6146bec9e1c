//! Structural schemas of types, as constant data, and the definitions of custom resources made of them.
//!
//! ```
//! use kubernetes_core::schema::Schema;
//! use kubernetes_core::{Map, Quantity};
//!
//! let schema = <Map<Quantity>>::SCHEMA.to_tree()?;
//! assert_eq!(schema.at("/additionalProperties/x-kubernetes-int-or-string").map(|value| value.to_text()).as_deref(), Some("true"));
//! # Ok::<(), kubernetes_core::schema::InvalidSchema>(())
//! ```
//!
//! `#[derive(Schema)]` implements the trait for a type of a custom resource, `#[derive(CustomResource)]` for the
//! resource itself. A schema is constant data: deriving one adds no code to a program other than the reader and writer.
//!
//! The API server accepts only *structural* schemas. If the type shows that a shape has none, the compiler refuses it;
//! [`Type::to_tree`] and [`Definition`] refuse everything else, by the server's rules:
//! <https://github.com/kubernetes/apiextensions-apiserver/blob/v0.37.2/pkg/apiserver/schema/validation.go>

mod cel;
mod checks;
mod declaration;
mod definition;
mod described;
mod error;
mod fields;
mod impls;
mod merge;
mod meta;
mod render;
mod sample;
mod structural;
mod types;
mod values;

pub use declaration::{Column, Declaration, Scale, Scope, Version};
pub use definition::{ConversionWebhook, CustomResource, Definition};
pub use error::{InvalidSchema, Violation};
pub use sample::sample;
pub use structural::violations;
pub use types::{Keyword, Kind, ListType, MapType, Member, Rule, Shape, Source, Tagging, Type, Variant};

/// A type with a structural schema, for values in custom resources.
///
/// Implemented by `#[derive(Schema)]`, and by this crate for common types of fields.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no structural schema",
    label = "a field of a custom resource needs a type with a schema",
    note = "derive `Schema` for a type of your own; models have schemas with the feature `schema` of kubernetes-models",
    note = "for maps use `Map<T>` or `BTreeMap<String, T>`, for any JSON `Json`"
)]
pub trait Schema {
    /// The schema of the type's values.
    const SCHEMA: &'static Type;
}
