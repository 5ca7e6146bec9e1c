use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kubernetes_watch::Stopped;

use crate::informers::Unwatchable;

/// A controller has ended, or could not start.
#[derive(Clone)]
pub struct ControllerError {
    controller: Arc<str>,
    cause: Cause,
}

#[derive(Clone)]
pub(crate) enum Cause {
    /// The requests of a source can't be watched. That of the controller's own objects has no name.
    Unwatchable {
        source: Option<String>,
        reason: Unwatchable,
    },
    /// Its start was interrupted by a panic.
    NotStarted,
    NotSynced {
        limit: Duration,
        resources: BTreeSet<String>,
        error: Option<kubernetes_watch::Error>,
    },
    Stopped {
        resource: String,
        stopped: Stopped,
    },
    /// It takes no sources any more.
    Ended,
    /// As many sources as it may have were added.
    TooManySources(usize),
    /// Another controller of the manager has the name.
    SameName,
}

impl ControllerError {
    pub(crate) fn new(controller: &Arc<str>, cause: Cause) -> Self {
        Self { controller: Arc::clone(controller), cause }
    }

    pub(crate) fn same_name(controller: &str) -> Self {
        Self { controller: controller.into(), cause: Cause::SameName }
    }

    /// Whether the objects could not be listed in [time](crate::Controller::sync_timeout).
    ///
    /// # Troubleshooting
    ///
    /// The message has the last failure of the watch: usually the ClusterRole lacks `list` and `watch` on the resource,
    /// its definition is missing, or the API server can't be reached.
    pub fn is_timeout(&self) -> bool {
        matches!(self.cause, Cause::NotSynced { .. })
    }
}

kubernetes_core::error_text!(ControllerError);

impl ControllerError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "controller {}: ", self.controller)?;
        match &self.cause {
            Cause::Unwatchable { source, reason } => reason.write_message(f, source.as_deref()),
            Cause::NotStarted => f.write_str("its sources have not been started"),
            Cause::NotSynced { limit, resources, .. } => {
                let resources: Vec<_> = resources.iter().map(String::as_str).collect();
                write!(f, "timed out after {limit:?} waiting for the first list of {}", resources.join(", "))
            }
            Cause::Ended => f.write_str("it has ended, and takes no sources"),
            Cause::TooManySources(limit) => write!(f, "{limit} sources have been added; remove one to add another"),
            Cause::SameName => f.write_str("another controller has this name; give each its own with `named`"),
            Cause::Stopped { resource, .. } => write!(f, "the watch of {resource} has ended"),
        }
    }
}

impl StdError for ControllerError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.cause {
            Cause::NotSynced { error, .. } => error.as_ref().map(|error| error as _),
            Cause::Stopped { stopped, .. } => Some(stopped),
            Cause::Unwatchable { .. }
            | Cause::NotStarted
            | Cause::Ended
            | Cause::TooManySources(_)
            | Cause::SameName => None,
        }
    }
}
