//! From a request to its response.

use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use tracing::Instrument as _;

use super::body::{BodyError, JSON, drain, read};
use super::{BoxError, CONVERT_PATH, Inner, MAX_ADMISSION_BYTES, MAX_CONVERSION_BYTES};
use crate::admission::{self, decide};
use crate::authenticate::Caller;
use crate::clock::{self, Instant};
use crate::conversion::{self, PANIC, convert_all};
use crate::webhook::Webhook;

const TEXT: &str = "text/plain; charset=utf-8";
/// The default of `timeoutSeconds`.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// The most that `timeoutSeconds` may be. API servers set no limit for a conversion; it is a guard there.
const MAX_TIMEOUT: Duration = Duration::from_secs(30);

impl Inner {
    pub(super) async fn respond<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Error: Into<BoxError>>,
    {
        let (head, body) = request.into_parts();
        let (path, mut body) = (head.uri.path(), pin!(body));
        let webhook = self.admission.get(path).cloned();
        let converts = path == CONVERT_PATH && !self.conversion.is_empty();
        if webhook.is_none() && !converts {
            drain(body, deadline(&head, DEFAULT_TIMEOUT, MAX_TIMEOUT)).await;
            return response(StatusCode::NOT_FOUND, TEXT, "there is no webhook at this path\n");
        }
        let in_flight = self.counters.start(path);
        let deadline = match webhook {
            Some(_) => deadline(&head, DEFAULT_TIMEOUT, MAX_TIMEOUT),
            None => deadline(&head, self.conversion_timeout(), self.conversion_timeout()),
        };
        let response = match self.refusal(&head, deadline).await {
            Some(refusal) => {
                drain(body.as_mut(), deadline).await;
                refusal
            }
            None => match webhook {
                Some(webhook) => self.admit(&webhook, &head, body, deadline).await,
                None => self.convert_objects(&head, body, deadline).await,
            },
        };
        in_flight.finish(response.status().as_u16());
        response
    }

    fn conversion_timeout(&self) -> Duration {
        self.conversion_timeout.unwrap_or(MAX_TIMEOUT)
    }

    /// The response to a request that is refused before its body is read.
    async fn refusal(&self, head: &Parts, deadline: Instant) -> Option<Response<Full<Bytes>>> {
        if head.method != Method::POST {
            let mut refusal = response(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only POST is allowed\n");
            refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            return Some(refusal);
        }
        let authenticate = self.authenticate.as_ref()?;
        let caller = Caller::new(head);
        let decision = AssertUnwindSafe(async { authenticate(caller).await }).catch_unwind();
        let reason = match clock::timeout_at(deadline, decision).await {
            Ok(Ok(Ok(()))) => return None,
            Ok(Ok(Err(reason))) => reason,
            Ok(Err(_)) => "the authentication panicked".to_owned(),
            Err(_) => "timed out authenticating the caller".to_owned(),
        };
        tracing::warn!(path = head.uri.path(), reason, "refused an unauthenticated webhook call");
        Some(response(StatusCode::UNAUTHORIZED, TEXT, "unauthorized\n"))
    }

    async fn admit<B>(
        &self,
        webhook: &Webhook,
        head: &Parts,
        body: Pin<&mut B>,
        deadline: Instant,
    ) -> Response<Full<Bytes>>
    where
        B: Body<Error: Into<BoxError>>,
    {
        let (limit, room) = (self.max_admission_bytes.unwrap_or(MAX_ADMISSION_BYTES), self.budget.of_admission());
        let failed = |code, message: String| {
            tracing::warn!(path = webhook.path, code, message, "can't handle an admission request");
            review(&admission::Answer::error(code, message), "admission.k8s.io/v1", "")
        };
        let body = match read(head, body, limit, room, deadline).await {
            Ok(body) => body,
            Err(BodyError::Refused { code, message }) => return failed(code, message),
            Err(BodyError::NoRoom) => return no_room(head),
        };
        let (version, request) = match admission::Review::read(&body.bytes) {
            Ok(read) => read,
            Err(error) => return failed(400, error.to_string()),
        };
        let decision = decide(&webhook.handlers, &request, deadline).instrument(request.span(&webhook.path));
        let decision = AssertUnwindSafe(decision).catch_unwind();
        let answer = match clock::timeout_at(deadline, decision).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(payload)) => {
                self.counters.count_admission_panic();
                let message = panic_message(&*payload).unwrap_or("of an unknown type");
                tracing::error!(path = webhook.path, message, "a webhook panicked");
                admission::Answer::error(500, format!("panic: {message} [recovered]"))
            }
            Err(_) => {
                tracing::warn!(path = webhook.path, "timed out waiting for the handler of a webhook");
                admission::Answer::error(504, "timed out waiting for the handler of the webhook")
            }
        };
        review(&answer, version, &request.uid)
    }

    async fn convert_objects<B>(&self, head: &Parts, body: Pin<&mut B>, deadline: Instant) -> Response<Full<Bytes>>
    where
        B: Body<Error: Into<BoxError>>,
    {
        let (limit, room) = (self.max_conversion_bytes.unwrap_or(MAX_CONVERSION_BYTES), self.budget.of_conversion());
        let failed = |code: i32, message: String| {
            tracing::warn!(code, message, "can't handle a conversion request");
            let code = u16::try_from(code).ok().and_then(|code| StatusCode::from_u16(code).ok());
            response(code.unwrap_or(StatusCode::BAD_REQUEST), TEXT, message)
        };
        let body = match read(head, body, limit, room, deadline).await {
            Ok(body) => body,
            Err(BodyError::Refused { code, message }) => return failed(code, message),
            Err(BodyError::NoRoom) => return no_room(head),
        };
        let (version, request) = match conversion::Review::read(&body.bytes) {
            Ok(read) => read,
            Err(error) => return failed(400, error.to_string()),
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

/// When the API server stops waiting, by its parameter `timeout`.
fn deadline(head: &Parts, default: Duration, most: Duration) -> Instant {
    let query = head.uri.query().unwrap_or_default();
    let timeout = query.split('&').find_map(|parameter| parameter.strip_prefix("timeout="));
    let timeout = timeout.and_then(|text| text.parse::<kubernetes_core::Duration>().ok()?.to_std());
    clock::later(timeout.unwrap_or(default).min(most))
}

/// Not a review: the webhook has not decided, so its failure policy does.
fn no_room(head: &Parts) -> Response<Full<Bytes>> {
    tracing::warn!(path = head.uri.path(), "too many bytes of webhook requests are in memory");
    response(StatusCode::SERVICE_UNAVAILABLE, TEXT, "too many bytes of requests are in memory\n")
}

fn panic_message(payload: &(dyn std::any::Any + Send)) -> Option<&str> {
    payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}

fn review(answer: &admission::Answer, version: &str, uid: &str) -> Response<Full<Bytes>> {
    let text = answer.write(version, uid).or_else(|error| {
        let message = format!("can't write the response: {error}");
        admission::Answer::error(500, message).write(version, uid)
    });
    // Only types with serde derives can fail to be written, and a review has none.
    response(StatusCode::OK, JSON, text.unwrap_or_default())
}

fn response(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
