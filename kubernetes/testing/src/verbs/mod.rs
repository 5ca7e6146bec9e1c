//! What each request does, as a function of the state: no sockets, no waiting.

mod apply;
mod binding;
mod context;
mod create;
mod delete;
mod delete_options;
mod eviction;
mod garbage;
mod limits;
mod list;
mod list_options;
mod load;
mod namespaces;
mod options;
mod paging;
mod patch;
mod route;
mod subresources;
mod update;
mod write;

use bytes::Bytes;
use http::{HeaderValue, StatusCode};

use crate::call::Call;
use crate::failure::{Failure, Result};
use crate::state::State;
use crate::watching::Watching;

pub(crate) use delete::expire;
pub(crate) use load::load_value;
pub(crate) use namespaces::INITIAL as INITIAL_NAMESPACES;

/// What a request is answered with.
#[derive(Debug)]
pub(crate) enum Answer {
    Whole(Reply),
    Watch(Box<Watching>),
}

/// An answer that is known as a whole.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(http::HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
}

pub(crate) const JSON: &str = "application/json";

impl Reply {
    pub(crate) fn json(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self { status, content_type: JSON, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn ok(body: impl Into<Bytes>) -> Self {
        Self::json(StatusCode::OK, body)
    }

    pub(crate) fn text(status: StatusCode, body: &'static str) -> Self {
        Self { content_type: "text/plain; charset=utf-8", ..Self::json(status, body) }
    }

    /// Warnings about fields that were dropped (RFC 7234, section 5.5).
    fn with_warnings(mut self, warnings: &[String]) -> Self {
        for warning in warnings {
            if let Ok(value) = HeaderValue::from_str(&format!("299 - {warning:?}")) {
                self.headers.push((http::header::WARNING, value));
            }
        }
        self
    }
}

impl From<&Failure> for Reply {
    fn from(failure: &Failure) -> Self {
        let status = StatusCode::from_u16(failure.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut reply = Self::json(status, failure.to_value().to_string());
        if let Some(seconds) = failure.retry_after() {
            reply.headers.push((http::header::RETRY_AFTER, seconds.into()));
        }
        reply
    }
}

/// Answers a request.
pub(crate) fn answer(state: &mut State, call: &Call) -> Answer {
    expire(state);
    match route::route(state, call) {
        Ok(answer) => answer,
        Err(failure) => Answer::Whole(Reply::from(&failure)),
    }
}

fn reply(reply: Result<Reply>) -> Result<Answer> {
    reply.map(Answer::Whole)
}
