use std::time::Duration;

use kubernetes_client::{Backoff, Delays};

/// How long watches must have been healthy after a list for the next one to come soon again, as if nothing had gone
/// wrong before, as in client-go's
/// reflector: a list costs the server more than all else, so that a change after each must not make them frequent.
pub(crate) const RECOVERED: Duration = Duration::from_secs(120);

/// How long to wait before each list that follows a watch.
#[derive(Debug)]
pub(super) struct RelistBackoff {
    delays: Delays,
    /// For how long watches have been healthy since the last list.
    healthy: Duration,
}

impl RelistBackoff {
    pub(super) fn new(backoff: Backoff) -> Self {
        Self { delays: backoff.delays(), healthy: Duration::ZERO }
    }

    /// Takes in that a watch was healthy for so long.
    pub(super) fn healthy_for(&mut self, lived: Duration) {
        self.healthy = self.healthy.saturating_add(lived);
    }

    /// How long to wait before the next list.
    pub(super) fn next(&mut self) -> Duration {
        if std::mem::take(&mut self.healthy) >= RECOVERED {
            self.delays.reset();
        }
        self.delays.next_delay()
    }
}
