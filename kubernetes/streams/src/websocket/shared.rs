use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;

use super::heartbeat::Heartbeat;
use crate::error::Error;

/// The state that both halves of a connection have.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) heartbeat: Heartbeat,
    /// Why the connection was lost.
    failure: OnceLock<Error>,
    /// Tells the writing task that the receiver is gone.
    pub(super) closed: Notify,
}

impl Shared {
    pub(super) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Remembers the first failure.
    pub(super) fn fail(&self, error: &Error) {
        self.failure.get_or_init(|| error.clone());
    }

    /// The error of an operation that is no longer possible.
    pub(super) fn failure(&self) -> Error {
        self.failure.get().cloned().unwrap_or_else(Error::closed)
    }
}
