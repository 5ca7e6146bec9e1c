use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kubernetes_client::{Backoff, Client};
use kubernetes_core::ObjectKey;
use tokio::sync::{Mutex, Semaphore};

use super::link::{Current, Link};
use super::port::Port;
use super::state::{State, StateKeeper, StateWatcher};
use super::target::{PodTarget, Target};
use super::tunnel::{Counters, Limits, PortStream};
use crate::clock;
use crate::error::{Error, ForwardError};

/// Connects to ports of a pod through the API server, like `kubectl port-forward`.
///
/// ```no_run
/// use kubernetes_client::Client;
/// use kubernetes_streams::port_forward::PortForwarder;
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// # async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
/// let forwarder = PortForwarder::to_pod(client, "shop", "web-0");
///
/// // A connection that this program uses.
/// let mut connection = forwarder.connect(80).await?;
/// connection.write_all(b"GET / HTTP/1.0\r\n\r\n").await?;
/// connection.shutdown().await?;
/// let mut response = Vec::new();
/// connection.read_to_end(&mut response).await?;
///
/// // Ports for other programs.
/// let listener = forwarder.listen(&["localhost"], &["8080:80".parse()?]).await?;
/// println!("forwarding from {}", listener.bindings()[0].local());
/// listener.run().await;
/// # Ok(())
/// # }
/// ```
///
/// All connections share one WebSocket to the API server (the protocol `SPDY/3.1+portforward.k8s.io` of Kubernetes 1.31
/// and later), the tunnel, which is opened with the first connection. Each direction of a connection ends separately,
/// and a failed connection, such as to a port without a listener, does not affect others. The user needs `create` on
/// `pods/portforward`, and `get` on `pods` to detect a replaced pod.
///
/// When the tunnel is lost, or the [`Target`] has another pod, its connections fail, and new ones use another tunnel.
/// They wait for it up to [`connect_timeout`](PortForwarderBuilder::connect_timeout).
///
/// The protocol has no flow control. A connection that is not read fills its buffer, and then blocks the others. It is
/// reset unless half of the buffer is read within [`stall_timeout`](PortForwarderBuilder::stall_timeout). In the other
/// direction, the pod may block other connections, as each of five tasks in the server reads the data of a fifth of the
/// streams.
///
/// containerd and CRI-O close both directions of a connection about a second after the client has ended its own, so a
/// program in the pod that responds only then must do so at once.
///
/// Clones share the tunnel. When the last clone is dropped, connections stay open, and the last connection closes the
/// tunnel.
#[derive(Clone)]
pub struct PortForwarder(Arc<Inner>);

struct Inner {
    link: Link,
    connect_timeout: Duration,
    max_connections: usize,
    /// As many as there may be connections.
    permits: Arc<Semaphore>,
}

impl PortForwarder {
    /// Creates a forwarder to a target, with the builder's defaults.
    pub fn new(client: &Client, target: impl Target) -> Self {
        Self::builder(client, target).build()
    }

    /// Creates a forwarder to a pod, with the builder's defaults.
    pub fn to_pod(client: &Client, namespace: &str, name: &str) -> Self {
        Self::new(client, PodTarget::new(namespace, name))
    }

    /// Returns a builder for a forwarder.
    pub fn builder(client: &Client, target: impl Target) -> PortForwarderBuilder {
        PortForwarderBuilder {
            client: client.clone(),
            target: Box::new(target),
            connect_timeout: Duration::from_secs(30),
            backoff: Backoff::new(Duration::from_millis(200), Duration::from_secs(5)).jitter(0.5, 1.0),
            max_connections: 10_000,
            limits: Limits {
                receive_buffer: 256 * 1024,
                stall: Duration::from_secs(30),
                open: Duration::from_secs(30),
                linger: Duration::from_secs(60),
            },
        }
    }

    /// Opens a connection to a port of the target, by number or name.
    ///
    /// # Errors
    /// Returns an error if the port is 0 ([`Error::is_invalid`]), if the server refuses ([`Error::is_forbidden`]), if
    /// there is no such pod and never was one ([`Error::is_not_found`]), or if there is no pod in time
    /// ([`Error::is_timeout`]). If nothing listens on the port, the connection fails.
    ///
    /// # Cancel safety
    /// If the future is dropped, the connection is abandoned.
    pub async fn connect(&self, port: impl Into<Port>) -> Result<PortStream, Error> {
        let port = port.into();
        if port == Port::Number(0) {
            return Err(Error::invalid("the port of the target must not be 0"));
        }
        let Inner { link, connect_timeout, max_connections, permits } = &*self.0;
        let permit = Arc::clone(permits).try_acquire_owned().map_err(|_| ForwardError::TooMany(*max_connections))?;
        let mut last = None;
        let connected = match clock::timeout(*connect_timeout, link.connect(&port, &mut last)).await {
            Ok(connected) => connected,
            Err(_) => Err(ForwardError::TimedOut { limit: *connect_timeout, last }.into()),
        };
        match &connected {
            Ok(stream) => stream.hold(permit),
            Err(_) => Counters::add(&link.state.counters().failed, 1),
        }
        connected
    }

    /// Opens the tunnel unless it is open, and returns the pod that it leads to, so that a program fails before it
    /// listens.
    ///
    /// # Errors
    /// Like [`connect`](Self::connect), but for ports, which are not tried.
    ///
    /// # Cancel safety
    /// If the future is dropped, the tunnel may not be opened.
    pub async fn ready(&self) -> Result<ObjectKey, Error> {
        let Inner { link, connect_timeout, .. } = &*self.0;
        let mut last = None;
        match clock::timeout(*connect_timeout, link.ready(&mut last)).await {
            Ok(ready) => ready,
            Err(_) => Err(ForwardError::TimedOut { limit: *connect_timeout, last }.into()),
        }
    }

    /// The current state.
    pub fn state(&self) -> State {
        self.watch_state().state()
    }

    /// The limit for the connections at one time.
    pub(super) fn max_connections(&self) -> usize {
        self.0.max_connections
    }

    /// How long one side of a connection may outlast the other.
    pub(super) fn linger(&self) -> Duration {
        self.0.link.limits.linger
    }

    /// Follows the state.
    pub fn watch_state(&self) -> StateWatcher {
        self.0.link.state.watch()
    }
}

impl fmt::Debug for PortForwarder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortForwarder").field("state", &self.state()).finish_non_exhaustive()
    }
}

/// The settings of a [`PortForwarder`].
#[must_use = "a builder does nothing until it is built"]
pub struct PortForwarderBuilder {
    client: Client,
    target: Box<dyn Target>,
    connect_timeout: Duration,
    backoff: Backoff,
    max_connections: usize,
    limits: Limits,
}

impl PortForwarderBuilder {
    /// Limits the time that a connection waits for a tunnel, and a tunnel for its pod; 30 s by default.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Sets the delays between tries to open a tunnel: from 0.2 s to 5 s by default.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Limits the number of connections that are open or being opened at the same time; 10,000 by default.
    pub fn max_connections(mut self, limit: usize) -> Self {
        self.max_connections = limit.min(Semaphore::MAX_PERMITS);
        self
    }

    /// Sets the size of a connection's receive buffer; 256 KiB by default. It may be exceeded by one message of the
    /// server, about 32 KiB.
    pub fn receive_buffer(mut self, bytes: usize) -> Self {
        self.limits.receive_buffer = bytes;
        self
    }

    /// Limits the time for which a connection with a full buffer may block others; 30 s by default. It is reset if half
    /// of its buffer has not been read by then.
    ///
    /// The minimum is a millisecond, with which others are hardly ever blocked. A single connection is never reset.
    pub fn stall_timeout(mut self, limit: Duration) -> Self {
        self.limits.stall = limit.max(Duration::from_millis(1));
        self
    }

    /// Limits the time that the server may take to respond to a new connection; 30 s by default.
    pub fn open_timeout(mut self, limit: Duration) -> Self {
        self.limits.open = limit;
        self
    }

    /// Limits the time for which a connection that was dropped here waits for its end in the pod; a minute by default.
    /// Then it is reset.
    pub fn linger(mut self, limit: Duration) -> Self {
        self.limits.linger = limit;
        self
    }

    /// Builds the forwarder, which does nothing until the first connection.
    pub fn build(self) -> PortForwarder {
        let Self { client, target, connect_timeout, backoff, max_connections, limits } = self;
        let current = Mutex::new(Current::new(backoff));
        let link = Link { client, target, limits, state: StateKeeper::new(), current };
        let permits = Arc::new(Semaphore::new(max_connections));
        PortForwarder(Arc::new(Inner { link, connect_timeout, max_connections, permits }))
    }
}

impl fmt::Debug for PortForwarderBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortForwarderBuilder").finish_non_exhaustive()
    }
}
