use std::error::Error as StdError;
use std::fmt;

use kubernetes_core::Str;
use kubernetes_core::text::{MAX_MESSAGE_BYTES, printable};
use kubernetes_watch::UntilError;

use crate::Target;

/// The error of a wait that ended before its condition held for all objects.
pub struct WaitError(Box<Inner>);

struct Inner {
    description: String,
    unmet: Vec<Unmet>,
    targets: usize,
    cause: Option<UntilError>,
}

/// An object for which the condition does not hold.
pub(super) struct Unmet {
    target: Target,
    reason: Str,
    failed: bool,
}

/// The maximum number of objects in a message.
const SHOWN: usize = 20;

impl Unmet {
    pub(super) fn new(target: &Target, reason: &Str, failed: bool) -> Self {
        Self { target: target.clone(), reason: reason.clone(), failed }
    }
}

impl WaitError {
    pub(super) fn new(description: String, unmet: Vec<Unmet>, targets: usize, cause: Option<UntilError>) -> Self {
        Self(Box::new(Inner { description, unmet, targets, cause }))
    }

    /// There is nothing to wait for.
    pub(super) fn none() -> Self {
        Self::new("an object is as it should be".to_owned(), Vec::new(), 0, None)
    }

    /// Whether the time limit was reached.
    ///
    /// # Troubleshooting
    ///
    /// The message lists the objects that were still awaited, each with what it is waiting for. Describe one of them:
    /// its conditions and [events](crate::events_of) usually name the cause. If none has changed, check that its
    /// controller is running.
    pub fn is_timeout(&self) -> bool {
        self.0.cause.as_ref().is_some_and(UntilError::is_timeout)
    }

    /// Whether the condition can no longer hold for an object.
    ///
    /// # Troubleshooting
    ///
    /// The message names the object and the reason, such as a failed Job. Waiting longer does not help: correct the
    /// object, or delete and create it again.
    pub fn is_failed(&self) -> bool {
        self.0.unmet.iter().any(|object| object.failed)
    }

    /// The objects for which the condition does not hold, with reasons.
    pub fn unmet(&self) -> impl ExactSizeIterator<Item = (&Target, &str)> {
        self.0.unmet.iter().map(|object| (&object.target, object.reason.as_str()))
    }

    /// The error of the watch, if objects could not be watched.
    pub fn watch_error(&self) -> Option<&kubernetes_watch::Error> {
        self.0.cause.as_ref().and_then(UntilError::watch_error)
    }
}

kubernetes_core::error_text!(WaitError, kubernetes_core::debug::lines);

impl WaitError {
    /// The condition, and a line for each object for which it does not hold.
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { description, unmet, targets, cause } = &*self.0;
        match cause {
            _ if *targets == 0 => return f.write_str("there are no objects to wait for"),
            Some(error) if !error.is_timeout() => return write!(f, "{error}"),
            Some(_) => write!(f, "timed out waiting until {description}")?,
            None => write!(f, "the condition that {description} can no longer become true")?,
        }
        write!(f, ": not met for {} of {targets} objects:", unmet.len())?;
        // Failed objects come first.
        let (failed, waiting): (Vec<_>, Vec<_>) = unmet.iter().partition(|object| object.failed);
        for object in failed.iter().chain(&waiting).take(SHOWN) {
            write!(f, "\n{}: {}", object.target, printable(&object.reason, MAX_MESSAGE_BYTES))?;
        }
        match unmet.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

impl StdError for WaitError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_ref().and_then(StdError::source)
    }
}
