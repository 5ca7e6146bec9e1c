use std::time::Duration;

use http::{Method, StatusCode};

use crate::error::{Error, RequestLine};
use crate::path;

/// A completed attempt of a request.
///
/// Passed to the function set with [`ClientBuilder::observe`](crate::ClientBuilder::observe). It has neither the query
/// nor headers or bodies, so nothing in it is secret.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    pub(super) line: &'a RequestLine,
    pub(super) attempt: u32,
    pub(super) duration: Duration,
    pub(super) status: Option<StatusCode>,
    pub(super) error: Option<&'a Error>,
    pub(super) sent_bytes: Option<u64>,
    pub(super) bytes: Option<u64>,
    pub(super) finished: bool,
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

    /// The path with placeholders for names, such as `/api/v1/namespaces/{namespace}/pods/{name}/log`, which is a
    /// metrics label with few values.
    pub fn path_template(&self) -> String {
        path::template(self.line.path())
    }

    /// The number of the attempt, counted from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The time from sending the request until its response was read; for watches and logs, until the response began.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// The status of the response.
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// The error of the attempt.
    pub fn error(&self) -> Option<&Error> {
        self.error
    }

    /// The size of the request's body in bytes; `None` if it is not known before it is sent.
    pub fn sent_bytes(&self) -> Option<u64> {
        self.sent_bytes
    }

    /// The size of the response in bytes after decompression; `None` for watches, logs and failures.
    pub fn bytes(&self) -> Option<u64> {
        self.bytes
    }

    /// The kind of failure: the HTTP status, or `connect`, `timeout`, `decode`, `canceled` (the future was dropped) or
    /// `transport`; OpenTelemetry's `error.type`.
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

/// The status as text that lives forever.
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
