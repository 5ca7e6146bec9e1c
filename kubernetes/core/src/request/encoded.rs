use std::fmt;

use bytes::Bytes;
use http::HeaderValue;

use crate::cbor;
use crate::json::{self, DecodeError, Value};

/// The body of an answer, and the media type that says how to decode it.
///
/// ```
/// use http::HeaderValue;
/// use kubernetes_core::{Encoded, Map, Str, cbor};
///
/// let labels: Map<Str> = [("app", "web")].into();
/// let json = Encoded::new(None, r#"{"app":"web"}"#);
/// assert_eq!(json.decode::<Map<Str>>()?, labels);
///
/// let cbor = Encoded::new(HeaderValue::from_static("application/cbor"), cbor::to_vec(&labels)?);
/// assert_eq!(cbor.decode::<Map<Str>>()?, labels);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Encoded {
    content_type: Option<HeaderValue>,
    bytes: Bytes,
}

impl Encoded {
    /// A body with its `Content-Type`, if it has one.
    pub fn new(content_type: impl Into<Option<HeaderValue>>, bytes: impl Into<Bytes>) -> Self {
        Self { content_type: content_type.into(), bytes: bytes.into() }
    }

    /// The media type without its parameters; empty if there is none.
    pub fn media_type(&self) -> &str {
        let content_type = self.content_type.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default();
        content_type.split(';').next().unwrap_or_default().trim()
    }

    /// The bytes as they came. To clone them copies nothing.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Decodes what is [CBOR](cbor::MEDIA_TYPE) as such, and anything else as JSON, by whatever name.
    ///
    /// # Errors
    /// If the bytes are not in that format, or do not fit the type; the error names the place.
    pub fn decode<V: Value>(&self) -> Result<V, DecodeError> {
        if self.media_type().eq_ignore_ascii_case(cbor::MEDIA_TYPE) {
            cbor::from_slice(&self.bytes)
        } else {
            json::from_slice(&self.bytes)
        }
    }
}

impl fmt::Debug for Encoded {
    /// The bytes are left out: they may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encoded({}, {} bytes)", self.media_type(), self.bytes.len())
    }
}
