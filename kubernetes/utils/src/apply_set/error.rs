use std::error::Error as StdError;
use std::fmt;

use kubernetes_client::Error;
use kubernetes_core::text::{MAX_MESSAGE_BYTES, printable};
use kubernetes_dynamic::MapError;

/// The error for a set whose parent can't be used.
pub struct ApplySetError(Box<Inner>);

struct Inner {
    message: String,
    cause: Cause,
}

enum Cause {
    Invalid,
    ForeignTool,
    Request(Error),
    Map(MapError),
}

impl ApplySetError {
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(message, Cause::Invalid)
    }

    pub(super) fn foreign_tool(message: impl Into<String>) -> Self {
        Self::new(message, Cause::ForeignTool)
    }

    pub(super) fn request(message: impl Into<String>, error: Error) -> Self {
        Self::new(message, Cause::Request(error))
    }

    pub(super) fn map(message: impl Into<String>, error: MapError) -> Self {
        Self::new(message, Cause::Map(error))
    }

    fn new(message: impl Into<String>, cause: Cause) -> Self {
        Self(Box::new(Inner { message: message.into(), cause }))
    }

    /// Whether the set belongs to another tool and must be [taken over](super::ApplySet::take_over) first.
    ///
    /// # Troubleshooting
    ///
    /// The parent's annotation `applyset.kubernetes.io/tooling` names the tool. Only take over the set if that tool no
    /// longer uses it: both would delete the other's objects.
    pub fn is_foreign_tool(&self) -> bool {
        matches!(self.0.cause, Cause::ForeignTool)
    }

    /// The error of a request for the parent.
    pub fn request_error(&self) -> Option<&Error> {
        match &self.0.cause {
            Cause::Request(error) => Some(error),
            _ => None,
        }
    }
}

kubernetes_core::error_text!(ApplySetError);

impl ApplySetError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.0.message, MAX_MESSAGE_BYTES))?;
        match &self.0.cause {
            Cause::Request(error) => write!(f, ": {error}"),
            Cause::Map(error) => write!(f, ": {error}"),
            Cause::Invalid | Cause::ForeignTool => Ok(()),
        }
    }
}

impl StdError for ApplySetError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.cause {
            Cause::Request(error) => Some(error),
            Cause::Map(error) => Some(error),
            Cause::Invalid | Cause::ForeignTool => None,
        }
    }
}
