//! A request from its first attempt to its result.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE};
use http::{HeaderValue, Response};
use kubernetes_core::{Encoded, Request};
use tokio::time::Instant;
use tracing::Instrument;

use crate::client::Inner;
use crate::error::{Kind, RequestLine};
use crate::observe::Flight;
use crate::response::read_whole;
use crate::retry::{Replay, Retries};
use crate::{Body, Error, idle};

impl Inner {
    /// The whole body of a response that says the request succeeded.
    pub(crate) async fn whole(&self, request: Request, line: &Arc<RequestLine>) -> Result<Encoded, Error> {
        let mut request = request.into_http().map_err(|error| Error::new(Kind::Request(error)))?;
        if self.policy.compression {
            request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        }
        self.content.prefer(&mut request);
        let replay = Replay::of(request.method());
        let (mut head, body) = self.retrying(request, replay, line).await?.into_parts();
        Ok(Encoded::new(head.headers.remove(CONTENT_TYPE), body.into_whole()))
    }

    /// The body, not read yet, of a response that says the request succeeded.
    pub(crate) async fn stream(&self, request: Request, line: &Arc<RequestLine>) -> Result<Body, Error> {
        let request = request.into_http().map_err(|error| Error::new(Kind::Request(error)))?;
        let body = self.retrying(request, Replay::Stream, line).await?.into_body();
        Ok(idle::limited(body, self.idle_timeout).of_request(line))
    }

    async fn retrying(
        &self,
        mut request: http::Request<Bytes>,
        replay: Replay,
        line: &Arc<RequestLine>,
    ) -> Result<Response<Body>, Error> {
        Error::unless_in_runtime()?;
        // Outside of the request's time: a user may have to log in first.
        self.authentication.ready().await?;
        let deadline = self.request_timeout.and_then(|limit| Instant::now().checked_add(limit));
        let mut retries = Retries::new(replay, self.policy.retries, deadline);
        let mut previous = None;
        let mut attempt = 0;
        loop {
            attempt += 1;
            if within(deadline, self.policy.turn()).await.is_err() {
                return Err(self.late(previous));
            }
            let mut flight = Flight::new(self, line, attempt);
            let span = flight.span();
            let answer = self.attempt(request.clone(), replay, line, &mut flight).instrument(span);
            let result = match within(deadline, answer).await {
                Ok(result) => result,
                Err(Late) => Err(self.late(previous.take())),
            };
            flight.finish(result.as_ref().err());
            let error = match result {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            let wait = if self.content.fall_back(&mut request, &error) {
                Duration::ZERO
            } else if let Some(wait) = retries.wait_after(&error) {
                wait
            } else {
                return Err(error);
            };
            let method = request.method();
            tracing::debug!(%method, path = line.path(), attempt, ?wait, %error, "the request is sent again");
            previous = Some(error);
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
        }
    }

    async fn attempt(
        &self,
        request: http::Request<Bytes>,
        replay: Replay,
        line: &Arc<RequestLine>,
        flight: &mut Flight<'_>,
    ) -> Result<Response<Body>, Error> {
        let response = self.respond(request, line).await?;
        flight.status = Some(response.status());
        if replay == Replay::Stream {
            return Ok(response);
        }
        let (head, body) = response.into_parts();
        let bytes = read_whole(&head.headers, body, self.max_response_bytes).await?;
        flight.bytes = Some(bytes.len() as u64);
        Ok(Response::from_parts(head, bytes.into()))
    }

    /// Our own timeout.
    fn late(&self, previous: Option<Error>) -> Error {
        let limit = self.request_timeout.unwrap_or_default();
        Error::new(Kind::Timeout { limit, previous: previous.map(Box::new) })
    }
}

struct Late;

async fn within<T>(deadline: Option<Instant>, future: impl Future<Output = T>) -> Result<T, Late> {
    match deadline {
        None => Ok(future.await),
        Some(deadline) => tokio::time::timeout_at(deadline, future).await.map_err(|_| Late),
    }
}
