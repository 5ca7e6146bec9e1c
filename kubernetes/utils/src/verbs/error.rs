use std::error::Error as StdError;
use std::fmt;

use kubernetes_client::Error;
use kubernetes_core::json::DecodeError;
use kubernetes_core::text::{MAX_MESSAGE_BYTES, printable};
use kubernetes_dynamic::{InvalidChange, MapError};

/// The error of a verb on an object.
pub struct VerbError(Box<Inner>);

struct Inner {
    message: String,
    cause: Option<Cause>,
}

enum Cause {
    Request(Error),
    Other(Box<dyn StdError + Send + Sync>),
}

impl VerbError {
    /// The object's state or kind does not allow the verb.
    pub(super) fn refused(message: impl Into<String>) -> Self {
        Self(Box::new(Inner { message: message.into(), cause: None }))
    }

    /// Whether the object's state or kind does not allow the verb, so that nothing was changed.
    ///
    /// # Troubleshooting
    ///
    /// The message names the reason: the kind does not have the verb (a ConfigMap has no rollout), the object is not in
    /// the required state (a paused Deployment can't be restarted), or a revision does not exist.
    pub fn is_refused(&self) -> bool {
        self.0.cause.is_none()
    }

    /// The error of the request that failed.
    pub fn request_error(&self) -> Option<&Error> {
        match &self.0.cause {
            Some(Cause::Request(error)) => Some(error),
            _ => None,
        }
    }
}

impl From<Error> for VerbError {
    fn from(error: Error) -> Self {
        Self(Box::new(Inner { message: error.to_string(), cause: Some(Cause::Request(error)) }))
    }
}

impl From<DecodeError> for VerbError {
    fn from(error: DecodeError) -> Self {
        Self(Box::new(Inner { message: error.to_string(), cause: Some(Cause::Other(error.into())) }))
    }
}

impl From<InvalidChange> for VerbError {
    fn from(error: InvalidChange) -> Self {
        Self(Box::new(Inner { message: error.to_string(), cause: Some(Cause::Other(error.into())) }))
    }
}

impl From<MapError> for VerbError {
    fn from(error: MapError) -> Self {
        Self(Box::new(Inner { message: error.to_string(), cause: Some(Cause::Other(error.into())) }))
    }
}

kubernetes_core::error_text!(VerbError);

impl VerbError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.0.message, MAX_MESSAGE_BYTES))
    }
}

impl StdError for VerbError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.cause {
            Some(Cause::Request(error)) => Some(error),
            Some(Cause::Other(error)) => Some(&**error),
            None => None,
        }
    }
}
