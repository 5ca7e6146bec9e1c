//! Responses in the text form of Go's `DumpResponse` and `ReadResponse`.

use bytes::{Buf, Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use kubernetes_client::Body;

/// Prefix of the headers that record the request headers which a response varies by.
const VARIED: &str = "x-varied-";

/// A cached response.
pub(super) struct Cached {
    pub(super) headers: HeaderMap,
    body: Bytes,
}

impl Cached {
    /// Whether the request has the same values in all headers that the response varies by.
    pub(super) fn varies_as(&self, asked: &HeaderMap) -> bool {
        varied(&self.headers).all(|name| {
            let before = varied_name(&name).and_then(|varied| self.headers.get(varied));
            before.map_or(&[][..], HeaderValue::as_bytes) == asked.get(&name).map_or(&[][..], HeaderValue::as_bytes)
        })
    }

    /// The response, updated with the headers of the server's revalidation.
    pub(super) fn into_response(self, newer: &HeaderMap) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.headers_mut() = self.headers;
        for (name, value) in newer.iter().filter(|(name, _)| !is_framing(name)) {
            response.headers_mut().insert(name, value.clone());
        }
        response
    }
}

/// The headers that the response varies by, other than that of the encoding, since cached responses are decoded.
fn varied(headers: &HeaderMap) -> impl Iterator<Item = HeaderName> {
    let values = headers.get_all(VARY).iter().filter_map(|value| value.to_str().ok());
    let names = values.flat_map(|value| value.split(',')).filter_map(|name| name.trim().parse::<HeaderName>().ok());
    names.filter(|name| name != http::header::ACCEPT_ENCODING)
}

fn varied_name(name: &HeaderName) -> Option<HeaderName> {
    format!("{VARIED}{name}").parse().ok()
}

fn is_framing(name: &HeaderName) -> bool {
    [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION].contains(name)
}

/// Writes a response with the status 200.
pub(super) fn write(headers: &HeaderMap, asked: &HeaderMap, body: &[u8]) -> Vec<u8> {
    let mut text = b"HTTP/1.1 200 OK\r\n".to_vec();
    let mut line = |name: &str, value: &[u8]| {
        text.extend_from_slice(name.as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value);
        text.extend_from_slice(b"\r\n");
    };
    line("content-length", body.len().to_string().as_bytes());
    for (name, value) in headers.iter().filter(|(name, _)| !is_framing(name)) {
        line(name.as_str(), value.as_bytes());
    }
    for name in varied(headers) {
        if let (Some(varied), Some(value)) = (varied_name(&name), asked.get(&name)) {
            line(varied.as_str(), value.as_bytes());
        }
    }
    text.extend_from_slice(b"\r\n");
    text.extend_from_slice(body);
    text
}

/// Reads a response with the status 200; `None` if it is anything else.
pub(super) fn read(response: &Bytes) -> Option<Cached> {
    let end = response.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&response[..end]).ok()?;
    let body = response.slice(end + 4..);
    let mut lines = head.split("\r\n");
    let status = lines.next()?;
    if !(status.starts_with("HTTP/") && status.split(' ').nth(1) == Some("200")) {
        return None;
    }
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':')?;
        headers.append(name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value.trim()).ok()?);
    }
    if headers.contains_key(CONTENT_ENCODING) {
        return None;
    }
    let length = headers.get(CONTENT_LENGTH).map(|length| length.to_str().ok()?.parse::<usize>().ok());
    let body = match length {
        Some(length) => Some(body).filter(|body| Some(body.len()) == length)?,
        None if headers.get(TRANSFER_ENCODING).is_some_and(|coding| coding == "chunked") => unchunked(body)?,
        None => body,
    };
    Some(Cached { headers, body })
}

/// Decodes chunks (RFC 9112, §7.1), which Go writes without extensions.
fn unchunked(mut text: Bytes) -> Option<Bytes> {
    let mut whole = BytesMut::new();
    loop {
        let end = text.windows(2).position(|window| window == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&text[..end]).ok()?, 16).ok()?;
        text.advance(end + 2);
        if length == 0 {
            return Some(whole.freeze());
        }
        let chunk = text.get(..length)?;
        whole.extend_from_slice(chunk);
        text.advance(length);
        text = text.strip_prefix(b"\r\n").map(|rest| text.slice_ref(rest))?;
    }
}
