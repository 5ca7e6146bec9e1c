//! Values of `Authorization` headers.

use std::fmt::Display;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

/// Formats a bearer token (RFC 6750). `None` if it is empty, or has characters not allowed in a header.
pub(crate) fn bearer(token: &str) -> Option<HeaderValue> {
    if token.is_empty() { None } else { sensitive(&format!("Bearer {token}")) }
}

/// Formats user name and password (RFC 7617), in UTF-8.
pub(crate) fn basic(user: impl Display, password: impl Display) -> Option<HeaderValue> {
    sensitive(&format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
}

/// A value that `Debug` never shows, and that never enters HTTP/2's compression table.
fn sensitive(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}
