//! Selectors: which objects a list or a watch is about, by their labels or by a few of their fields.
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
//! Building checks every part, so a value that comes from elsewhere can't change the meaning of a selector.

mod field;
mod label;
mod label_field;
mod label_syntax;

use std::fmt;

pub use field::FieldSelector;
pub use label::{LabelOperator, LabelRequirement, LabelSelector};

/// A selector that no server would accept: the part, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidSelector(Box<str>);

impl InvalidSelector {
    fn new(message: impl Into<Box<str>>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for InvalidSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidSelector {}
