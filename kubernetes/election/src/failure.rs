use std::fmt;
use std::time::Duration;

use kubernetes_client::Error;

/// Why a request for the Lease has failed.
pub(crate) enum Failure {
    Timeout(Duration),
    /// The server did not respond by the deadline of the Lease.
    Unanswered,
    Request(Error),
}

impl Failure {
    pub(crate) fn error(&self) -> Option<&Error> {
        match self {
            Self::Timeout(_) | Self::Unanswered => None,
            Self::Request(error) => Some(error),
        }
    }

    pub(crate) fn is_conflict(&self) -> bool {
        self.error().is_some_and(Error::is_conflict)
    }

    /// Whether the object to be replaced does not exist.
    pub(crate) fn is_not_found(&self) -> bool {
        self.error().is_some_and(Error::is_not_found)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout(limit) => write!(f, "the request timed out after {limit:?}"),
            Self::Unanswered => f.write_str("the last attempt was not answered in time"),
            Self::Request(error) => fmt::Display::fmt(error, f),
        }
    }
}
