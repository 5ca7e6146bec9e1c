//! Connections that wait for a request.

use std::time::Duration;

use tokio::time::Instant;

use super::http1::Http1;
use crate::clock::boottime;

/// An HTTP/1.1 connection without a request.
pub(super) struct Idle {
    pub(super) id: u64,
    pub(super) http1: Http1,
    /// Whether it has carried a request.
    pub(super) used: bool,
    /// By the clock that goes on while the machine is suspended: the server closes the connection meanwhile.
    pub(super) since: Instant,
}

impl Idle {
    /// The connection that was used last and can take a request; those that can't are dropped.
    pub(super) fn take(idle: &mut Vec<Self>, timeout: Duration) -> Option<Self> {
        let now = boottime::now();
        while let Some(last) = idle.pop() {
            if last.http1.sender.is_ready() && now.duration_since(last.since) < timeout {
                return Some(last);
            }
        }
        None
    }
}
