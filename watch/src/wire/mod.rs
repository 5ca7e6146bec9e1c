//! Reads the bytes of a watch as events.

mod decode;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod lines;
mod reader;
mod values;

pub(crate) use decode::{EventKind, Slot, WatchEvent};
pub(crate) use reader::{EventReader, ReadError};

use std::fmt;

/// The maximum length of an event.
///
/// etcd refuses objects over 1.5 MiB by default and advises against a limit over 10 MiB. JSON escapes (`\u001b`) may
/// make an object up to six times as long: 64 MiB leaves room for any object that a server can hold.
const MAX_EVENT: usize = 64 * 1024 * 1024;

/// The error for an event longer than [`MAX_EVENT`].
pub(crate) struct EventTooLong;

kubernetes_core::error_text!(EventTooLong);

impl EventTooLong {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an event is longer than {} MiB: this does not look like a Kubernetes watch", MAX_EVENT >> 20)
    }
}

impl std::error::Error for EventTooLong {}
