//! Calls of webhooks. Requests are carried out without waiting, so one that needs an answer is carried out again once it
//! is there: its effects come after its last call.

mod exchange;
mod reach;
mod service;

pub(crate) use exchange::{Call, Exchange, Outcome, Timeout};
pub(crate) use reach::{broken_off, reach};
pub(crate) use service::Services;
