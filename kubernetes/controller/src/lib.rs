//! Controllers: from a reconcile function to an operator in production.

mod clock;
mod histogram;
mod queue;
mod sync;

pub use histogram::Histogram;
pub use queue::{Add, Delivery, Queue, QueueBuilder, QueueCounts, Reasons};
