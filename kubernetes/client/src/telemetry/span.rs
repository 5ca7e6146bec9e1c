use http::Uri;
use tracing::Span;
use tracing::field::Empty;

use crate::error::RequestLine;
use crate::path;

/// A client span with OpenTelemetry's names for HTTP (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/>).
pub(super) fn attempt(server: &Uri, line: &RequestLine, attempt: u32) -> Span {
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
        let template = path::template(line.path());
        span.record("otel.name", format!("{} {template}", line.method())).record("url.template", template);
        let default = if server.scheme_str() == Some("http") { 80 } else { 443 };
        span.record("server.port", server.port_u16().unwrap_or(default));
        if attempt > 1 {
            span.record("http.request.resend_count", attempt - 1);
        }
    }
    span
}
