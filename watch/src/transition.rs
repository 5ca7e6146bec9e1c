use std::fmt;
use std::time::Duration;

use crate::Error;
use crate::machine::Loss;

/// A change of connection that does not end the stream, passed to an [observer](crate::Watch::observe).
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

    /// How long the stream waits before its next request.
    pub fn wait(&self) -> Duration {
        self.wait
    }

    /// The path of the request, such as `/api/v1/pods`, to tell streams apart.
    pub fn path(&self) -> &str {
        self.path
    }

    /// The version up to which everything has been handed over, from which the watch resumes; `None` while the existing
    /// objects are to be listed, for the first time or again.
    pub fn resource_version(&self) -> Option<&str> {
        self.resource_version
    }
}

/// Why a stream changes its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The server accepted a watch.
    Connected,
    /// The existing objects have been listed.
    Listed,
    /// The server ended the watch in good order.
    Ended,
    /// The server ended the watch at once, without an event, as one may that has forgotten the version. It is asked
    /// again; if that does not help, a [reflector](crate::Reflector) lists again, and a watch is over in the end.
    Empty,
    /// No event and no bookmark came for longer than the [idle timeout](crate::Watch::idle_timeout).
    Idle,
    /// The server did not end the watch at the [time](crate::Watch::timeout_seconds) that it was asked to.
    Overdue,
    /// The server can't be reached, or asks to come back later.
    Unavailable,
    /// The connection broke, or the server had an internal error.
    Broken,
    /// The server has forgotten the version (410): a watch asks once more, as another API server may know it; a
    /// [reflector](crate::Reflector) lists again.
    Gone,
    /// The server does not know the version yet: it is asked again. If that does not help, a
    /// [reflector](crate::Reflector) lists again, and a watch is over in the end.
    Ahead,
    /// The server does not take a parameter of the watch, such as its version (400, 422): a
    /// [reflector](crate::Reflector) lists again, once.
    Refused,
    /// The server has no streaming list: the objects are listed page by page.
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

    /// Whether something went wrong that the server, or the network, is to blame for.
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
            Self::Unavailable => "unavailable",
            Self::Broken => "broken",
            Self::Gone => "version forgotten",
            Self::Ahead => "version not known yet",
            Self::Refused => "refused",
            Self::NoStreamingList => "no streaming list",
        })
    }
}
