//! What is told of each attempt: to the user's function, and as a `tracing` span.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode, Uri};
use tokio::time::Instant;
use tracing::Span;
use tracing::field::Empty;

use crate::Error;
use crate::client::Inner;
use crate::error::RequestLine;
use crate::path_template::path_template;

pub(crate) type Observer = Arc<dyn Fn(&Observation<'_>) + Send + Sync>;

/// One attempt of a request, when it has ended.
///
/// Given to the function set by [`ClientBuilder::observe`](crate::ClientBuilder::observe). Neither query, headers nor
/// body are shown, so nothing is secret.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    line: &'a RequestLine,
    attempt: u32,
    duration: Duration,
    status: Option<StatusCode>,
    error: Option<&'a Error>,
    bytes: Option<u64>,
    finished: bool,
}

impl Observation<'_> {
    /// The method of the request.
    pub fn method(&self) -> &Method {
        self.line.method()
    }

    /// The path of the request, without its query.
    pub fn path(&self) -> &str {
        self.line.path()
    }

    /// The path with placeholders for names, as `/api/v1/namespaces/{namespace}/pods/{name}/log`: a label for metrics
    /// that has few values.
    pub fn path_template(&self) -> String {
        path_template(self.line.path())
    }

    /// Which attempt it was; the first is 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// From sending the request until its response was read; for watches and logs, until the response began.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// The status of the response.
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// Why the attempt failed.
    pub fn error(&self) -> Option<&Error> {
        self.error
    }

    /// How many bytes the response has, after decompression; `None` for watches and logs, and for what failed.
    pub fn bytes(&self) -> Option<u64> {
        self.bytes
    }

    /// In a word why the attempt failed: the HTTP status, or `connect`, `timeout`, `decode`, `canceled` (the future was
    /// dropped) or `transport`. OpenTelemetry's `error.type`.
    pub fn error_type(&self) -> Option<&str> {
        if !self.finished {
            return Some("canceled");
        }
        let error = self.error?;
        Some(match (self.status, error) {
            (Some(status), _) if !status.is_success() => canonical(status),
            (_, error) if error.is_timeout() => "timeout",
            (_, error) if error.is_connect() => "connect",
            (_, error) if error.is_decode() => "decode",
            _ => "transport",
        })
    }
}

/// The status as text that lives for ever.
fn canonical(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "400",
        401 => "401",
        403 => "403",
        404 => "404",
        409 => "409",
        410 => "410",
        422 => "422",
        429 => "429",
        500 => "500",
        502 => "502",
        503 => "503",
        504 => "504",
        code if code < 400 => "3xx",
        code if code < 500 => "4xx",
        _ => "5xx",
    }
}

/// An attempt under way. If it is dropped before its end, it was canceled.
pub(crate) struct Flight<'a> {
    client: &'a Inner,
    line: &'a RequestLine,
    attempt: u32,
    started: Instant,
    span: Span,
    pub(crate) status: Option<StatusCode>,
    pub(crate) bytes: Option<u64>,
    finished: bool,
}

impl<'a> Flight<'a> {
    pub(crate) fn new(client: &'a Inner, line: &'a RequestLine, attempt: u32) -> Self {
        // A client around another leaves the span to that.
        let span = client.server.as_ref().map_or_else(Span::none, |server| span(server, line, attempt));
        Self { client, line, attempt, started: Instant::now(), span, status: None, bytes: None, finished: false }
    }

    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    pub(crate) fn finish(mut self, error: Option<&Error>) {
        self.finished = true;
        self.report(error);
    }

    fn report(&self, error: Option<&Error>) {
        let observation = Observation {
            line: self.line,
            attempt: self.attempt,
            duration: self.started.elapsed(),
            status: self.status.or_else(|| error.and_then(Error::http_status)),
            error,
            bytes: self.bytes.filter(|_| self.finished && error.is_none()),
            finished: self.finished,
        };
        self.client.counters.count(&observation);
        if let Some(status) = observation.status {
            self.span.record("http.response.status_code", status.as_u16());
        }
        if let Some(bytes) = observation.bytes {
            self.span.record("http.response.body.size", bytes);
        }
        if let Some(error_type) = observation.error_type() {
            self.span.record("error.type", error_type).record("otel.status_code", "ERROR");
        }
        if let Some(observer) = &self.client.policy.observer {
            observer(&observation);
        }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.report(None);
        }
    }
}

/// A client span with OpenTelemetry's names for HTTP (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/>).
fn span(server: &Uri, line: &RequestLine, attempt: u32) -> Span {
    let span = tracing::debug_span!(
        "HTTP",
        otel.kind = "client",
        otel.name = Empty,
        otel.status_code = Empty,
        http.request.method = %line.method(),
        http.request.resend_count = Empty,
        http.response.status_code = Empty,
        http.response.body.size = Empty,
        url.path = line.path(),
        url.template = Empty,
        server.address = server.host().unwrap_or_default(),
        server.port = Empty,
        error.type = Empty,
    );
    if !span.is_disabled() {
        let template = path_template(line.path());
        span.record("otel.name", format!("{} {template}", line.method())).record("url.template", template);
        let default = if server.scheme_str() == Some("http") { 80 } else { 443 };
        span.record("server.port", server.port_u16().unwrap_or(default));
        if attempt > 1 {
            span.record("http.request.resend_count", attempt - 1);
        }
    }
    span
}
