//! An HTTP server, over TCP or anything built on a TCP connection.

mod accept;
mod activity;
mod connection;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use http::{Extensions, Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use crate::clock;
use accept::accept;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The version of HTTP that a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1
    Http1,
    /// HTTP/2
    Http2,
}

/// A connection after its handshake.
pub struct Connection<Io> {
    /// The stream of bytes.
    pub io: Io,
    /// The protocol that the handshake agreed on.
    pub protocol: Protocol,
    /// Added to each request of the connection, such as the certificate of the client.
    pub extensions: Extensions,
}

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
            grace: Duration::from_secs(5),
        }
    }

    /// Limits the number of open connections; 1024 by default. Further ones wait.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections.clamp(1, Semaphore::MAX_PERMITS);
        self
    }

    /// How long the handshake may take, and half of the time after which a new connection must have a request; by
    /// default 10 s.
    pub fn header_timeout(mut self, timeout: Duration) -> Self {
        self.header_timeout = timeout;
        self
    }

    /// Sets the time after which a connection without requests is closed; 120 s by default.
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

    /// Like [`serve`](Self::serve), over the result of `handshake` for each TCP connection, such as TLS.
    ///
    /// # Cancel safety
    ///
    /// Like [`serve`](Self::serve).
    pub async fn serve_with<H, T, Io, S, B>(
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
        let (permits, mut connections) = (Arc::new(Semaphore::new(self.max_connections)), JoinSet::new());
        loop {
            let accepted = pin!(accept(self.name, &listener, &permits));
            let (stream, permit) = match select(shutdown.as_mut(), accepted).await {
                Either::Left(_) => break,
                Either::Right((accepted, _)) => accepted,
            };
            let handshake = handshake(stream);
            let (server, service, closing) = (self.clone(), service.clone(), closing.clone());
            connections.spawn(async move {
                server.serve_connection(handshake, service, closing).await;
                drop(permit);
            });
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
