//! The reports of each attempt of a request: a `tracing` span, counters, and a call of the user's observer.

mod counts;
mod observation;
mod span;

use std::sync::Arc;

use http::{StatusCode, Uri};
use tokio::time::Instant;
use tracing::Span;

use crate::clock;
use crate::error::{Error, RequestLine};

use counts::Counters;
pub use counts::Counts;
pub use observation::Observation;

pub(crate) type Observer = Arc<dyn Fn(&Observation<'_>) + Send + Sync>;

/// The telemetry of a client and its clones.
#[derive(Default)]
pub(crate) struct Telemetry {
    /// For spans; `None` for a client around a service, which leaves them to a client inside it.
    server: Option<Uri>,
    observer: Option<Observer>,
    counters: Counters,
}

impl Telemetry {
    pub(crate) fn new(server: Option<Uri>, observer: Option<Observer>) -> Self {
        Self { server, observer, counters: Counters::default() }
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counters.snapshot()
    }

    /// Begins an attempt with a body of this size; the first is 1.
    pub(crate) fn attempt<'a>(&'a self, line: &'a RequestLine, attempt: u32, sent_bytes: Option<u64>) -> Attempt<'a> {
        let span = self.server.as_ref().map_or_else(Span::none, |server| span::attempt(server, line, attempt));
        Attempt {
            telemetry: self,
            line,
            attempt,
            started: clock::now(),
            span,
            status: None,
            sent_bytes,
            bytes: None,
            finished: false,
        }
    }
}

/// An attempt under way. If it is dropped before its end, it was canceled.
pub(crate) struct Attempt<'a> {
    telemetry: &'a Telemetry,
    line: &'a RequestLine,
    attempt: u32,
    started: Instant,
    span: Span,
    pub(crate) status: Option<StatusCode>,
    sent_bytes: Option<u64>,
    pub(crate) bytes: Option<u64>,
    finished: bool,
}

impl Attempt<'_> {
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
            duration: clock::now().duration_since(self.started),
            status: self.status.or_else(|| error.and_then(Error::http_status)),
            error,
            sent_bytes: self.sent_bytes,
            bytes: self.bytes.filter(|_| self.finished && error.is_none()),
            finished: self.finished,
        };
        self.telemetry.counters.count(&observation);
        if let Some(status) = observation.status {
            self.span.record("http.response.status_code", status.as_u16());
        }
        if let Some(bytes) = observation.bytes {
            self.span.record("http.response.body.size", bytes);
        }
        if let Some(error_type) = observation.error_type() {
            self.span.record("error.type", error_type).record("otel.status_code", "ERROR");
        }
        if let Some(observer) = &self.telemetry.observer {
            observer(&observation);
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.report(None);
        }
    }
}
