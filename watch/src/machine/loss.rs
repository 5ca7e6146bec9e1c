use std::time::Duration;

/// The reason why a request has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Loss {
    /// The server ended the watch between two events.
    Ended,
    /// The server ended the watch at once, without an event: it may have forgotten the version.
    Empty,
    /// There was no event or bookmark for too long.
    Silent,
    /// The server did not end the watch at the requested time.
    Overdue,
    /// There was no response, or one that asks to retry later, which says nothing about the request itself.
    Unavailable { retry_after: Option<Duration> },
    /// The server had an internal error, or the connection was lost.
    Broken { retry_after: Option<Duration> },
    /// The server sent an error that does not say whether a retry can help.
    Unexplained { retry_after: Option<Duration> },
    /// The version is too old.
    Gone,
    /// The server does not know the version yet.
    Ahead { retry_after: Option<Duration> },
    /// A parameter is not allowed.
    Refused,
    /// A retry can't help.
    Final,
}

impl Loss {
    /// The time that the server asks to wait.
    pub(super) fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after }
            | Self::Broken { retry_after }
            | Self::Unexplained { retry_after }
            | Self::Ahead { retry_after } => retry_after,
            Self::Ended | Self::Empty | Self::Silent | Self::Overdue | Self::Gone | Self::Refused | Self::Final => None,
        }
    }
}
