//! The one source of time, so that a paused clock controls all of it.

use kubernetes_core::Time;

/// The wall-clock time, to compare with that of objects.
pub(crate) fn wall() -> Time {
    Time::now()
}
