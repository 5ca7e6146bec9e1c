//! Responses with a complete body.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};

use crate::status::Status;

/// A response.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
}

pub(crate) const JSON: &str = "application/json";

impl Reply {
    pub(crate) fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { status, content_type, headers: Vec::new(), body: body.into() }
    }

    /// A JSON response; the text ends with a line feed, like that of Go's encoder.
    pub(crate) fn json(status: StatusCode, body: impl Into<Vec<u8>>) -> Self {
        let mut body = body.into();
        body.push(b'\n');
        Self::new(status, JSON, body)
    }

    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::json(StatusCode::OK, body)
    }

    pub(crate) fn text(status: StatusCode, body: &'static str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body)
    }

    pub(crate) fn page_not_found() -> Self {
        Self::text(StatusCode::NOT_FOUND, "404 page not found\n")
    }

    /// Adds warnings about dropped fields (RFC 7234, section 5.5).
    pub(crate) fn with_warnings(mut self, warnings: &[String]) -> Self {
        for warning in limited(warnings) {
            if let Ok(value) = HeaderValue::from_str(&format!("299 - {warning:?}")) {
                self.headers.push((http::header::WARNING, value));
            }
        }
        self
    }
}

impl From<&Status> for Reply {
    fn from(status: &Status) -> Self {
        let code = match status.code() {
            0 => StatusCode::OK,
            code => StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        };
        let mut reply = Self::json(code, status.to_string());
        if let Some(seconds) = status.retry_after() {
            reply.headers.push((http::header::RETRY_AFTER, seconds.into()));
        }
        reply
    }
}

/// Shortens warnings with a total of more than 4096 characters, like
/// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/endpoints/filters/warning.go>.
fn limited(warnings: &[String]) -> Vec<String> {
    const MAX_TOTAL: usize = 4 * 1024;
    const MAX_ITEM: usize = 256;
    let count = |text: &String| text.chars().count();
    if warnings.iter().map(count).sum::<usize>() <= MAX_TOTAL {
        return warnings.to_vec();
    }
    let shortened = warnings.iter().map(|warning| warning.chars().take(MAX_ITEM).collect::<String>());
    let mut total = 0;
    let fits = |warning: &String| {
        total += count(warning);
        total <= MAX_TOTAL
    };
    shortened.take_while(fits).collect()
}
