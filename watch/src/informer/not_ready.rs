use std::fmt;
use std::time::Duration;

use crate::Error;

/// The error of an [`Informer`](crate::Informer) that has not listed its objects in time, or has stopped before.
///
/// Its [`source`](std::error::Error::source) is the last failure of the informer, if there was one: a server that can't
/// be reached or that refuses the request.
#[derive(Clone)]
pub struct NotReady {
    limit: Option<Duration>,
    cause: Option<Error>,
}

impl NotReady {
    pub(super) fn timed_out(limit: Duration, cause: Option<Error>) -> Self {
        Self { limit: Some(limit), cause }
    }

    pub(super) fn stopped(cause: Option<Error>) -> Self {
        Self { limit: None, cause }
    }

    /// Whether the time limit was reached, in which case the informer keeps trying; otherwise it has stopped.
    pub fn is_timeout(&self) -> bool {
        self.limit.is_some()
    }

    /// The last failure of the informer; `None` if there was none.
    pub fn cause(&self) -> Option<&Error> {
        self.cause.as_ref()
    }
}

kubernetes_core::error_text!(NotReady);

impl NotReady {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.limit {
            Some(limit) => write!(f, "timed out after {limit:?} waiting for the first list of the informer"),
            None => f.write_str("the informer stopped before its first list was complete"),
        }
    }
}

impl std::error::Error for NotReady {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause().map(|cause| cause as _)
    }
}
