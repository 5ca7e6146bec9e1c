//! Local ports whose connections are forwarded.

mod bind;
mod failures;
mod mapping;
mod relay;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use bind::Binding;
pub use failures::{ConnectionFailure, ConnectionFailures};
pub use mapping::{InvalidPortMapping, PortMapping};

use super::forwarder::PortForwarder;
use crate::clock;
use crate::error::{Error, ForwardError};
use relay::Local;

/// How long a listener waits after it could not accept a connection, as when there are too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Local ports whose connections are forwarded to a pod: created by [`PortForwarder::listen`].
///
/// It accepts connections until it is dropped or stopped. A connection that arrives while there is no pod waits for
/// one; a connection that fails is reset, and reported by [`failures`](Self::failures) and a warning (`tracing`), unless
/// its client has reset it, which is a debug message. Dropping the listener resets its connections; [`stop`](Self::stop)
/// waits for them.
pub struct Listener {
    bindings: Vec<Binding>,
    failures: broadcast::Sender<ConnectionFailure>,
    tasks: JoinSet<()>,
    stopped: CancellationToken,
}

impl PortForwarder {
    /// Listens on local addresses, and forwards the connections of each port.
    ///
    /// `localhost` stands for 127.0.0.1 and `::1`, one of which the machine may lack; other addresses are IP addresses.
    ///
    /// # Errors
    /// Returns an error if an address is not valid or in use, or a local port is listed twice in `ports`.
    ///
    /// # Cancel safety
    /// Dropping the future closes the ports that were opened.
    pub async fn listen(&self, addresses: &[&str], ports: &[PortMapping]) -> io::Result<Listener> {
        let bound = bind::bind(addresses, ports).await?;
        let (mut bindings, mut tasks, stopped) = (Vec::new(), JoinSet::new(), CancellationToken::new());
        let failures = failures::channel();
        for (listener, binding) in bound {
            bindings.push(binding.clone());
            let source = Source { forwarder: self.clone(), binding, failures: failures.clone() };
            tasks.spawn(accept(source, listener, stopped.clone()));
        }
        Ok(Listener { bindings, failures, tasks, stopped })
    }
}

impl Listener {
    /// The addresses that are listened on, in the order of the ports.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// Follows the connections that fail from now on.
    ///
    /// ```no_run
    /// # use kubernetes_streams::port_forward::Listener;
    /// # async fn example(listener: &Listener) {
    /// let mut failures = listener.failures();
    /// while let Some(failure) = failures.next().await {
    ///     eprintln!("{} to port {}: {:#}", failure.client, failure.binding.remote(), failure.error);
    /// }
    /// # }
    /// ```
    pub fn failures(&self) -> ConnectionFailures {
        ConnectionFailures(self.failures.subscribe())
    }

    /// Waits forever: connections are forwarded by tasks of their own.
    ///
    /// # Cancel safety
    /// Dropping the future ends the listener, as it owns that.
    pub async fn run(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    /// Accepts no more connections, and waits until those that are open have ended.
    ///
    /// # Cancel safety
    /// Dropping the future resets the connections.
    pub async fn stop(self) {
        self.stopped.cancel();
        self.run().await;
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("bindings", &self.bindings).finish_non_exhaustive()
    }
}

/// A local address and the port to which its connections are forwarded.
#[derive(Clone)]
struct Source {
    forwarder: PortForwarder,
    binding: Binding,
    failures: broadcast::Sender<ConnectionFailure>,
}

/// Forwards the connections of a listener until it is stopped, and then to their ends.
async fn accept(source: Source, listener: TcpListener, stopped: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        let has_room = connections.len() < source.forwarder.max_connections();
        tokio::select! {
            () = stopped.cancelled() => break,
            accepted = listener.accept(), if has_room => match accepted {
                Ok((local, client)) => drop(connections.spawn(source.clone().serve(local, client))),
                Err(error) => {
                    tracing::warn!(%error, "can't accept a connection");
                    clock::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

impl Source {
    async fn serve(self, local: TcpStream, client: SocketAddr) {
        let Err(error) = self.forward(local).await else { return };
        let Self { binding, failures, .. } = self;
        let (port, reason) = (binding.remote(), &error as &dyn std::error::Error);
        if error.is_local() {
            tracing::debug!(%port, error = reason, "the client of a forwarded connection failed");
        } else {
            tracing::warn!(%port, error = reason, "a forwarded connection failed");
        }
        // There may be no receiver.
        let _ = failures.send(ConnectionFailure { binding, client, error });
    }

    async fn forward(&self, local: TcpStream) -> Result<(), Error> {
        let local = Local::new(local);
        let remote = self.forwarder.connect(self.binding.remote().clone()).await?;
        let relayed = relay::relay(local, remote, self.forwarder.linger()).await;
        relayed.map_err(|error| Error::of_io(&error).cloned().unwrap_or_else(|| ForwardError::Local(error).into()))
    }
}
