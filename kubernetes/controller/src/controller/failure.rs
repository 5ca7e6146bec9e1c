use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::panic;

/// The failure of a user's function that has returned nothing.
pub(super) enum Failure {
    Timeout(Duration),
    Panic(String),
}

impl Failure {
    pub(super) fn of_panic(payload: &(dyn Any + Send)) -> Self {
        Self::Panic(panic::message(payload).unwrap_or("without a message").to_owned())
    }
}

kubernetes_core::error_text!(Failure);

impl Failure {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout(limit) => write!(f, "the reconcile function timed out after {limit:?}"),
            Self::Panic(message) => write!(f, "the reconcile function panicked: {message}"),
        }
    }
}

impl StdError for Failure {}
