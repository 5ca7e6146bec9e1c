use std::time::Duration;

use kubernetes_client::Delays;
use kubernetes_core::Request;
use tracing::warn;

use crate::Error;
use crate::clock::{self, Instant};
use crate::machine::{BACKOFF, RECOVERED};

/// The attempts at following a request.
pub(super) struct Attempts {
    delays: Delays,
    /// The beginning of the last.
    started: Instant,
}

impl Attempts {
    pub(super) fn new() -> Self {
        Self { delays: BACKOFF.delays(), started: clock::now() }
    }

    pub(super) fn begin(&mut self) {
        self.started = clock::now();
    }

    /// The delay after an attempt that has failed.
    pub(super) fn delay_after(&mut self, error: &Error, request: &Request) -> Duration {
        if self.started.elapsed() >= RECOVERED {
            self.delays.reset();
        }
        let wait = self.delays.next_delay();
        warn!(?request, ?wait, ?error, "informer: trying again");
        wait
    }
}
