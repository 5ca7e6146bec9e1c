use std::fmt;

use crate::Error;

/// The error of a store that is no longer updated, because its writer or informer has ended.
///
/// Its [`source`](std::error::Error::source) is the error that ended it, if there was one.
#[derive(Clone)]
pub struct Stopped {
    cause: Option<Error>,
}

impl Stopped {
    pub(super) fn new(cause: Option<Error>) -> Self {
        Self { cause }
    }

    /// The error that ended it; `None` if it was stopped or dropped.
    pub fn cause(&self) -> Option<&Error> {
        self.cause.as_ref()
    }
}

kubernetes_core::error_text!(Stopped);

impl Stopped {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the informer has stopped: its store is no longer updated")
    }
}

impl std::error::Error for Stopped {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause().map(|cause| cause as _)
    }
}
