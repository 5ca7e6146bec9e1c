use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use kubernetes_core::Str;
use kubernetes_core::text::printable;

use crate::failure::Failure;

/// The error of an election that can't start, or of leadership that was lost.
///
/// ```
/// use kubernetes_election::Error;
///
/// fn exit_code(error: &Error) -> i32 {
///     if error.is_lost() { 1 } else { 2 }
/// }
/// ```
pub struct Error(Kind);

pub(crate) enum Kind {
    Config(String),
    Lost { lease: String, loss: Loss },
}

/// Why leadership was lost.
pub(crate) enum Loss {
    /// The renewal failed until the deadline; with the failure of the last attempt.
    Deadline { deadline: Duration, failure: Option<Failure> },
    /// Another holder was seen, or none.
    Taken { holder: Option<Str> },
    /// The Lease does not exist any more, or is another one.
    Deleted,
    /// A coordinated Lease is to go to another holder.
    EndOfTerm { preferred: Str },
}

impl Error {
    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self(Kind::Config(message.into()))
    }

    pub(crate) fn lost(lease: impl fmt::Display, loss: Loss) -> Self {
        Self(Kind::Lost { lease: lease.to_string(), loss })
    }

    /// Whether leadership was lost: the function that was leading has been canceled.
    ///
    /// # Troubleshooting
    ///
    /// - The API server could not be reached or was too slow to renew the Lease before the renew deadline: the message
    ///   has the failure of the last attempt, and the client's error is the [source](StdError::source).
    /// - The process was suspended or short of CPU time: raise its CPU request, or the lease duration.
    /// - The Lease was deleted, or the Role lost the verb `update` on it.
    pub fn is_lost(&self) -> bool {
        matches!(self.0, Kind::Lost { .. })
    }

    /// Whether the configuration is not valid.
    pub fn is_config(&self) -> bool {
        matches!(self.0, Kind::Config(_))
    }

    /// The identity of the holder that has taken the Lease, if one was seen.
    pub fn holder(&self) -> Option<&str> {
        match &self.0 {
            Kind::Lost { loss: Loss::Taken { holder }, .. } => holder.as_deref(),
            _ => None,
        }
    }
}

kubernetes_core::error_text!(Error);

impl Error {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Config(message) => write!(f, "the election's configuration is not valid: {message}"),
            Kind::Lost { lease, loss } => write!(f, "lost the Lease {lease}: {loss}"),
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline { deadline, failure } => {
                write!(f, "it was not renewed within {deadline:?}")?;
                failure.as_ref().map_or(Ok(()), |failure| write!(f, ": {failure}"))
            }
            Self::Taken { holder: Some(holder) } => write!(f, "it is held by {:?}", printable(holder, 256)),
            Self::Taken { holder: None } => f.write_str("it has no holder any more"),
            Self::Deleted => f.write_str("it was deleted"),
            Self::EndOfTerm { preferred } => write!(f, "the server prefers {:?}", printable(preferred, 256)),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0 {
            Kind::Lost { loss: Loss::Deadline { failure: Some(failure), .. }, .. } => {
                failure.error().map(|error| error as _)
            }
            _ => None,
        }
    }
}

/// The error of a write that the gate refuses or cancels.
pub(crate) struct NotLeading {
    pub(crate) lease: String,
}

kubernetes_core::error_text!(NotLeading);

impl NotLeading {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this process does not hold the Lease {}", self.lease)
    }
}

impl StdError for NotLeading {}
