use std::time::Duration;

use kubernetes_client::{Backoff, Delays};

/// The time that watches must have been healthy after a list to reset the backoff of lists, as in client-go's
/// reflector. A list is the most expensive request for the server, so a change after each list must not make lists
/// frequent.
pub(crate) const RECOVERED: Duration = Duration::from_secs(120);

/// The delays before lists that follow a watch.
#[derive(Debug)]
pub(super) struct RelistBackoff {
    delays: Delays,
    /// The time that watches have been healthy since the last list.
    healthy: Duration,
}

impl RelistBackoff {
    pub(super) fn new(backoff: Backoff) -> Self {
        Self { delays: backoff.delays(), healthy: Duration::ZERO }
    }

    /// Records that a watch was healthy for this long.
    pub(super) fn healthy_for(&mut self, lived: Duration) {
        self.healthy = self.healthy.saturating_add(lived);
    }

    /// The delay before the next list.
    pub(super) fn next(&mut self) -> Duration {
        if std::mem::take(&mut self.healthy) >= RECOVERED {
            self.delays.reset();
        }
        self.delays.next_delay()
    }
}
