//! Controllers: from a reconcile function to an operator in production.

mod clock;
mod consistency;
mod controller;
mod histogram;
mod informers;
mod queue;
mod sync;

pub use controller::{
    Action, Cleanup, Context, Controller, ControllerCounts, ControllerError, Monitor, Predicate, Reason, Runner,
    Source, Terminal,
};
pub use histogram::Histogram;
pub use informers::Informers;
pub use queue::{Add, Delivery, Queue, QueueBuilder, QueueCounts, Reasons};
