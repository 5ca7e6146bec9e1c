//! Calls of webhooks. Requests are carried out without waiting, so a request that needs a response is carried out again
//! once the response has arrived. A request takes effect after its last call.

mod exchange;
mod reach;
mod service;

pub(crate) use exchange::{Call, Exchange, Outcome, Timeout};
pub(crate) use reach::{broken_off, reach};
pub(crate) use service::Services;
