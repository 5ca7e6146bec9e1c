//! The server of webhooks, over TLS.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::Extensions;
use kubernetes_serving::{Connection, Protocol, Server};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::authenticate::ClientCertificates;
use crate::service::Webhooks;
use crate::tls::{Certificates, CertificatesError, ClientCa, ServerSettings};

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
    certificates: Certificates,
    address: SocketAddr,
    clients: ClientCa,
    server: Server,
    is_listening: Arc<AtomicBool>,
}

impl WebhookServer {
    /// Creates a server on port 9443 of all addresses, as in controller-runtime.
    pub fn new(webhooks: Webhooks, certificates: Certificates) -> Self {
        Self {
            webhooks,
            certificates,
            address: (Ipv6Addr::UNSPECIFIED, 9443).into(),
            clients: ClientCa::None,
            server: Server::new("webhooks").grace(Duration::from_secs(60)),
            is_listening: Arc::default(),
        }
    }

    /// Sets the address to listen on.
    pub fn address(mut self, address: impl Into<SocketAddr>) -> Self {
        self.address = address.into();
        self
    }

    /// Limits the number of open connections; 1024 by default. Further ones wait.
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

    /// Sets the time for requests to end after shutdown; one minute by default.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.server = self.server.grace(grace);
        self
    }

    /// Demands a client certificate that one of these CAs (PEM) has signed.
    ///
    /// The API server shows one if its file of `--admission-control-config-file` says so. A cluster's CA signs those of
    /// users and nodes too: tell them apart by [`Caller::common_name`](crate::Caller::common_name).
    pub fn client_ca(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.clients = ClientCa::Pem(pem.into());
        self
    }

    /// Like [`client_ca`](Self::client_ca), with the CAs of a PEM file, which is read again every 10 s when connections
    /// come.
    pub fn client_ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.clients = ClientCa::File(path.into());
        self
    }

    /// Checks that the server listens and has a certificate, for an endpoint such as `/readyz`.
    pub fn ready_check(&self) -> impl Fn() -> Result<(), String> + Send + Sync + 'static + use<> {
        let (is_listening, certificates) = (Arc::clone(&self.is_listening), self.certificates.clone());
        move || {
            if !is_listening.load(Ordering::Acquire) {
                return Err("the webhook server is not listening".to_owned());
            }
            certificates.check()
        }
    }

    /// Listens and serves until `shutdown` completes, and then lets requests in progress end.
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
        let settings = ServerSettings::new(&self.certificates, &self.clients).map_err(ServeError::Certificates)?;
        let handshake = |stream: TcpStream| {
            let settings = settings.current();
            async move {
                let io = TlsAcceptor::from(settings.map_err(io::Error::other)?).accept(stream).await?;
                let session = io.get_ref().1;
                let protocol = match session.alpn_protocol() {
                    Some(b"h2") => Protocol::Http2,
                    _ => Protocol::Http1,
                };
                let mut extensions = Extensions::new();
                if let Some(chain) = session.peer_certificates() {
                    extensions.insert(ClientCertificates(chain.iter().map(|one| one.clone().into_owned()).collect()));
                }
                Ok(Connection { io, protocol, extensions })
            }
        };
        let listening = Listening::begin(&self.is_listening);
        let shutdown = async {
            shutdown.await;
            drop(listening);
        };
        self.server.serve_with(listener, handshake, self.webhooks.clone(), shutdown).await;
        Ok(())
    }
}

/// Says that the server listens, until it is dropped: by the shutdown, or with the server's future.
struct Listening(Arc<AtomicBool>);

impl Listening {
    fn begin(flag: &Arc<AtomicBool>) -> Self {
        flag.store(true, Ordering::Release);
        Self(Arc::clone(flag))
    }
}

impl Drop for Listening {
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
