//! One WebSocket to the server, with a connection of SPDY/3.1 in it, whose streams are the connections to a pod's
//! ports.
//!
//! `staging/src/k8s.io/client-go/tools/portforward` in
//! <https://github.com/kubernetes/kubernetes/tree/v1.37.2> is the other client, and
//! `staging/src/k8s.io/kubelet/pkg/cri/streaming/portforward` the server.

mod connection;
mod connections;
mod driver;
mod received;
mod shared;
mod stream;
#[cfg(test)]
mod tests;

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

pub(super) use shared::Counters;
pub use stream::{PortReader, PortStream, PortWriter};

use crate::clock;
use crate::error::{Error, ForwardError};
use crate::websocket::Connection;
use driver::Driver;
use shared::Shared;

/// The limits of a tunnel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) receive_buffer: usize,
    pub(super) stall: Duration,
    pub(super) open: Duration,
    pub(super) linger: Duration,
}

/// A tunnel to a pod. Dropping it lets its connections go on; the last one closes the WebSocket.
#[derive(Debug)]
pub(super) struct Tunnel {
    shared: Arc<Shared>,
    open_limit: Duration,
}

impl Tunnel {
    /// Starts the task that drives the tunnel, which calls `lost` if the server ends it.
    pub(super) fn start(
        connection: Connection,
        limits: Limits,
        counters: Arc<Counters>,
        lost: impl FnOnce(&Error) + Send + 'static,
    ) -> Self {
        let shared = Shared::new(limits.receive_buffer, counters);
        let driver = Driver { shared: Arc::clone(&shared), stall_limit: limits.stall, linger: limits.linger };
        tokio::spawn(async move {
            if let Err(error) = driver.run(connection).await {
                tracing::debug!(error = &error as &dyn std::error::Error, "lost a tunnel");
                lost(&error);
            }
        });
        Self { shared, open_limit: limits.open }
    }

    /// Whether a connection can be opened.
    pub(super) fn is_open(&self) -> bool {
        self.shared.lock().is_open()
    }

    /// Whether the pod's side has failed a connection since the last call: the pod may be gone.
    pub(super) fn take_failed(&self) -> bool {
        self.shared.lock().take_failed()
    }

    /// Opens a connection to a port.
    ///
    /// # Errors
    /// Returns an error if the tunnel is lost, or the server does not accept the connection in time.
    pub(super) async fn open(&self, port: u16) -> Result<PortStream, Error> {
        let key = self.shared.lock().open(port)?;
        // Dropping it gives the connection up.
        let stream = PortStream::new(Arc::clone(&self.shared), key, port);
        let limit = self.open_limit;
        match clock::timeout(limit, poll_fn(|cx| stream.poll_accepted(cx))).await {
            Ok(accepted) => accepted.map(|()| stream),
            Err(_) => Err(ForwardError::Unanswered { port, limit }.into()),
        }
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.shared.lock().drain();
    }
}
