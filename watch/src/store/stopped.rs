use std::fmt;
use std::sync::Arc;

use crate::Error;

/// The store is no longer kept up to date: its writer, or informer, has ended.
///
/// Its [`source`](std::error::Error::source) says why, if it was an error.
#[derive(Clone)]
pub struct Stopped {
    pub(super) cause: Option<Arc<Error>>,
}

impl Stopped {
    /// The error that ended it; `None` if it was stopped, or dropped.
    pub fn cause(&self) -> Option<&Error> {
        self.cause.as_deref()
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store is no longer kept up to date")
    }
}

impl fmt::Debug for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Some(cause) => write!(f, "{self}; caused by: {cause:?}"),
            None => write!(f, "{self}"),
        }
    }
}

impl std::error::Error for Stopped {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause().map(|cause| cause as _)
    }
}
