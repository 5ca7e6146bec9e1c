//! Time. It is tokio's, and nothing else in this crate asks for it, so that a paused clock controls everything.

use std::time::Duration;

/// The wall-clock time, for certificates.
pub(crate) use kubernetes_client::support::timestamp;
pub(crate) use tokio::time::{Instant, sleep, timeout_at};

/// The present moment.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The moment after a time, which is at most a day.
pub(crate) fn later(after: Duration) -> Instant {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    now() + after.min(DAY)
}
