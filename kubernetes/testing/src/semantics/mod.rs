//! The semantics of the API: each request is a function of the state, without sockets or waiting.

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

/// Handles a request; `None` if it must wait for calls of webhooks and then be carried out again.
///
/// In that case nothing has changed, as a request takes effect after its last call.
pub(crate) fn answer(state: &mut State, request: &ApiRequest, exchange: &mut Exchange) -> Option<Answer> {
    expire(state);
    // The request sees the same clock and random values each time.
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
            // Other requests must not get the values that this request will see again.
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

/// Removes expired objects.
pub(crate) fn expire(state: &mut State) {
    controllers::expire(state);
    controllers::run(state);
}

/// Stores an object given by a test, including its status, replacing one of the same name.
pub(crate) fn load(state: &mut State, object: Value) -> Result<()> {
    let result = verbs::load(state, object);
    controllers::run(state);
    result
}
