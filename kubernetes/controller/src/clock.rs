//! Time. It is tokio's, and nothing else in this crate asks for it, so that a paused clock controls everything.

use std::time::Duration;

use kubernetes_core::MicroTime;
pub(crate) use tokio::time::{Instant, sleep, sleep_until, timeout};

/// The present moment.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The moment after a time; decades ahead if the clock can't count that far.
pub(crate) fn later(now: Instant, after: Duration) -> Instant {
    const DECADES: Duration = Duration::from_secs(30 * 365 * 24 * 3600);
    now.checked_add(after.min(DECADES)).unwrap_or(now)
}

/// The wall-clock time, for people who read it.
pub(crate) fn micro_time() -> MicroTime {
    MicroTime::now()
}
