//! An HTTP server, over TCP or anything built on a TCP connection.

mod accept;
mod body;
mod connection;
mod limit;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use http::{Extensions, Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use crate::clock;
use crate::tls::{CertificatesError, ClientCertificates, Tls};
use accept::accept;
use connection::{Connection, Protocol};
use limit::ConnectionLimit;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Serves connections of a listener, within limits.
///
/// ```no_run
/// use std::convert::Infallible;
///
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use hyper::body::Incoming;
/// use kubernetes_serving::Server;
/// use tokio::net::TcpListener;
///
/// # async fn example(
/// #     service: impl tower_service::Service<
/// #         Request<Incoming>,
/// #         Response = Response<Full<Bytes>>,
/// #         Error = Infallible,
/// #         Future: Send + 'static,
/// #     > + Clone + Send + 'static,
/// # ) -> std::io::Result<()> {
/// let listener = TcpListener::bind("0.0.0.0:8080").await?;
/// let shutdown = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
/// Server::new("shop").max_connections(64).serve(listener, service, shutdown).await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Server {
    name: &'static str,
    max_connections: usize,
    header_timeout: Duration,
    idle_timeout: Duration,
    max_header_bytes: usize,
    max_connection_age: Option<Duration>,
    linger: Duration,
    grace: Duration,
}

impl Server {
    /// Creates a server with this name in the log, and default settings.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            max_connections: 1024,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(120),
            max_header_bytes: 64 * 1024,
            max_connection_age: None,
            linger: Duration::ZERO,
            grace: Duration::from_secs(5),
        }
    }

    /// Limits the number of open connections; 1024 by default. For a further one, the connection that has been idle
    /// longest ends, one without a valid request first; it waits while all have requests, or responses that began less
    /// than twice the [header timeout](Self::header_timeout) ago.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections.max(1);
        self
    }

    /// Sets the time for the handshake; 10 s by default. A new connection must send its first request within twice this
    /// time, and responses of 401, 404 and 405 don't count: anyone can get them.
    pub fn header_timeout(mut self, timeout: Duration) -> Self {
        self.header_timeout = timeout;
        self
    }

    /// Sets the time after which a connection without requests is closed, or one whose response was not read; 120 s by
    /// default.
    ///
    /// Go's clients, such as the API server, keep idle connections for 90 s (`SetTransportDefaults` of apimachinery),
    /// and do not repeat a POST on one that the server closes at that moment. With HTTP/1.1, it is also the time that
    /// the headers of a further request may take.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Sets the maximum size of a request's headers; 64 KiB by default, and at least 8 KiB.
    pub fn max_header_bytes(mut self, bytes: usize) -> Self {
        self.max_header_bytes = bytes.max(8 * 1024);
        self
    }

    /// Ends a connection gracefully when it has been open for this time; by default never. One of HTTP/1.1 ends with the
    /// next response, or when it is [idle](Self::idle_timeout).
    pub fn max_connection_age(mut self, age: Duration) -> Self {
        self.max_connection_age = Some(age);
        self
    }

    /// Sets the time after shutdown in which a connection of HTTP/1.1 still takes a request, whose response then ends it;
    /// by default none. It is part of the [grace](Self::grace).
    ///
    /// Clients do not repeat a POST that they send at the moment in which the server closes the idle connection, so it
    /// would be lost. HTTP/2 needs no such time: its `GOAWAY` says which requests to repeat.
    pub fn linger(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// Sets the time for requests to end after shutdown; 5 s by default.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Serves HTTP/1.1 until `shutdown` completes, and then lets requests in progress end.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes all connections.
    pub async fn serve<S, B>(&self, listener: TcpListener, service: S, shutdown: impl Future<Output = ()>)
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send + 'static,
        B: Body<Error: Into<BoxError>, Data: Send> + Send + 'static,
    {
        let plain = |io: TcpStream| async move {
            Ok(Connection { io, protocol: Protocol::Http1, extensions: Extensions::new() })
        };
        self.serve_with(listener, plain, service, shutdown).await;
    }

    /// Like [`serve`](Self::serve), over TLS, with HTTP/1.1 and HTTP/2. Requests have [`ClientCertificates`] as an
    /// extension if the settings demand them.
    ///
    /// # Errors
    ///
    /// Returns an error if the client CA can't be used, or no cryptography provider is available ([`Tls::check`]).
    ///
    /// # Cancel safety
    ///
    /// Like [`serve`](Self::serve).
    pub async fn serve_tls<S, B>(
        &self,
        listener: TcpListener,
        tls: &Tls,
        service: S,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), CertificatesError>
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send + 'static,
        B: Body<Error: Into<BoxError>, Data: Send> + Send + 'static,
    {
        let settings = tls.server_settings()?;
        let handshake = |stream: TcpStream| {
            let settings = settings.current();
            async move {
                let io = TlsAcceptor::from(settings.map_err(io::Error::other)?).accept(stream).await?;
                let session = io.get_ref().1;
                let protocol = match session.alpn_protocol() {
                    Some(b"h2") => Protocol::Http2,
                    _ => Protocol::Http1,
                };
                let extensions = ClientCertificates::of(session);
                Ok(Connection { io, protocol, extensions })
            }
        };
        self.serve_with(listener, handshake, service, shutdown).await;
        Ok(())
    }

    /// How long a client may take to send its first request, or to read a response while others need the connection.
    fn patience(&self) -> Duration {
        self.header_timeout.saturating_mul(2)
    }

    /// Like [`serve`](Self::serve), over the result of `handshake` for each TCP connection.
    async fn serve_with<H, T, Io, S, B>(
        &self,
        listener: TcpListener,
        handshake: H,
        service: S,
        shutdown: impl Future<Output = ()>,
    ) where
        H: Fn(TcpStream) -> T,
        T: Future<Output = io::Result<Connection<Io>>> + Send + 'static,
        Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send + 'static,
        B: Body<Error: Into<BoxError>, Data: Send> + Send + 'static,
    {
        let (mut shutdown, closing) = (pin!(shutdown), CancellationToken::new());
        let (limit, mut connections) = (ConnectionLimit::new(self.max_connections, self.patience()), JoinSet::new());
        loop {
            let next = pin!(async {
                let stream = accept(self.name, &listener).await;
                (stream, limit.enter().await)
            });
            let (stream, slot) = match select(shutdown.as_mut(), next).await {
                Either::Left(_) => break,
                Either::Right((next, _)) => next,
            };
            let handshake = handshake(stream);
            let (server, service, closing) = (self.clone(), service.clone(), closing.clone());
            connections.spawn(async move { server.serve_connection(handshake, service, closing, slot).await });
            while connections.try_join_next().is_some() {}
        }
        drop(listener);
        closing.cancel();
        let all = pin!(async { while connections.join_next().await.is_some() {} });
        select(all, pin!(clock::sleep(self.grace))).await;
    }
}

#[cfg(test)]
mod tests;
