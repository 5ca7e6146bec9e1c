//! The semantics of the API: each request as a function of the state, without sockets and without waiting.

mod controllers;
mod decoding;
mod json_patch;
mod options;
mod paging;
mod route;
mod strategic_merge;
mod target;
mod verbs;
mod writes;

use serde_json::Value;

use crate::reply::Reply;
use crate::request::ApiRequest;
use crate::state::State;
use crate::status::Result;
use crate::streams::{LogRequest, LogScript, Upgrade};
use crate::watch::Watch;

/// The response to a request.
pub(crate) enum Answer {
    Whole(Reply),
    Watch(Box<Watch>),
    Upgrade(Box<Upgrade>),
    Log(Box<LogRequest>, LogScript),
}

/// Answers a request.
pub(crate) fn answer(state: &mut State, request: &ApiRequest) -> Answer {
    expire(state);
    let answer = route::route(state, request).unwrap_or_else(|status| Answer::Whole(Reply::from(&status)));
    controllers::run(state);
    answer
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
