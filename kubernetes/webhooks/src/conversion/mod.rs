//! Conversion between the versions of a custom resource.

mod converter;
mod metadata;
mod review;

pub use converter::Converter;
pub(crate) use converter::{Failure, HubAndSpokes, PANIC, convert_all};
pub(crate) use review::{Answer, Review};
