//! The results of a response: all of it, its body as it arrives, or the connection.

use std::future::Future;

use http::header::{ACCEPT_ENCODING, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response};
use kubernetes_core::Encoded;

use super::gunzip::decompressed;
use super::retry::Replay;
use super::{Context, Exchange, idle, response};
use crate::body::Body;
use crate::error::{Error, Kind};
use crate::telemetry::Attempt;
use crate::transport::Delivery;
use crate::upgrade::Upgraded;

/// The result of a request that succeeded.
pub(crate) trait Answer: Sized + Send {
    /// Whether a read is sent to another place of the server if that says so.
    const FOLLOWS_REDIRECTS: bool = false;

    /// How the response is read.
    const DELIVERY: Delivery = Delivery::Streamed;

    /// Which errors a request for it may be sent again after.
    fn replay(method: &Method) -> Replay;

    /// Adds to a request how its response may be encoded.
    fn prepare(exchange: &Exchange, request: &mut Request<Body>) {
        let _ = (exchange, request);
    }

    /// Reads what is wanted of a response, unless it says that the request failed.
    fn receive(
        response: Response<Body>,
        exchange: &Exchange,
        context: Context<'_>,
        telemetry: &mut Attempt<'_>,
    ) -> impl Future<Output = Result<Self, Error>> + Send;

    /// The body, if it was read.
    fn encoded(&self) -> Option<&Encoded> {
        None
    }

    /// The error in the response, if it does not say that the request succeeded.
    fn refusal(&self) -> Option<Error> {
        None
    }
}

/// Stands for the response to a delete that has no body, as aggregated API servers send it.
const DELETED: &str = r#"{"kind":"Status","apiVersion":"v1","status":"Success"}"#;

/// The whole body.
impl Answer for Encoded {
    const FOLLOWS_REDIRECTS: bool = true;
    const DELIVERY: Delivery = Delivery::Whole;

    fn replay(method: &Method) -> Replay {
        Replay::of(method)
    }

    fn prepare(exchange: &Exchange, request: &mut Request<Body>) {
        accept_compressed(exchange, request);
        exchange.content.prefer(request);
    }

    async fn receive(
        response: Response<Body>,
        exchange: &Exchange,
        context: Context<'_>,
        telemetry: &mut Attempt<'_>,
    ) -> Result<Self, Error> {
        let (mut head, body) = response::successful(context.line.method(), response).await?.into_parts();
        let bytes = decompressed(&head.headers, body)?.collect(exchange.limits.max_response_bytes).await?;
        telemetry.bytes = Some(bytes.len() as u64);
        if bytes.is_empty() && context.line.method() == Method::DELETE {
            return Ok(Self::new(HeaderValue::from_static("application/json"), DELETED));
        }
        let answer = Self::new(head.headers.remove(CONTENT_TYPE), bytes).with_budget(exchange.limits.decode_budget);
        response::failure(&answer).map_or(Ok(answer), |status| Err(Error::from_status(status)))
    }

    fn encoded(&self) -> Option<&Encoded> {
        Some(self)
    }
}

/// The body, to be read as it arrives.
impl Answer for Body {
    const FOLLOWS_REDIRECTS: bool = true;

    fn replay(_: &Method) -> Replay {
        Replay::Stream
    }

    fn prepare(exchange: &Exchange, request: &mut Request<Body>) {
        accept_compressed(exchange, request);
    }

    async fn receive(
        response: Response<Body>,
        exchange: &Exchange,
        context: Context<'_>,
        _: &mut Attempt<'_>,
    ) -> Result<Self, Error> {
        let (head, body) = response::successful(context.line.method(), response).await?.into_parts();
        let body = idle::limited(body, exchange.limits.idle_timeout);
        Ok(decompressed(&head.headers, body)?.of_request(context.line))
    }
}

/// The connection, which has left HTTP.
impl Answer for Upgraded {
    fn replay(_: &Method) -> Replay {
        Replay::Stream
    }

    async fn receive(
        response: Response<Body>,
        _: &Exchange,
        context: Context<'_>,
        _: &mut Attempt<'_>,
    ) -> Result<Self, Error> {
        let status = response.status();
        if status.is_informational() {
            return Self::of(response).ok_or_else(|| Error::new(Kind::NotUpgraded { status }));
        }
        response::successful(context.line.method(), response).await?;
        Err(Error::new(Kind::NotUpgraded { status }))
    }
}

/// The response as it is, whatever its status.
impl Answer for Response<Body> {
    fn replay(_: &Method) -> Replay {
        Replay::Stream
    }

    async fn receive(
        response: Response<Body>,
        _: &Exchange,
        _: Context<'_>,
        _: &mut Attempt<'_>,
    ) -> Result<Self, Error> {
        Ok(response)
    }

    fn refusal(&self) -> Option<Error> {
        let succeeded = self.status().is_success() || self.status().is_informational();
        (!succeeded).then(|| Error::from_http_status(self.status()))
    }
}

fn accept_compressed(exchange: &Exchange, request: &mut Request<Body>) {
    if exchange.compression {
        request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    }
}
