//! Connections that wait for a request.

use std::time::Duration;

use tokio::time::Instant;

use super::http1::Http1;

/// An HTTP/1.1 connection without a request.
pub(super) struct Idle {
    pub(super) id: u64,
    pub(super) http1: Http1,
    pub(super) since: Instant,
}

impl Idle {
    /// The connection that was used last and can take a request; those that can't are dropped.
    pub(super) fn take(idle: &mut Vec<Self>, timeout: Duration) -> Option<(u64, Http1)> {
        while let Some(Self { id, http1, since }) = idle.pop() {
            if http1.sender.is_ready() && since.elapsed() < timeout {
                return Some((id, http1));
            }
        }
        None
    }
}
