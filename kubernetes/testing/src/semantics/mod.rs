//! The semantics of the API: each request as a function of the state, without sockets and without waiting.

mod controllers;
mod conversion;
mod decoding;
mod json_patch;
mod options;
mod paging;
mod route;
mod strategic_merge;
mod target;
mod verbs;
mod waiting;
mod writes;

use serde_json::Value;

use crate::reply::Reply;
use crate::request::ApiRequest;
use crate::state::State;
use crate::status::Result;
use crate::streams::{LogRequest, LogScript, Upgrade};
use crate::watch::Watch;
use crate::webhooks::Exchange;

/// The response to a request.
pub(crate) enum Answer {
    Whole(Reply),
    Watch(Box<Watch>),
    Upgrade(Box<Upgrade>),
    Log(Box<LogRequest>, LogScript),
}

/// Answers a request; `None` if it has to wait for the calls that it wants to make, and is to be carried out again then.
///
/// Nothing has changed in that case: a request's effects come after its last call.
pub(crate) fn answer(state: &mut State, request: &ApiRequest, exchange: &mut Exchange) -> Option<Answer> {
    expire(state);
    // Each time, the request sees the same clock and the same random values.
    let start = exchange.begin(&state.random, state.clock.elapsed());
    let is_first = start.is_none();
    let random = start.map(|(random, elapsed)| {
        state.clock.hold(Some(elapsed));
        std::mem::replace(&mut state.random, random)
    });
    state.exchange.replace(std::mem::take(exchange));
    let result = route::route(state, request);
    *exchange = state.exchange.take();
    if let Some(random) = random {
        state.random = random;
        state.clock.hold(None);
    }
    if exchange.is_waiting() {
        if is_first {
            // The values that this request sees again are not for others.
            state.random = state.random.fork();
        }
        return None;
    }
    let warnings = exchange.take_warnings();
    let answer = match result.unwrap_or_else(|status| Answer::Whole(Reply::from(&status))) {
        Answer::Whole(reply) => Answer::Whole(reply.with_warnings(&warnings)),
        other => other,
    };
    controllers::run(state);
    Some(answer)
}

/// Removes the objects whose time is over.
pub(crate) fn expire(state: &mut State) {
    controllers::expire(state);
    controllers::run(state);
}

/// Stores an object as a test gives it, with its status, in place of one of the same name.
pub(crate) fn load(state: &mut State, object: Value) -> Result<()> {
    let result = verbs::load(state, object);
    controllers::run(state);
    result
}
