//! The server of webhooks, over TLS.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kubernetes_serving::{Certificates, CertificatesError, Server, Tls};
use tokio::net::TcpListener;

use crate::clock;
use crate::service::Webhooks;

/// An API server calls webhooks by HTTP/1.1, as it sets no other protocol, and keeps the connection (`NextProtos` in
/// apiserver's `util/webhook/client.go`). One that is unused for this time will hardly be used at the moment of its end.
const LINGER: Duration = Duration::from_secs(1);

/// Serves webhooks over TLS, with HTTP/1.1 and HTTP/2.
///
/// ```no_run
/// use kubernetes_webhooks::{Certificates, WebhookServer, Webhooks};
///
/// # async fn example(webhooks: Webhooks) -> Result<(), Box<dyn std::error::Error>> {
/// let certificates = Certificates::files("/certs/tls.crt", "/certs/tls.key")?;
/// let server = WebhookServer::new(webhooks, certificates);
/// server.run_until(async { tokio::signal::ctrl_c().await.unwrap_or_default() }).await?;
/// # Ok(())
/// # }
/// ```
///
/// With a manager of `kubernetes-controller`, it is a service of every replica, which is [ready](Self::ready_check) once it
/// listens and has a certificate; `docs/webhooks.md` has the program.
#[derive(Clone, Debug)]
#[must_use]
pub struct WebhookServer {
    webhooks: Webhooks,
    tls: Tls,
    address: SocketAddr,
    server: Server,
    shutdown_delay: Duration,
    is_ready: Arc<AtomicBool>,
}

impl WebhookServer {
    /// Creates a server on port 9443 of all addresses, as in controller-runtime.
    pub fn new(webhooks: Webhooks, certificates: Certificates) -> Self {
        Self {
            webhooks,
            tls: Tls::new(&certificates),
            address: (Ipv6Addr::UNSPECIFIED, 9443).into(),
            server: Server::new("webhooks").grace(Duration::from_secs(60)).linger(LINGER),
            shutdown_delay: Duration::ZERO,
            is_ready: Arc::default(),
        }
    }

    /// Sets the address to listen on.
    pub fn address(mut self, address: impl Into<SocketAddr>) -> Self {
        self.address = address.into();
        self
    }

    /// Limits the number of open connections; 1024 by default. For a further one, the connection that has been idle
    /// longest ends, one without a valid request first; it waits while all have requests, or responses that clients have
    /// been reading for less than 20 s.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.server = self.server.max_connections(connections);
        self
    }

    /// Ends connections gracefully when they have been open for this time, so that requests spread over new replicas;
    /// by default never. Those of HTTP/1.1 end with a response, so that no request is lost.
    pub fn max_connection_age(mut self, age: Duration) -> Self {
        self.server = self.server.max_connection_age(age);
        self
    }

    /// Sets the time between the shutdown, when the server is not [ready](Self::ready_check) any more, and the end of
    /// listening; by default none.
    ///
    /// Services still lead here for some seconds, and API servers get an error if nobody listens. With a manager, use
    /// its `--shutdown-delay`, which all services have in common.
    pub fn shutdown_delay(mut self, delay: Duration) -> Self {
        self.shutdown_delay = delay;
        self
    }

    /// Sets the time for requests to end after shutdown and its [delay](Self::shutdown_delay); one minute by default.
    /// The pod's `terminationGracePeriodSeconds` should be longer than both.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.server = self.server.grace(grace);
        self
    }

    /// Demands a client certificate that one of these CAs (PEM) has signed.
    ///
    /// The API server shows one if its file of `--admission-control-config-file` says so. A cluster's CA signs those of
    /// users and nodes too: tell them apart by [`Caller::common_name`](crate::Caller::common_name).
    pub fn client_ca(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls = self.tls.client_ca(pem);
        self
    }

    /// Like [`client_ca`](Self::client_ca), with the CAs of a PEM file, which is read again every 10 s when connections
    /// come.
    pub fn client_ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.tls = self.tls.client_ca_file(path);
        self
    }

    /// Checks that the server listens and has a certificate, for an endpoint such as `/readyz`.
    pub fn ready_check(&self) -> impl Fn() -> Result<(), String> + Send + Sync + 'static + use<> {
        let (is_ready, certificates) = (Arc::clone(&self.is_ready), self.tls.certificates().clone());
        move || {
            if !is_ready.load(Ordering::Acquire) {
                return Err("the webhook server is not listening, or is shutting down".to_owned());
            }
            certificates.check()
        }
    }

    /// Listens and serves until `shutdown` completes, and for the [delay](Self::shutdown_delay), and then lets requests
    /// in progress end.
    ///
    /// # Errors
    ///
    /// Returns an error if the address can't be listened on, or the client CA can't be used.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes all connections.
    pub async fn run_until(&self, shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
        let failed = |source| ServeError::Listen { address: self.address, source };
        let listener = kubernetes_serving::bind(self.address).await.map_err(failed)?;
        self.serve(listener, shutdown).await
    }

    /// Like [`run_until`](Self::run_until), but on the given listener.
    ///
    /// # Errors
    ///
    /// Returns an error if the client CA can't be used.
    ///
    /// # Cancel safety
    ///
    /// Like [`run_until`](Self::run_until).
    pub async fn serve(&self, listener: TcpListener, shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
        let ready = Ready::begin(&self.is_ready);
        let shutdown = async {
            shutdown.await;
            drop(ready);
            clock::sleep(self.shutdown_delay).await;
        };
        let serving = self.server.serve_tls(listener, &self.tls, self.webhooks.clone(), shutdown);
        serving.await.map_err(ServeError::Certificates)
    }
}

/// Says that the server is ready, until it is dropped: by the shutdown, or with the server's future.
struct Ready(Arc<AtomicBool>);

impl Ready {
    fn begin(flag: &Arc<AtomicBool>) -> Self {
        flag.store(true, Ordering::Release);
        Self(Arc::clone(flag))
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// The error of a webhook server that can't start.
#[non_exhaustive]
pub enum ServeError {
    /// The address can't be listened on.
    Listen {
        /// The address.
        address: SocketAddr,
        /// The reason.
        source: io::Error,
    },
    /// The settings of TLS are not valid.
    Certificates(CertificatesError),
}

kubernetes_core::error_text!(ServeError);

impl ServeError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, .. } => write!(f, "can't listen on {address} for webhooks"),
            Self::Certificates(_) => f.write_str("can't use the TLS settings of the webhooks"),
        }
    }
}

impl std::error::Error for ServeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Listen { source, .. } => Some(source),
            Self::Certificates(source) => Some(source),
        }
    }
}
