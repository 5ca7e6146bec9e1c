//! The one source of time, so that a paused clock controls all of it.

use kubernetes_core::Time;
#[cfg(feature = "dynamic")]
pub(crate) use tokio::time::timeout;

/// The wall-clock time, to compare with that of objects.
pub(crate) fn wall() -> Time {
    Time::now()
}
