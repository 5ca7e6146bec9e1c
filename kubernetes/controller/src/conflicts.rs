//! Writes that meet a conflict, since the object has changed meanwhile.

use std::time::Duration;

use kubernetes_client::{Backoff, Delays, Error};

use crate::clock;

/// Like client-go's `retry.DefaultRetry`.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(10)).jitter(1.0, 1.1);
const ATTEMPTS: u32 = 5;

/// The attempts of a write: five at most.
pub(crate) struct Attempts(Delays);

impl Attempts {
    pub(crate) fn new() -> Self {
        Self(BACKOFF.delays())
    }

    /// Waits before another attempt; returns the conflict if there has been the last.
    pub(crate) async fn wait_after(&mut self, conflict: Error) -> Result<(), Error> {
        if self.0.retries() >= ATTEMPTS - 1 {
            return Err(conflict);
        }
        clock::sleep(self.0.next_delay()).await;
        Ok(())
    }
}
