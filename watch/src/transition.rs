use std::fmt;
use std::time::Duration;

use crate::Error;
use crate::machine::Loss;

/// A change of a stream's connection that does not end the stream; passed to an [observer](crate::Watch::observe).
#[derive(Debug)]
pub struct Transition<'a> {
    pub(crate) reason: Reason,
    pub(crate) error: Option<&'a Error>,
    pub(crate) wait: Duration,
    pub(crate) resource_version: Option<&'a str>,
    pub(crate) path: &'a str,
}

impl Transition<'_> {
    /// The reason for the change.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The failure, if there was one.
    pub fn error(&self) -> Option<&Error> {
        self.error
    }

    /// The time that the stream waits before its next request.
    pub fn wait(&self) -> Duration {
        self.wait
    }

    /// The path of the request, such as `/api/v1/pods`, which identifies the stream.
    pub fn path(&self) -> &str {
        self.path
    }

    /// The version up to which everything has been delivered, from which the watch resumes; `None` before the existing
    /// objects are listed, for the first time or again.
    pub fn resource_version(&self) -> Option<&str> {
        self.resource_version
    }
}

/// The reason for a [`Transition`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The server accepted a watch.
    Connected,
    /// The existing objects have been listed.
    Listed,
    /// The server ended the watch properly.
    Ended,
    /// The server ended the watch at once, without an event, as it may if it has forgotten the version. The stream
    /// retries; if that does not help, a [reflector](crate::Reflector) lists again, and a watch ends.
    Empty,
    /// There was no event or bookmark for longer than the [idle timeout](crate::Watch::idle_timeout).
    Idle,
    /// The server did not end the watch at the requested [time](crate::Watch::timeout_seconds).
    Overdue,
    /// The server can't be reached, or asks to retry later.
    Unavailable,
    /// The connection was lost, or the server had an internal error.
    Broken,
    /// The server has forgotten the version (410): a watch retries once, as another API server may know it; a
    /// [reflector](crate::Reflector) lists again.
    Gone,
    /// The server does not know the version yet: the stream retries. If that does not help, a
    /// [reflector](crate::Reflector) lists again, and a watch ends.
    Ahead,
    /// The server refuses a parameter of the watch, such as its version (400, 422): a [reflector](crate::Reflector)
    /// lists again, once.
    Refused,
    /// The server does not support streaming lists: the objects are listed page by page.
    NoStreamingList,
}

impl Reason {
    /// All reasons, in the order of their declaration.
    pub(crate) const ALL: [Self; 12] = [
        Self::Connected,
        Self::Listed,
        Self::Ended,
        Self::Empty,
        Self::Idle,
        Self::Overdue,
        Self::Unavailable,
        Self::Broken,
        Self::Gone,
        Self::Ahead,
        Self::Refused,
        Self::NoStreamingList,
    ];

    /// A name for metrics and logs, such as `no_streaming_list`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Listed => "listed",
            Self::Ended => "ended",
            Self::Empty => "empty",
            Self::Idle => "idle",
            Self::Overdue => "overdue",
            Self::Unavailable => "unavailable",
            Self::Broken => "broken",
            Self::Gone => "gone",
            Self::Ahead => "ahead",
            Self::Refused => "refused",
            Self::NoStreamingList => "no_streaming_list",
        }
    }

    /// Whether it is a failure of the server or the network.
    pub(crate) fn is_failure(self) -> bool {
        match self {
            Self::Connected | Self::Listed | Self::Ended | Self::Idle | Self::Overdue | Self::NoStreamingList => false,
            Self::Empty | Self::Unavailable | Self::Broken | Self::Gone | Self::Ahead | Self::Refused => true,
        }
    }

    pub(crate) fn of(loss: Loss) -> Self {
        match loss {
            Loss::Ended => Self::Ended,
            Loss::Empty => Self::Empty,
            Loss::Silent => Self::Idle,
            Loss::Overdue => Self::Overdue,
            Loss::Unavailable { .. } => Self::Unavailable,
            Loss::Broken { .. } | Loss::Unexplained { .. } | Loss::Final => Self::Broken,
            Loss::Gone => Self::Gone,
            Loss::Ahead { .. } => Self::Ahead,
            Loss::Refused => Self::Refused,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connected => "connected",
            Self::Listed => "listed",
            Self::Ended => "ended by the server",
            Self::Empty => "ended at once",
            Self::Idle => "idle for too long",
            Self::Overdue => "not ended in time",
            Self::Unavailable => "server unreachable or busy",
            Self::Broken => "broken",
            Self::Gone => "version forgotten",
            Self::Ahead => "version not known yet",
            Self::Refused => "refused",
            Self::NoStreamingList => "no streaming list",
        })
    }
}
