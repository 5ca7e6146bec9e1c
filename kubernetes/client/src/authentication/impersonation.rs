//! The headers by which a user acts as another.

use http::{HeaderMap, HeaderName, HeaderValue};
use kubernetes_config::Impersonate;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::Error;

/// The characters not allowed in the name of a header (RFC 9110, §5.6.2), and the `%` that escapes them.
const NO_TOKEN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'*')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The headers for `impersonate`, as client-go's `transport/round_trippers.go`. None may be left out: fewer groups or
/// no user would be other rights.
pub(crate) fn headers(impersonate: &Impersonate) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    // Values may be any UTF-8, which the server reads as such.
    let mut add = |name: String, text: &str| {
        let header = name.parse::<HeaderName>().ok().zip(HeaderValue::from_bytes(text.as_bytes()).ok());
        let (name, value) =
            header.ok_or_else(|| Error::build(format!("can't impersonate: {name} does not fit into a header")))?;
        headers.append(name, value);
        Ok::<(), Error>(())
    };
    add("impersonate-user".to_owned(), &impersonate.user)?;
    for group in &impersonate.groups {
        add("impersonate-group".to_owned(), group)?;
    }
    if let Some(uid) = &impersonate.uid {
        add("impersonate-uid".to_owned(), uid)?;
    }
    for (key, values) in &impersonate.extra {
        for value in values {
            add(format!("impersonate-extra-{}", utf8_percent_encode(key, NO_TOKEN)), value)?;
        }
    }
    Ok(headers)
}
