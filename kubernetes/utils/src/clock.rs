//! The only source of time, so that a paused clock controls everything.

use kubernetes_core::Time;
#[cfg(feature = "dynamic")]
pub(crate) use tokio::time::timeout;

/// The wall-clock time, to compare with the times in objects.
pub(crate) fn wall() -> Time {
    Time::now()
}
