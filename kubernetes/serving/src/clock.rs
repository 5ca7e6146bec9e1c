//! Time. It is tokio's, and nothing else in this crate asks for it, so that a paused clock controls everything.

pub(crate) use tokio::time::{Instant, sleep, timeout};

/// The present moment.
pub(crate) fn now() -> Instant {
    Instant::now()
}
