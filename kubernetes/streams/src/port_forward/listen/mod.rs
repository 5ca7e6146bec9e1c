//! Local ports whose connections are forwarded.

mod bind;
mod mapping;
mod relay;

use std::fmt;
use std::io;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use bind::Binding;
pub use mapping::{InvalidPortMapping, PortMapping};

use super::forwarder::PortForwarder;
use super::port::Port;
use crate::clock;
use relay::Local;

/// How long a listener waits after it could not accept a connection, as when there are too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Local ports whose connections are forwarded to a pod: created by [`PortForwarder::listen`].
///
/// It accepts connections until it is dropped or stopped. A connection that arrives while there is no pod waits for
/// one; a connection that fails is reset, and a warning is logged (`tracing`). Dropping the listener resets its
/// connections; [`stop`](Self::stop) waits for them.
pub struct Listener {
    bindings: Vec<Binding>,
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
        for (listener, binding) in bound {
            tasks.spawn(accept(self.clone(), listener, binding.remote().clone(), stopped.clone()));
            bindings.push(binding);
        }
        Ok(Listener { bindings, tasks, stopped })
    }
}

impl Listener {
    /// The addresses that are listened on, in the order of the ports.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
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

/// Forwards the connections of a listener until it is stopped, and then to their ends.
async fn accept(forwarder: PortForwarder, listener: TcpListener, port: Port, stopped: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        let has_room = connections.len() < forwarder.max_connections();
        tokio::select! {
            () = stopped.cancelled() => break,
            accepted = listener.accept(), if has_room => match accepted {
                Ok((local, _)) => drop(connections.spawn(forward(forwarder.clone(), local, port.clone()))),
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

async fn forward(forwarder: PortForwarder, local: TcpStream, port: Port) {
    let local = Local::new(local);
    let result = match forwarder.connect(port.clone()).await {
        Ok(remote) => relay::relay(local, remote, forwarder.linger()).await,
        Err(error) => Err(error.into()),
    };
    if let Err(error) = result {
        tracing::warn!(%port, error = &error as &dyn std::error::Error, "a forwarded connection failed");
    }
}
