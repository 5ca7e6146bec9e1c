use std::net::SocketAddr;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::bind::Binding;
use crate::error::Error;

/// A connection of a [`Listener`](super::Listener) that failed, and was reset.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConnectionFailure {
    /// The local address to which the client connected, and the port of the target.
    pub binding: Binding,
    /// The address of the client.
    pub client: SocketAddr,
    /// The reason, such as a port on which nothing listens ([`Error::is_refused`]).
    pub error: Error,
}

/// The failed connections of a [`Listener`](super::Listener); created by
/// [`Listener::failures`](super::Listener::failures).
#[derive(Debug)]
pub struct ConnectionFailures(pub(super) broadcast::Receiver<ConnectionFailure>);

/// So many failures are kept for a slow receiver.
const MAX_FAILURES: usize = 64;

pub(super) fn channel() -> broadcast::Sender<ConnectionFailure> {
    broadcast::Sender::new(MAX_FAILURES)
}

impl ConnectionFailures {
    /// The next failed connection; `None` once the listener has ended. If it is called too rarely, only the last 64
    /// failures are returned; all of them are logged (`tracing`).
    ///
    /// # Cancel safety
    /// No failure is lost if the future is dropped.
    pub async fn next(&mut self) -> Option<ConnectionFailure> {
        loop {
            match self.0.recv().await {
                Ok(failure) => return Some(failure),
                Err(RecvError::Lagged(count)) => tracing::debug!(count, "skipped failures of connections"),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
