//! From a request to its response.

use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use tracing::Instrument as _;

use super::body::{BodyError, Buffered, Incoming, JSON, drain};
use super::budget::Room;
use super::{BoxError, CONVERT_PATH, Inner, MAX_ADMISSION_BYTES, MAX_CONVERSION_BYTES, MAX_REVIEW_BYTES};
use crate::admission::{self, decide};
use crate::authenticate::{Authenticate, Caller};
use crate::clock::{self, Instant};
use crate::conversion::{self, PANIC, convert_all};
use crate::review::{Answer, ReviewHandler};
use crate::run::{Failure, run};
use crate::webhook::Webhook;

const TEXT: &str = "text/plain; charset=utf-8";
/// The default of `timeoutSeconds`.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// The most that `timeoutSeconds` may be. API servers set no limit for a conversion; it is a guard there. For reviews of
/// tokens and access it is their client's timeout (`defaultRequestTimeout` of apiserver's `util/webhook`), which they
/// don't send.
const MAX_TIMEOUT: Duration = Duration::from_secs(30);

/// The webhook at a path.
#[derive(Clone, Copy)]
enum Endpoint<'a> {
    Admission(&'a Webhook),
    Conversion,
    Review(&'a dyn ReviewHandler),
}

impl Inner {
    pub(super) async fn respond<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Error: Into<BoxError>>,
    {
        let (head, body) = request.into_parts();
        let (path, mut body) = (head.uri.path(), pin!(body));
        let Some(endpoint) = self.endpoint(path) else {
            drain(body, deadline(&head, DEFAULT_TIMEOUT, MAX_TIMEOUT)).await;
            return response(StatusCode::NOT_FOUND, TEXT, "there is no webhook at this path\n");
        };
        let in_flight = self.counters.start(path);
        let deadline = match endpoint {
            Endpoint::Admission(_) => deadline(&head, DEFAULT_TIMEOUT, MAX_TIMEOUT),
            Endpoint::Review(_) => deadline(&head, MAX_TIMEOUT, MAX_TIMEOUT),
            Endpoint::Conversion => deadline(&head, self.conversion_timeout(), self.conversion_timeout()),
        };
        let response = match self.receive(endpoint, &head, body.as_mut(), deadline).await {
            Ok(body) => match endpoint {
                Endpoint::Admission(webhook) => self.admit(webhook, &body.bytes, deadline).await,
                Endpoint::Conversion => self.convert_objects(&body.bytes, deadline).await,
                Endpoint::Review(handler) => {
                    answer_of(handler.handle(path, &body.bytes, deadline, &self.counters).await)
                }
            },
            Err(refusal) => {
                drain(body, deadline).await;
                refusal
            }
        };
        in_flight.finish(response.status().as_u16());
        response
    }

    fn endpoint(&self, path: &str) -> Option<Endpoint<'_>> {
        if let Some(webhook) = self.admission.get(path) {
            return Some(Endpoint::Admission(webhook));
        }
        if let Some(handler) = self.reviews.get(path) {
            return Some(Endpoint::Review(&**handler));
        }
        (path == CONVERT_PATH && !self.conversion.is_empty()).then_some(Endpoint::Conversion)
    }

    fn conversion_timeout(&self) -> Duration {
        self.conversion_timeout.unwrap_or(MAX_TIMEOUT)
    }

    /// The limit of a request, and the room for it.
    fn limits(&self, endpoint: Endpoint<'_>) -> (usize, Room<'_>) {
        match endpoint {
            Endpoint::Admission(_) => {
                (self.max_admission_bytes.unwrap_or(MAX_ADMISSION_BYTES), self.budget.of_admission())
            }
            Endpoint::Conversion => {
                (self.max_conversion_bytes.unwrap_or(MAX_CONVERSION_BYTES), self.budget.of_conversion())
            }
            Endpoint::Review(_) => (MAX_REVIEW_BYTES, self.budget.of_reviews()),
        }
    }

    /// The body of a request, or the response that refuses it.
    async fn receive<B>(
        &self,
        endpoint: Endpoint<'_>,
        head: &Parts,
        body: Pin<&mut B>,
        deadline: Instant,
    ) -> Result<Buffered, Response<Full<Bytes>>>
    where
        B: Body<Error: Into<BoxError>>,
    {
        if head.method != Method::POST {
            let mut refusal = response(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only POST is allowed\n");
            refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            return Err(refusal);
        }
        let (limit, room) = self.limits(endpoint);
        let mut body = Incoming::new(head, body, limit);
        if let Some(authenticate) = &self.authenticate {
            let decision = pin!(decide_caller(&**authenticate, head, deadline));
            // With HTTP/2, the window of a connection is for the unread bytes of all requests. If it were full of
            // those that wait for this decision, others on the connection, whose callers are known, would wait, too.
            let ahead = pin!(body.read_ahead(self.budget.of_unauthenticated()));
            match select(decision, ahead).await {
                Either::Left((decision, _)) => decision?,
                Either::Right(((), decision)) => decision.await?,
            }
        }
        body.read(room, deadline).await.map_err(|error| match error {
            BodyError::Refused { code, message } => failed(endpoint, head.uri.path(), code, message),
            BodyError::NoRoom => no_room(head),
        })
    }

    async fn admit(&self, webhook: &Webhook, body: &[u8], deadline: Instant) -> Response<Full<Bytes>> {
        let (version, request) = match admission::Review::read(body) {
            Ok(read) => read,
            Err(error) => return failed(Endpoint::Admission(webhook), &webhook.path, 400, error.to_string()),
        };
        let decision = decide(&webhook.handlers, &request, deadline).instrument(request.span(&webhook.path));
        let answer = match run(decision, deadline).await {
            Ok(answer) => answer,
            Err(Failure::Panicked(message)) => {
                self.counters.count_panic();
                tracing::error!(path = webhook.path, message, "a webhook panicked");
                admission::Answer::error(500, format!("panic: {message} [recovered]"))
            }
            Err(Failure::TimedOut) => {
                tracing::warn!(path = webhook.path, "timed out waiting for the handler of a webhook");
                admission::Answer::error(504, "timed out waiting for the handler of the webhook")
            }
        };
        admission_review(&answer, version, &request.uid)
    }

    async fn convert_objects(&self, body: &[u8], deadline: Instant) -> Response<Full<Bytes>> {
        let (version, request) = match conversion::Review::read(body) {
            Ok(read) => read,
            Err(error) => return failed(Endpoint::Conversion, CONVERT_PATH, 400, error.to_string()),
        };
        let converted = convert_all(&self.conversion, &request.desired_api_version, &request.objects);
        let result = match clock::timeout_at(deadline, converted).await {
            Ok(Ok(objects)) => Ok(objects),
            Ok(Err(conversion::Failure::Message(message))) => Err(message),
            Ok(Err(conversion::Failure::Panic)) => {
                self.counters.count_conversion_panic();
                Err(PANIC.to_owned())
            }
            Err(_) => Err("timed out converting objects".to_owned()),
        };
        if let Err(message) = &result {
            tracing::error!(desired = request.desired_api_version.as_str(), message, "can't convert objects");
        }
        response(StatusCode::OK, JSON, conversion::Answer(result).write(version, &request.uid))
    }
}

/// Returns an error, the response, unless the caller may call webhooks.
async fn decide_caller(
    authenticate: &Authenticate,
    head: &Parts,
    deadline: Instant,
) -> Result<(), Response<Full<Bytes>>> {
    let caller = Caller::new(head);
    let reason = match run(async { authenticate(caller).await }, deadline).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(reason)) => reason,
        Err(Failure::Panicked(_)) => "the authentication panicked".to_owned(),
        Err(Failure::TimedOut) => "timed out authenticating the caller".to_owned(),
    };
    tracing::warn!(path = head.uri.path(), reason, "refused an unauthenticated webhook call");
    Err(response(StatusCode::UNAUTHORIZED, TEXT, "unauthorized\n"))
}

/// When the API server stops waiting, by its parameter `timeout`.
fn deadline(head: &Parts, default: Duration, most: Duration) -> Instant {
    let query = head.uri.query().unwrap_or_default();
    let timeout = query.split('&').find_map(|parameter| parameter.strip_prefix("timeout="));
    let timeout = timeout.and_then(|text| text.parse::<kubernetes_core::Duration>().ok()?.to_std());
    clock::later(timeout.unwrap_or(default).min(most))
}

/// The response to a request that can't be read.
fn failed(endpoint: Endpoint<'_>, path: &str, code: u16, message: String) -> Response<Full<Bytes>> {
    match endpoint {
        Endpoint::Admission(_) => {
            tracing::warn!(path, code, message, "can't handle an admission request");
            admission_review(&admission::Answer::error(code.into(), message), "admission.k8s.io/v1", "")
        }
        Endpoint::Conversion => {
            tracing::warn!(code, message, "can't handle a conversion request");
            answer_of(Answer::Failure { code, message })
        }
        Endpoint::Review(handler) => answer_of(handler.failure(path, code, message)),
    }
}

/// Not a review: the webhook has not decided, so its failure policy does.
fn no_room(head: &Parts) -> Response<Full<Bytes>> {
    tracing::warn!(path = head.uri.path(), "too many bytes of webhook requests are in memory");
    response(StatusCode::SERVICE_UNAVAILABLE, TEXT, "too many bytes of requests are in memory\n")
}

fn admission_review(answer: &admission::Answer, version: &str, uid: &str) -> Response<Full<Bytes>> {
    let text = answer.write(version, uid).or_else(|error| {
        let message = format!("can't write the response: {error}");
        admission::Answer::error(500, message).write(version, uid)
    });
    // Only types with serde derives can fail to be written, and a review has none.
    response(StatusCode::OK, JSON, text.unwrap_or_default())
}

fn answer_of(answer: Answer) -> Response<Full<Bytes>> {
    match answer {
        Answer::Review(text) => response(StatusCode::OK, JSON, text),
        Answer::Failure { code, message } => {
            response(StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST), TEXT, message)
        }
    }
}

fn response(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
