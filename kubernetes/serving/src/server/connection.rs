use std::convert::Infallible;
use std::future::{Future, pending};
use std::io;
use std::pin::{Pin, pin};
use std::time::Duration;

use futures_util::future::{Either, select};
use http::header::{CONNECTION, HeaderValue};
use http::{Extensions, Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use super::body::ResponseBody;
use super::limit::Slot;
use super::{BoxError, Server};
use crate::clock::{self, Instant};

/// HTTP/2 connections are checked by a ping at this interval, since a peer that is gone sends nothing.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(15);
const MAX_CONCURRENT_STREAMS: u32 = 100;
/// Bytes that an HTTP/2 peer may send before a handler reads them, of all requests and of one.
const CONNECTION_WINDOW: u32 = 256 * 1024;
const STREAM_WINDOW: u32 = 128 * 1024;
/// An idle connection that is asked to end has this time for the request that comes at that moment.
const EVICTION: Duration = Duration::from_secs(1);

/// The version of HTTP that a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// A connection after its handshake.
pub(super) struct Connection<Io> {
    pub(super) io: Io,
    /// The protocol that the handshake agreed on.
    pub(super) protocol: Protocol,
    /// Added to each request of the connection, such as the certificate of the client.
    pub(super) extensions: Extensions,
}

impl Server {
    /// Serves one connection until it ends, is too old, is evicted, or the server is closing.
    pub(super) async fn serve_connection<Io, S, B>(
        &self,
        handshake: impl Future<Output = io::Result<Connection<Io>>>,
        service: S,
        closing: CancellationToken,
        slot: Slot,
    ) where
        Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send + 'static,
        B: Body<Error: Into<BoxError>, Data: Send> + Send + 'static,
    {
        let handshake = pin!(clock::timeout(self.header_timeout, handshake));
        let (closed, evicted) = (pin!(closing.cancelled()), pin!(slot.evicted.cancelled()));
        let Connection { io, protocol, extensions } = match select(select(closed, evicted), handshake).await {
            Either::Left(_) => return,
            Either::Right((Err(_), _)) => return self.log(&"the handshake took too long"),
            Either::Right((Ok(Err(error)), _)) => return self.log(&error),
            Either::Right((Ok(Ok(established)), _)) => established,
        };
        let (requests, closes_after, is_closing) = (slot.requests(), self.closes_after(protocol), closing.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().extend(extensions.clone());
            let (mut guard, response) = (requests.begin(), service.clone().call(request));
            let is_closing = is_closing.clone();
            async move {
                let Ok(mut response) = response.await;
                guard.answered(response.status());
                let is_old = closes_after.is_some_and(|end| end <= clock::now());
                if protocol == Protocol::Http1 && (is_old || is_closing.is_cancelled()) {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(response.map(|body| ResponseBody::new(body, guard)))
            }
        });
        let builder = self.builder(protocol);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(io), service));
        let end = pin!(self.end(&closing, &slot, protocol));
        let is_idle = match select(connection.as_mut(), end).await {
            Either::Left((result, _)) => return self.log_result(result),
            Either::Right((is_idle, _)) => is_idle,
        };
        if !is_idle && protocol == Protocol::Http1 {
            let linger = pin!(clock::sleep(self.linger.min(self.grace)));
            if let Either::Left((result, _)) = select(connection.as_mut(), linger).await {
                return self.log_result(result);
            }
        }
        connection.as_mut().graceful_shutdown();
        if let Either::Left((result, _)) = select(connection, pin!(self.grace_of(&slot, is_idle))).await {
            self.log_result(result);
        }
    }

    /// Completes when a connection that was asked to end has had its time.
    async fn grace_of(&self, slot: &Slot, is_idle: bool) {
        let grace = pin!(clock::sleep(self.grace));
        if !is_idle && matches!(select(grace, pin!(slot.evicted.cancelled())).await, Either::Left(_)) {
            return;
        }
        if !slot.is_unused() {
            clock::sleep(EVICTION).await;
            slot.idle_for(EVICTION, EVICTION).await;
        }
    }

    fn builder(&self, protocol: Protocol) -> auto::Builder<TokioExecutor> {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(self.idle_timeout)
            .max_buf_size(self.max_header_bytes);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .max_concurrent_streams(MAX_CONCURRENT_STREAMS)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .initial_stream_window_size(STREAM_WINDOW)
            .max_header_list_size(u32::try_from(self.max_header_bytes).unwrap_or(u32::MAX));
        match protocol {
            Protocol::Http1 => builder.http1_only(),
            Protocol::Http2 => builder.http2_only(),
        }
    }

    /// When an HTTP/1.1 connection is too old, and its next response says that it ends. If it were closed while it is idle,
    /// a request that comes at that moment would be lost.
    fn closes_after(&self, protocol: Protocol) -> Option<Instant> {
        self.max_connection_age.filter(|_| protocol == Protocol::Http1).and_then(|age| clock::now().checked_add(age))
    }

    /// Completes when the connection should end. Returns whether it is idle or evicted; otherwise it is too old, or the
    /// server is closing.
    async fn end(&self, closing: &CancellationToken, slot: &Slot, protocol: Protocol) -> bool {
        let aged: Pin<Box<dyn Future<Output = ()> + Send>> = match self.max_connection_age {
            Some(age) if protocol == Protocol::Http2 => Box::pin(clock::sleep(age)),
            _ => Box::pin(pending()),
        };
        let (evicted, idle) = (pin!(slot.evicted.cancelled()), pin!(slot.idle_for(self.patience(), self.idle_timeout)));
        matches!(select(select(pin!(closing.cancelled()), aged), select(evicted, idle)).await, Either::Right(_))
    }

    fn log_result(&self, result: Result<(), BoxError>) {
        if let Err(error) = result {
            self.log(&error);
        }
    }

    fn log(&self, error: &dyn std::fmt::Display) {
        tracing::debug!(server = self.name, %error, "a connection has failed");
    }
}
