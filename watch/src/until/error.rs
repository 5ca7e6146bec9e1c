use std::fmt;
use std::time::Duration;

use kubernetes_core::{Request, Str};

use super::follow::LastSeen;
use crate::Error;

/// Why a wait is over, though its condition does not hold.
///
/// It says what was waited for, and what was seen last.
pub struct UntilError(Box<Inner>);

struct Inner {
    path: Box<str>,
    description: String,
    seen: LastSeen,
    cause: Cause,
}

#[derive(Debug)]
pub(super) enum Cause {
    TimedOut { limit: Duration, trouble: Option<Trouble> },
    Failed(Str),
    Deleted(Str),
    Ambiguous,
    Stopped,
    Watch(Error),
}

/// What was wrong with the connection, in words: the error itself is the stream's.
#[derive(Debug)]
pub(super) struct Trouble(pub(super) String);

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Trouble {}

impl UntilError {
    pub(super) fn new(request: &Request, description: String, seen: LastSeen, cause: Cause) -> Self {
        let path = request.path.as_str().unwrap_or("an invalid path").into();
        Self(Box::new(Inner { path, description, seen, cause }))
    }

    /// Whether the time was over.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.cause, Cause::TimedOut { .. })
    }

    /// Whether the condition [can't come to hold](super::Verdict::Failed) any more.
    pub fn is_failed(&self) -> bool {
        matches!(self.0.cause, Cause::Failed(_))
    }

    /// Whether the one object that was meant is gone for good.
    pub fn is_deleted(&self) -> bool {
        matches!(self.0.cause, Cause::Deleted(_))
    }

    /// Whether the watch was [stopped](crate::Watch::stop).
    pub fn is_stopped(&self) -> bool {
        matches!(self.0.cause, Cause::Stopped)
    }

    /// Why the watch failed, if it did.
    pub fn watch_error(&self) -> Option<&Error> {
        match &self.0.cause {
            Cause::Watch(error) => Some(error),
            _ => None,
        }
    }

    /// Why the condition does not hold, as it said of what was seen last: `1 of 3 replicas are available`.
    ///
    /// `None` if nothing was seen, or the condition gives no reasons.
    pub fn reason(&self) -> Option<&str> {
        match &self.0.cause {
            Cause::Failed(reason) | Cause::Deleted(reason) => Some(reason.as_str()),
            _ => self.0.seen.reason.as_deref(),
        }
        .filter(|reason| !reason.is_empty())
    }

    /// The version of what was seen last.
    pub fn resource_version(&self) -> Option<&str> {
        self.0.seen.resource_version.as_deref()
    }
}

impl fmt::Display for UntilError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { path, description, seen, cause } = &*self.0;
        match cause {
            Cause::TimedOut { limit, .. } => write!(f, "after {limit:?} it is not so that {description}, at {path}")?,
            Cause::Failed(_) => write!(f, "it can't come to be that {description}, at {path}")?,
            Cause::Deleted(_) => write!(f, "the object was deleted, before {description}, at {path}")?,
            Cause::Ambiguous => write!(
                f,
                "waiting until {description}, at {path}, several namespaces have such an object: ask for one namespace"
            )?,
            Cause::Stopped => write!(f, "the watch was stopped, before {description}, at {path}")?,
            Cause::Watch(_) => write!(f, "can't wait until {description}, at {path}")?,
        }
        match (self.reason(), cause) {
            (Some(reason), _) => write!(f, ": {reason}")?,
            (None, Cause::TimedOut { .. }) if seen.reason.is_none() => f.write_str(": nothing was seen")?,
            _ => {}
        }
        match &seen.resource_version {
            Some(version) => write!(f, " (last seen at version {version})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for UntilError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        kubernetes_core::debug::error(self, f)
    }
}

impl std::error::Error for UntilError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.cause {
            Cause::Watch(error) => Some(error),
            Cause::TimedOut { trouble, .. } => trouble.as_ref().map(|trouble| trouble as _),
            _ => None,
        }
    }
}
