//! When a request is sent again: the rules of client-go (`rest/with_retry.go`, `rest/request.go`).

use std::time::Duration;

use http::{Method, StatusCode};
use tokio::time::Instant;

use crate::backoff::{Backoff, Delays};
use crate::clock;
use crate::error::Error;

/// Before the second attempt after a lost connection. With ten retries, a server has about as long to come back as
/// client-go gives it.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2)).jitter(0.5, 1.0);

/// The shortest wait that a server's `Retry-After` leads to.
const MIN_RETRY_AFTER: Duration = Duration::from_millis(100);

/// The errors after which a request may be sent again, beside those of requests that the server has not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replay {
    /// It changes nothing: also when its connection is lost.
    Read,
    /// Only if the server asks for it.
    Write,
    /// Nothing more: who reads the stream decides.
    Stream,
}

impl Replay {
    pub(crate) fn of(method: &Method) -> Self {
        if [Method::GET, Method::HEAD, Method::OPTIONS].contains(method) { Self::Read } else { Self::Write }
    }
}

/// The attempts of one request.
pub(crate) struct Retries {
    replay: Replay,
    most: u32,
    /// How many attempts have failed.
    failed: u32,
    delays: Delays,
    deadline: Option<Instant>,
}

impl Retries {
    pub(crate) fn new(replay: Replay, most: u32, deadline: Option<Instant>) -> Self {
        Self { replay, most, failed: 0, delays: BACKOFF.delays(), deadline }
    }

    /// How long to wait before the next attempt; `None` if the error is final, or time would run out.
    pub(crate) fn wait_after(&mut self, error: &Error) -> Option<Duration> {
        self.failed += 1;
        if self.failed > self.most {
            return None;
        }
        let delay = self.delays.next_delay();
        let wait = self.wait(error, delay)?;
        let end = clock::now().checked_add(wait)?;
        self.deadline.is_none_or(|deadline| end < deadline).then_some(wait)
    }

    fn wait(&self, error: &Error, delay: Duration) -> Option<Duration> {
        if error.is_unseen() {
            return Some(if self.failed == 1 { Duration::ZERO } else { delay });
        }
        match self.replay {
            Replay::Stream => None,
            _ if error.http_status().is_some_and(asks_to_wait) => {
                let asked = error.retry_after_header()?;
                Some(asked.max(MIN_RETRY_AFTER).mul_f64(1.0 + 0.1 * fastrand::f64()))
            }
            Replay::Read if error.is_lost_connection() => Some(delay),
            _ => None,
        }
    }
}

fn asks_to_wait(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}
