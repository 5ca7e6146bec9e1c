//! A request, from what the caller asks for to its result.
//!
//! [`run`](Exchange::run) sends a request until an attempt succeeds or the error is final. An
//! [`attempt`](Exchange::attempt) has credentials, and others once the server has refused them;
//! [`send`](Exchange::send) follows redirects, and [`transmit`](Exchange::transmit) hands one HTTP request to the
//! transport.

mod answer;
mod content;
mod gunzip;
mod idle;
mod rate_limit;
mod redirect;
mod response;
mod retry;
mod warning;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, AUTHORIZATION};
use http::uri::PathAndQuery;
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body::Body as _;
use kubernetes_core::json::Budget;
use tokio::time::Instant;
use tracing::Instrument;

use crate::authentication::{Authentication, Credential, Refusal};
use crate::body::Body;
use crate::clock;
use crate::error::{Error, Kind, RequestLine};
use crate::hooks::{Admission, Hooks, Write};
use crate::telemetry::{Attempt, Telemetry};
use crate::transport::{Delivery, Transport};

pub(crate) use answer::Answer;
pub(crate) use content::Content;
pub use content::ContentType;
pub(crate) use rate_limit::RateLimit;
use redirect::{MAX_REDIRECTS, Redirect};
pub(crate) use response::foreign_media_type;
use retry::Retries;
pub use warning::Warning;
pub(crate) use warning::Warnings;

/// The state that a client and its clones share.
pub(crate) struct Exchange {
    pub(crate) transport: Box<dyn Transport>,
    /// Scheme, authority and path prefix; `None` when an injected service decides where requests go.
    pub(crate) server: Option<Uri>,
    /// Sent with every request.
    pub(crate) headers: HeaderMap,
    pub(crate) authentication: Authentication,
    pub(crate) limits: Limits,
    /// How often a request is sent again.
    pub(crate) retries: u32,
    pub(crate) rate_limit: Option<Arc<RateLimit>>,
    /// Whether responses may be compressed.
    pub(crate) compression: bool,
    pub(crate) content: Content,
    pub(crate) warnings: Warnings,
    pub(crate) telemetry: Telemetry,
}

/// How often a request is sent again, as in client-go (`rest/request.go`).
pub(crate) const RETRIES: u32 = 10;

/// Limits on responses.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) request_timeout: Option<Duration>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) max_response_bytes: usize,
    pub(crate) decode_budget: Budget,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // As long as the API server itself works on a request by default (`--request-timeout`).
            request_timeout: Some(Duration::from_secs(60)),
            idle_timeout: None,
            // More than lists of working clusters have, and less than what brings most machines down.
            max_response_bytes: 256 * 1024 * 1024,
            decode_budget: Budget::default(),
        }
    }
}

/// A request on its way, beside the HTTP request itself.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) line: &'a Arc<RequestLine>,
    pub(crate) hooks: &'a Hooks,
}

impl Exchange {
    /// The default settings over an injected service, which authenticates and logs by itself if need be.
    pub(crate) fn over_service(transport: Box<dyn Transport>) -> Self {
        Self {
            transport,
            server: None,
            headers: HeaderMap::new(),
            authentication: Authentication::none(),
            limits: Limits::default(),
            retries: RETRIES,
            rate_limit: None,
            compression: true,
            content: Content::default(),
            warnings: Warnings::default(),
            telemetry: Telemetry::default(),
        }
    }

    /// Sends a request, again after errors that [`Retries`] allows, and reads the answer.
    pub(crate) async fn run<A: Answer>(&self, mut request: Request<Body>, context: Context<'_>) -> Result<A, Error> {
        Error::unless_in_runtime()?;
        // Outside of the request's time: a user may have to log in first.
        self.authentication.ready().await?;
        A::prepare(self, &mut request);
        let deadline = self.limits.request_timeout.and_then(|limit| clock::now().checked_add(limit));
        let mut retries = Retries::new(A::replay(request.method()), self.retries, deadline);
        let mut previous = None;
        let mut number = 0;
        loop {
            number += 1;
            if within(deadline, self.rate_limited()).await.is_err() {
                return Err(self.timed_out(previous));
            }
            let mut telemetry = self.telemetry.attempt(context.line, number, request.body().size_hint().exact());
            let span = telemetry.span();
            let attempt = self.attempt(&mut request, context, &mut telemetry);
            // Futures that are handed on are pinned here: a move would copy kilobytes.
            let result = match within(deadline, pin!(attempt.instrument(span))).await {
                Ok(result) => result,
                Err(Elapsed) => Err(self.timed_out(previous.take())),
            };
            telemetry.finish(result.as_ref().err());
            let error = match result {
                Ok(answer) => return Ok(answer),
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
            tracing::debug!(%method, path = context.line.path(), number, ?wait, %error, "the request is sent again");
            previous = Some(error);
            if !wait.is_zero() {
                clock::sleep(wait).await;
            }
        }
    }

    /// Sends a request as it is given: once, without a timeout beyond that for connecting.
    pub(crate) async fn pass(&self, mut request: Request<Body>, context: Context<'_>) -> Result<Response<Body>, Error> {
        Error::unless_in_runtime()?;
        self.rate_limited().await;
        let mut telemetry = self.telemetry.attempt(context.line, 1, request.body().size_hint().exact());
        let span = telemetry.span();
        let result = self.attempt(&mut request, context, &mut telemetry).instrument(span).await;
        telemetry.finish(result.as_ref().err());
        result
    }

    /// Sends a request with credentials, unless it has some of its own, and reads the answer. When the server refuses
    /// the credentials, sends it once more if there are others and the body can be sent again.
    async fn attempt<A: Answer>(
        &self,
        request: &mut Request<Body>,
        context: Context<'_>,
        telemetry: &mut Attempt<'_>,
    ) -> Result<A, Error> {
        let write = Some(context.hooks).filter(|hooks| !hooks.is_empty());
        let write = write.and_then(|_| Write::of(request, context.line));
        let own = request.headers().get(AUTHORIZATION).or_else(|| self.headers.get(AUTHORIZATION)).cloned();
        let mut credential = if own.is_some() { None } else { Some(self.authentication.credential().await?) };
        let mut may_replace = credential.is_some() && self.authentication.can_change();
        let can_repeat = request.body().try_clone().is_some();
        loop {
            let mut admission = match &write {
                Some(write) => Some(context.hooks.admit(write).await?),
                None => None,
            };
            let credentials = credential.as_ref();
            let sent = admitted(&mut admission, pin!(self.send::<A>(request, credentials, context.line))).await;
            let authorization = credential.as_ref().map_or(own.as_ref(), Credential::header);
            let explain = |error| self.authentication.explain(error, authorization);
            let sent = sent.map_err(explain);
            if let (Some(refusal), Some(refused), true) = (refusal(&sent), &credential, may_replace) {
                // Before others are obtained, which may take long.
                conclude_refused(admission.take(), &sent, context.line);
                // Also for the next request, if this one can't be sent again.
                let other = self.authentication.replacement(refused, refusal).await;
                if let (Some(other), true) = (other, can_repeat) {
                    // Read to its end, so that HTTP/1.1 can use the connection again.
                    drop(response::into_error(context.line.method(), sent).await);
                    (credential, may_replace) = (Some(other), false);
                    continue;
                }
            }
            let mut response = match sent {
                Ok(response) => response,
                Err(error) => return conclude(admission, Err(error)),
            };
            if let Some(admission) = &mut admission {
                admission.guard(&mut response);
            }
            telemetry.status = Some(response.status());
            let answer = admitted(&mut admission, pin!(A::receive(response, self, context, telemetry))).await;
            return conclude(admission, answer.map_err(explain));
        }
    }

    /// Sends a request, and a read again to another place of the server if that says so.
    async fn send<A: Answer>(
        &self,
        request: &mut Request<Body>,
        credential: Option<&Credential>,
        line: &Arc<RequestLine>,
    ) -> Result<Response<Body>, Error> {
        let may_follow = A::FOLLOWS_REDIRECTS && redirect::is_followed_by(request);
        let mut uri = self.resolve(request.uri())?;
        let mut redirects = 0;
        loop {
            let response = self.transmit(self.complete(request, uri.clone(), credential), A::DELIVERY, line).await?;
            match Redirect::of(&uri, &response).filter(|_| A::FOLLOWS_REDIRECTS) {
                Some(Redirect::SameOrigin(target)) if may_follow && redirects < MAX_REDIRECTS => {
                    tracing::debug!(path = line.path(), target = target.path(), "the request is redirected");
                    uri = target;
                    redirects += 1;
                }
                None => return Ok(response),
                Some(redirect) => return Err(response::redirected(line.method(), response, &redirect).await),
            }
        }
    }

    /// Hands a request to the transport.
    async fn transmit(
        &self,
        request: Request<Body>,
        delivery: Delivery,
        line: &Arc<RequestLine>,
    ) -> Result<Response<Body>, Error> {
        let response = self.transport.send(request, delivery).await;
        let response = response.map_err(|error| Error::from_service(error, self.server.as_ref()))?;
        let (mut head, body) = response.into_parts();
        self.warnings.handle(&head.headers, &mut head.extensions, line);
        Ok(Response::from_parts(head, body.of_request(line)))
    }

    /// A request as it is sent: with what is the same in all requests to this server. Takes a body that can be sent only
    /// once, and leaves any other.
    fn complete(&self, request: &mut Request<Body>, uri: Uri, credential: Option<&Credential>) -> Request<Body> {
        let body = request.body().try_clone().unwrap_or_else(|| std::mem::take(request.body_mut()));
        let mut complete = Request::new(body);
        *complete.method_mut() = request.method().clone();
        *complete.uri_mut() = uri;
        *complete.version_mut() = request.version();
        *complete.extensions_mut() = request.extensions().clone();
        let headers = complete.headers_mut();
        *headers = request.headers().clone();
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
        if !self.compression {
            headers.remove(ACCEPT_ENCODING);
        }
        if let Some(value) = credential.and_then(Credential::header) {
            headers.insert(AUTHORIZATION, value.clone());
        }
        complete
    }

    /// The path and query of `target` at the server, behind the prefix of its path.
    fn resolve(&self, target: &Uri) -> Result<Uri, Error> {
        let Some(server) = &self.server else { return Ok(target.clone()) };
        resolve(server, target).map_err(|error| Error::new(Kind::Uri(error)))
    }

    /// Waits until the rate limit lets a request through.
    async fn rate_limited(&self) {
        if let Some(limit) = &self.rate_limit {
            limit.acquire().await;
        }
    }

    /// Our own timeout.
    fn timed_out(&self, previous: Option<Error>) -> Error {
        let limit = self.limits.request_timeout.unwrap_or_default();
        Error::new(Kind::Timeout { limit, previous: previous.map(Box::new) })
    }
}

/// Runs a part of a request within the permits of its write, if it is one.
async fn admitted<T>(
    admission: &mut Option<Admission>,
    part: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match admission {
        Some(admission) => admission.run(part).await,
        None => part.await,
    }
}

/// Tells the hooks of a write its outcome.
fn conclude<A: Answer>(admission: Option<Admission>, result: Result<A, Error>) -> Result<A, Error> {
    if let Some(admission) = admission {
        match &result {
            Err(error) => admission.failed(error),
            Ok(answer) => match answer.refusal() {
                Some(error) => admission.failed(&error),
                None => admission.succeeded(answer.encoded()),
            },
        }
    }
    result
}

/// Tells the hooks of a write that the server has refused the credentials.
fn conclude_refused(admission: Option<Admission>, sent: &Result<Response<Body>, Error>, line: &Arc<RequestLine>) {
    match (admission, sent) {
        (Some(admission), Ok(response)) => {
            admission.failed(&Error::from_http_status(response.status()).or_request(line));
        }
        (Some(admission), Err(error)) => admission.failed(error),
        (None, _) => {}
    }
}

fn refusal(sent: &Result<Response<Body>, Error>) -> Option<Refusal> {
    match sent {
        Ok(response) if response.status() == StatusCode::UNAUTHORIZED => Some(Refusal::Unauthorized),
        Err(error) if error.is_certificate_refused() => Some(Refusal::Certificate),
        _ => None,
    }
}

/// The path and query of `target` at `server`, behind the prefix of its path.
fn resolve(server: &Uri, target: &Uri) -> Result<Uri, http::Error> {
    let prefix = server.path().trim_end_matches('/');
    let mut parts = server.clone().into_parts();
    let target = target.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    parts.path_and_query =
        Some(if prefix.is_empty() { target } else { PathAndQuery::try_from(format!("{prefix}{target}"))? });
    Ok(Uri::from_parts(parts)?)
}

/// The deadline of a request has passed.
struct Elapsed;

async fn within<T>(deadline: Option<Instant>, future: impl Future<Output = T>) -> Result<T, Elapsed> {
    match deadline {
        None => Ok(future.await),
        Some(deadline) => tokio::time::timeout_at(deadline, future).await.map_err(|_| Elapsed),
    }
}
