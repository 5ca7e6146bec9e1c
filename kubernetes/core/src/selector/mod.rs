//! Selectors, which restrict a list or watch to objects with certain labels or fields.
//!
//! ```
//! use kubernetes_core::ListRequest;
//! use kubernetes_core::selector::{FieldSelector, LabelSelector};
//! # kubernetes_core::doc_test_resource!(Pod);
//!
//! let request = ListRequest::<Pod>::all_namespaces()
//!     .label_selector(LabelSelector::new().equals("app", "web")?.is_in("tier", ["front", "back"])?)
//!     .field_selector(FieldSelector::new().equals("spec.nodeName", "node-1")?);
//! # let query = &request.request().query;
//! assert_eq!(query.get("labelSelector"), Some("app=web,tier in (back,front)"));
//! assert_eq!(query.get("fieldSelector"), Some("spec.nodeName=node-1"));
//! # Ok::<(), kubernetes_core::selector::InvalidSelector>(())
//! ```
//!
//! Every part is checked when a selector is built, so untrusted values can't change its meaning.

mod field;
mod label;
mod label_field;
mod label_syntax;

use std::fmt;

pub use field::FieldSelector;
pub use label::{LabelOperator, LabelRequirement, LabelSelector};

/// The error for a selector that no server would accept, with the part and the reason.
#[derive(Clone, PartialEq, Eq)]
pub struct InvalidSelector(Box<str>);

impl InvalidSelector {
    fn new(message: impl Into<Box<str>>) -> Self {
        Self(message.into())
    }
}

crate::error_text!(InvalidSelector);

impl InvalidSelector {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidSelector {}
