//! Time. It is that of the client, which is tokio's, so that a paused clock controls everything.

use kubernetes_client::clock::timestamp;
pub(crate) use kubernetes_client::clock::{later, now};
use kubernetes_core::MicroTime;
pub(crate) use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

/// The wall-clock time, for people who read it.
pub(crate) fn micro_time() -> MicroTime {
    timestamp().into()
}
