//! Connections that have been upgraded to streams of bytes.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http::header::UPGRADE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::body::Body;
use crate::sync::lock;

/// A connection that has switched from HTTP to another protocol; returned by
/// [`Client::upgrade`](crate::Client::upgrade).
///
/// It reads and writes the bytes of the new protocol. The connection is exclusive, and closes when this is dropped, or
/// when a hook [revokes](crate::WritePermit::revoked_by) its permit.
pub struct Upgraded {
    headers: HeaderMap,
    io: Box<dyn Duplex>,
}

pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

impl Upgraded {
    /// The headers of the response, such as `Sec-WebSocket-Protocol` with the protocol that the server chose.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// `None` if the response did not switch protocols.
    pub(crate) fn of(mut response: Response<Body>) -> Option<Self> {
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return None;
        }
        let io = response.extensions_mut().remove::<UpgradedIo>()?.take()?;
        Some(Self { headers: std::mem::take(response.headers_mut()), io })
    }
}

impl AsyncRead for Upgraded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Upgraded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgraded").field("headers", &self.headers).finish_non_exhaustive()
    }
}

/// The stream of an upgraded connection, an extension of a response with status 101.
///
/// A service that replaces an API server responds to an upgrade with it:
///
/// ```
/// use http::HeaderValue;
/// use kubernetes_client::{Body, UpgradedIo};
///
/// fn accept() -> (http::Response<Body>, tokio::io::DuplexStream) {
///     let (client, server) = tokio::io::duplex(64 * 1024);
///     let mut response = UpgradedIo::new(client).into_response(HeaderValue::from_static("websocket"));
///     response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("v5.channel.k8s.io"));
///     (response, server)
/// }
/// # assert_eq!(accept().0.status(), 101);
/// ```
///
/// A layer that wraps a client passes it on with the response. Clones share the stream, which the first client takes.
#[derive(Clone)]
pub struct UpgradedIo(Arc<Mutex<Option<Box<dyn Duplex>>>>);

impl UpgradedIo {
    /// Wraps a stream of bytes.
    pub fn new(io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::new(io)))))
    }

    /// Creates a response with status 101 (Switching Protocols) for the protocol in the request's `Upgrade` header.
    pub fn into_response(self, protocol: HeaderValue) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        response.headers_mut().insert(UPGRADE, protocol);
        response.headers_mut().insert(http::header::CONNECTION, HeaderValue::from_static("Upgrade"));
        response.extensions_mut().insert(self);
        response
    }

    /// Takes the stream; `None` if it has been taken.
    pub(crate) fn take(&self) -> Option<Box<dyn Duplex>> {
        lock(&self.0).take()
    }
}

impl fmt::Debug for UpgradedIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpgradedIo").finish_non_exhaustive()
    }
}
