//! Calls of webhooks that a request waits for.

use crate::state::State;
use crate::status::{Result, Status};
use crate::webhooks::{Call, Outcome};

/// The outcome of a call; an error if the request has to wait for it.
pub(super) fn ask(state: &State, call: Call) -> Result<Outcome> {
    state.exchange.borrow_mut().ask(call).ok_or_else(Status::waiting)
}

/// An error if the request waits for any call: it has asked for others meanwhile.
pub(super) fn wait(state: &State) -> Result<()> {
    if state.exchange.borrow().is_waiting() { Err(Status::waiting()) } else { Ok(()) }
}
