//! The server's clock: it follows tokio's, which a test can pause, and can be set forward by hand.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

#[derive(Debug)]
pub(crate) struct Clock {
    /// What the clock showed at `started`.
    origin: Timestamp,
    started: Instant,
    /// By how much it was set forward.
    advanced: Duration,
}

impl Clock {
    pub(crate) fn starting_at(origin: Timestamp) -> Self {
        Self { origin, started: Instant::now(), advanced: Duration::ZERO }
    }

    /// How long the server has been running, by its clock.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed().saturating_add(self.advanced)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.origin.checked_add(self.elapsed()).unwrap_or(Timestamp::MAX)
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.advanced = self.advanced.saturating_add(by);
    }

    /// The time as objects carry it, to the second.
    pub(crate) fn timestamp(&self) -> String {
        seconds(self.now())
    }
}

/// RFC 3339 to the second, as `metav1.Time` is written.
pub(crate) fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
