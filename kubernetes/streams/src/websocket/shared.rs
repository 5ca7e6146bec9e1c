use std::sync::{Arc, Mutex, OnceLock};

use kubernetes_client::sync::lock;

use bytes::Bytes;
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
    /// The payload of the last ping of the server, until it is answered: earlier ones need no answer.
    ping: Mutex<Option<Bytes>>,
    pinged: Notify,
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

    /// Has the writing task answer a ping.
    pub(super) fn answer(&self, ping: Bytes) {
        *lock(&self.ping) = Some(ping);
        self.pinged.notify_one();
    }

    /// The payload of the next pong.
    ///
    /// # Cancel safety
    /// No ping is lost when the future is dropped.
    pub(super) async fn next_pong(&self) -> Bytes {
        loop {
            if let Some(ping) = lock(&self.ping).take() {
                return ping;
            }
            self.pinged.notified().await;
        }
    }
}
