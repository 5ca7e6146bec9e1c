//! Admission: requests as handlers see them, their decisions, and both on the wire.

mod decision;
mod handler;
mod operation;
mod request;
mod review;

pub use decision::{Allowed, Denied, Mutated};
pub(crate) use handler::{Admit, Mutate, Validate, decide};
pub use operation::Operation;
pub use request::AdmissionRequest;
pub(crate) use review::{Answer, Review};
