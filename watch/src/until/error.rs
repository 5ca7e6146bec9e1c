use std::fmt;
use std::time::Duration;

use kubernetes_core::text::{MAX_MESSAGE_BYTES, printable};
use kubernetes_core::{Path, Str};

use super::last_seen::LastSeen;
use crate::Error;

/// The error of a wait that ended before its condition held.
///
/// The message has the condition, and the last state that was seen.
pub struct UntilError(Box<Inner>);

struct Inner {
    path: Box<str>,
    description: String,
    seen: LastSeen,
    cause: Cause,
}

#[derive(Debug)]
pub(super) enum Cause {
    TimedOut {
        limit: Duration,
        /// The last failure of the connection, if it has not recovered.
        failure: Option<Error>,
    },
    Failed(Str),
    Deleted(Str),
    Ambiguous,
    Stopped,
    Watch(Error),
}

impl UntilError {
    pub(super) fn new(path: &Path, description: String, seen: LastSeen, cause: Cause) -> Self {
        let path = path.as_str().unwrap_or("an invalid path").into();
        Self(Box::new(Inner { path, description, seen, cause }))
    }

    /// Whether the time limit was reached.
    ///
    /// # Troubleshooting
    ///
    /// [`reason`](Self::reason) is why the condition did not hold for the last state. Without a state, the object never
    /// existed: check its name and namespace.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.cause, Cause::TimedOut { .. })
    }

    /// Whether the condition [can no longer hold](super::Verdict::Failed).
    pub fn is_failed(&self) -> bool {
        matches!(self.0.cause, Cause::Failed(_))
    }

    /// Whether the awaited object has been deleted for good.
    ///
    /// # Troubleshooting
    ///
    /// Another program deleted the object, or its owner was deleted. Without
    /// [`same_object`](super::UntilObject::same_object), a wait continues with a later object of the same name.
    pub fn is_deleted(&self) -> bool {
        matches!(self.0.cause, Cause::Deleted(_))
    }

    /// Whether the watch was [stopped](crate::Watch::stop).
    pub fn is_stopped(&self) -> bool {
        matches!(self.0.cause, Cause::Stopped)
    }

    /// The error of the watch, if it failed.
    pub fn watch_error(&self) -> Option<&Error> {
        match &self.0.cause {
            Cause::Watch(error) => Some(error),
            _ => None,
        }
    }

    /// The reason why the condition did not hold for the last state, such as `1 of 3 replicas are available`.
    ///
    /// `None` if no state was seen, or the condition gives no reasons.
    pub fn reason(&self) -> Option<&str> {
        match &self.0.cause {
            Cause::Failed(reason) | Cause::Deleted(reason) => Some(reason.as_str()),
            _ => self.0.seen.reason.as_deref(),
        }
        .filter(|reason| !reason.is_empty())
    }

    /// The version of the last state that was seen.
    pub fn resource_version(&self) -> Option<&str> {
        self.0.seen.resource_version.as_deref()
    }
}

kubernetes_core::error_text!(UntilError);

impl UntilError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { path, description, seen, cause } = &*self.0;
        match cause {
            Cause::TimedOut { limit, .. } => {
                write!(f, "timed out after {limit:?} waiting until {description}, at {path}")?
            }
            Cause::Failed(_) => write!(f, "the condition that {description} can no longer become true, at {path}")?,
            Cause::Deleted(_) => write!(f, "the object was deleted while waiting until {description}, at {path}")?,
            Cause::Ambiguous => write!(
                f,
                "can't wait until {description}, at {path}: several namespaces have an object of this name; ask for one namespace"
            )?,
            Cause::Stopped => write!(f, "the watch was stopped while waiting until {description}, at {path}")?,
            Cause::Watch(_) => write!(f, "can't wait until {description}, at {path}")?,
        }
        match (self.reason(), cause) {
            (Some(reason), _) => write!(f, ": {}", printable(reason, MAX_MESSAGE_BYTES))?,
            (None, Cause::TimedOut { .. }) if seen.reason.is_none() => f.write_str(": the server sent no state")?,
            _ => {}
        }
        match &seen.resource_version {
            Some(version) => write!(f, " (last seen at version {})", printable(version, MAX_MESSAGE_BYTES)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UntilError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.cause {
            Cause::Watch(error) => Some(error),
            Cause::TimedOut { failure, .. } => failure.as_ref().map(|failure| failure as _),
            _ => None,
        }
    }
}
