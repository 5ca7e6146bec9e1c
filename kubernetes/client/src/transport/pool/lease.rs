//! The right to send one request on a connection.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderValue, Request, Response, Uri};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http2};

use super::Inner;
use super::close_reason::CloseReason;
use super::http1::{GiveBack, Http1};
use super::idle::Idle;
use crate::body::Body;
use crate::transport::Delivery;
use crate::transport::proxy::AbsoluteForm;

/// Given back when it is dropped.
pub(super) struct Lease {
    pool: Weak<Inner>,
    id: u64,
    reused: bool,
    sender: Sender,
}

pub(super) enum Sender {
    /// `None` once a request was sent, after which the connection is given back when it is ready again.
    Http1(Option<Http1>),
    Http2(http2::SendRequest<Body>, CloseReason, Delivery),
}

/// Why a request failed, and the request if nothing of it was sent.
pub(super) struct SendError {
    pub(super) error: hyper::Error,
    pub(super) unsent: Option<Request<Body>>,
    /// The error of TLS, if a certificate is the reason.
    pub(super) refusal: Option<rustls::Error>,
}

impl Lease {
    pub(super) fn new(pool: &Arc<Inner>, id: u64, reused: bool, sender: Sender) -> Self {
        Self { pool: Arc::downgrade(pool), id, reused, sender }
    }

    /// The right to an idle connection.
    pub(super) fn of_idle(pool: &Arc<Inner>, Idle { id, http1, used, .. }: Idle) -> Self {
        Self::new(pool, id, used, Sender::Http1(Some(http1)))
    }

    /// Whether the connection has carried a request before.
    pub(super) fn is_reused(&self) -> bool {
        self.reused
    }

    pub(super) async fn send(
        mut self,
        request: Request<Body>,
        host: Option<&HeaderValue>,
    ) -> Result<Response<Body>, SendError> {
        match &mut self.sender {
            Sender::Http2(sender, close_reason, _) => {
                let sent = sender.try_send_request(request).await;
                let response =
                    sent.map_err(|error| SendError { refusal: close_reason.refusal(), ..failed(error, None) })?;
                Ok(response.map(|body| Body::new(LeasedBody { body, lease: Some(self) })))
            }
            Sender::Http1(http1) => {
                let http1 = http1.take().expect("a lease is used up by its one request");
                let uri = request.uri().clone();
                let request = for_http1(request, host, http1.absolute.as_ref());
                let back = Return { pool: self.pool.clone(), id: self.id };
                http1.send(request, back).await.map_err(|error| failed(error, Some(uri)))
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(pool) = self.pool.upgrade() else { return };
        match &mut self.sender {
            Sender::Http2(.., delivery) => pool.update(|state| state.release(self.id, *delivery)),
            Sender::Http1(http1) => {
                if let Some(http1) = http1.take() {
                    pool.update(|state| state.give_back(self.id, http1));
                }
            }
        }
    }
}

fn failed(mut error: TrySendError<Request<Body>>, uri: Option<Uri>) -> SendError {
    let mut unsent = error.take_message();
    if let (Some(request), Some(uri)) = (&mut unsent, uri) {
        *request.uri_mut() = uri;
    }
    SendError { error: error.into_error(), unsent, refusal: None }
}

/// The way of an HTTP/1.1 connection back to its pool.
struct Return {
    pool: Weak<Inner>,
    id: u64,
}

impl GiveBack for Return {
    fn give_back(self, http1: Http1) {
        if let Some(pool) = self.pool.upgrade() {
            pool.update(|state| state.give_back(self.id, http1));
        }
    }
}

/// Sets the request line and `Host` of HTTP/1.1 (RFC 9112, §3.2).
pub(super) fn for_http1(
    mut request: Request<Body>,
    host: Option<&HeaderValue>,
    absolute: Option<&AbsoluteForm>,
) -> Request<Body> {
    if let Some(host) = host {
        request.headers_mut().entry(HOST).or_insert_with(|| host.clone());
    }
    match absolute {
        Some(AbsoluteForm(authorization)) => {
            if let Some(authorization) = authorization {
                request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
            }
        }
        None => {
            let target = request.uri().path_and_query().cloned();
            *request.uri_mut() = target.unwrap_or_else(|| PathAndQuery::from_static("/")).into();
        }
    }
    request
}

/// The `Host` of requests to a server.
pub(super) fn host(server: &Uri) -> Option<HeaderValue> {
    let authority = server.authority()?;
    let default = if server.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
    match authority.port_u16().filter(|port| *port != default) {
        Some(port) => HeaderValue::try_from(format!("{}:{port}", authority.host())).ok(),
        None => HeaderValue::from_str(authority.host()).ok(),
    }
}

/// The body of a response, whose stream counts until the body ends or is dropped.
struct LeasedBody {
    body: Incoming,
    lease: Option<Lease>,
}

impl http_body::Body for LeasedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if self.body.is_end_stream() || !matches!(frame, Some(Ok(_))) {
            self.lease = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
