//! Error responses: the server's `Status`, or what can be told without one.

use std::fmt;
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, Method, StatusCode};
use kubernetes_core::text::{MAX_MESSAGE_BYTES, printable};
use kubernetes_core::{Encoded, Status, Str};

use super::causes::Cause;

/// How much of a body without a `Status` is kept.
const KEPT_BYTES: usize = 1024;

/// The longest wait that counts, 68 years: that of a `Status`. A longer one could not be added to a time.
const MAX_RETRY_AFTER_SECONDS: u64 = i32::MAX as u64;

/// The response to a request that failed.
#[derive(Debug)]
pub(crate) struct ErrorResponse {
    http_status: Option<StatusCode>,
    retry_after: Option<Duration>,
    status: Status,
    /// Whether the message is the body of a response without a `Status`.
    is_body: bool,
    causes: Option<Box<Cause>>,
}

impl ErrorResponse {
    /// Reads the body of an error response; `complete` is false when there is more of it than was read.
    pub(crate) fn read(method: &Method, code: StatusCode, headers: &HeaderMap, body: &Encoded, complete: bool) -> Self {
        let sent = body.decode::<Status>().ok().filter(|status| complete && is_failure(status));
        let is_body = sent.is_none();
        let mut status = sent.unwrap_or_else(|| describe(method, code, text(body)));
        if status.code.is_none_or(|code| code <= 0) {
            status.code = Some(i32::from(code.as_u16()));
        }
        let retry_after = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let retry_after = retry_after.map(|seconds: u64| seconds.min(MAX_RETRY_AFTER_SECONDS));
        let causes = Cause::chain(&status);
        Self { http_status: Some(code), retry_after: retry_after.map(Duration::from_secs), status, is_body, causes }
    }

    pub(crate) fn status(&self) -> &Status {
        &self.status
    }

    pub(crate) fn http_status(&self) -> Option<StatusCode> {
        self.http_status
    }

    /// Replaces a text wherever the server has sent it.
    pub(crate) fn redact(&mut self, secret: &str) {
        let redact = |text: &mut Option<Str>| {
            if let Some(text) = text.as_mut().filter(|text| text.contains(secret)) {
                *text = text.replace(secret, "[redacted]").into();
            }
        };
        redact(&mut self.status.message);
        redact(&mut self.status.reason);
        for cause in self.status.details.iter_mut().flat_map(|details| &mut details.causes) {
            redact(&mut cause.field);
            redact(&mut cause.message);
            redact(&mut cause.reason);
        }
        self.causes = Cause::chain(&self.status);
    }

    /// Leaves the beginning of a body without a `Status`.
    pub(crate) fn shorten(&mut self) {
        if let Some(message) = self.status.message.as_mut().filter(|_| self.is_body) {
            *message = printable(message, KEPT_BYTES).into();
        }
    }

    /// As client-go, a date in the header is not read.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.retry_after.or_else(|| self.status.retry_after())
    }

    pub(crate) fn retry_after_header(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The causes, one the source of the other.
    pub(crate) fn causes(&self) -> Option<&Cause> {
        self.causes.as_deref()
    }
}

impl From<Status> for ErrorResponse {
    fn from(status: Status) -> Self {
        let code = status.code.and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok());
        Self { http_status: code, retry_after: None, is_body: false, causes: Cause::chain(&status), status }
    }
}

impl fmt::Display for ErrorResponse {
    /// `404 Not Found: pods "web" not found`, as far as each is known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = self.status.reason.as_deref().unwrap_or_default();
        match (self.http_status, reason) {
            (Some(code), _) => write!(f, "{code}")?,
            (None, "") => f.write_str("the server refused")?,
            (None, reason) => f.write_str(&printable(reason, MAX_MESSAGE_BYTES))?,
        }
        match self.status.message.as_deref() {
            Some(message) if !message.is_empty() => write!(f, ": {}", printable(message, MAX_MESSAGE_BYTES)),
            _ => Ok(()),
        }
    }
}

/// Tells a `Status` from other JSON, whose unknown fields are skipped on reading.
fn is_failure(status: &Status) -> bool {
    status.status.as_deref() == Some("Failure") || status.reason.as_deref().is_some_and(|reason| !reason.is_empty())
}

/// The `Status` for a response that has none. The reasons are those of `NewGenericServerResponse` in
/// `apimachinery/pkg/api/errors`.
fn describe(method: &Method, code: StatusCode, message: String) -> Status {
    let reason = match code {
        StatusCode::CONFLICT if method == Method::POST => Some("AlreadyExists"),
        StatusCode::CONFLICT => Some("Conflict"),
        StatusCode::NOT_FOUND => Some("NotFound"),
        StatusCode::BAD_REQUEST => Some("BadRequest"),
        StatusCode::UNAUTHORIZED => Some("Unauthorized"),
        StatusCode::FORBIDDEN => Some("Forbidden"),
        StatusCode::NOT_ACCEPTABLE => Some("NotAcceptable"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Some("UnsupportedMediaType"),
        StatusCode::METHOD_NOT_ALLOWED => Some("MethodNotAllowed"),
        StatusCode::UNPROCESSABLE_ENTITY => Some("Invalid"),
        StatusCode::SERVICE_UNAVAILABLE => Some("ServiceUnavailable"),
        StatusCode::GATEWAY_TIMEOUT => Some("Timeout"),
        StatusCode::TOO_MANY_REQUESTS => Some("TooManyRequests"),
        StatusCode::INTERNAL_SERVER_ERROR => Some("InternalError"),
        StatusCode::GONE => Some("Gone"),
        _ => None,
    };
    Status {
        status: Some("Failure".into()),
        message: Some(message.into()),
        reason: reason.map(Into::into),
        code: Some(i32::from(code.as_u16())),
        ..Status::default()
    }
}

/// A body as text.
fn text(body: &Encoded) -> String {
    let bytes = body.bytes();
    if !body.is_cbor() {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let json = body.to_json();
    json.map_or_else(|_| format!("{} bytes of CBOR that can't be read", bytes.len()), Into::into)
}
