use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use http::HeaderValue;

#[cfg(feature = "cbor")]
use crate::cbor;
use crate::json::{Budget, Caches, DecodeError, Reader, Value};

/// The body of a response, and the media type that says how to decode it.
///
/// ```
/// use kubernetes_core::{Encoded, Map, Str};
///
/// let labels: Map<Str> = Encoded::new(None, r#"{"app":"web"}"#).decode()?;
/// assert_eq!(labels["app"], "web");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// With the feature `cbor`, it decodes `application/cbor` too.
#[derive(Clone)]
pub struct Encoded {
    content_type: Option<HeaderValue>,
    bytes: Bytes,
    budget: Budget,
}

impl Encoded {
    /// Creates a body with its `Content-Type`, if it has one.
    pub fn new(content_type: impl Into<Option<HeaderValue>>, bytes: impl Into<Bytes>) -> Self {
        Self { content_type: content_type.into(), bytes: bytes.into(), budget: Budget::default() }
    }

    /// Sets the amount of memory that the decoded document may take; by default that of [`Budget`].
    #[must_use]
    pub fn with_budget(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// The media type without parameters; empty if there is none.
    pub fn media_type(&self) -> &str {
        let content_type = self.content_type.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default();
        content_type.split(';').next().unwrap_or_default().trim()
    }

    /// The bytes as received. Cloning them copies nothing.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Whether the bytes are CBOR (RFC 8949), by their media type.
    pub fn is_cbor(&self) -> bool {
        self.media_type().eq_ignore_ascii_case("application/cbor")
    }

    /// Decodes CBOR if the media type says so, and JSON otherwise.
    ///
    /// # Errors
    /// Returns an error if the bytes are not in that format, do not fit the type or take more memory than the
    /// [budget](Self::with_budget). The error names the place.
    pub fn decode<V: Value>(&self) -> Result<V, DecodeError> {
        let mut memory = self.budget.bytes(self.bytes.len());
        let text = self.to_json()?;
        if let Cow::Owned(text) = &text {
            // It counts too, as it is in memory together with the value.
            memory = memory.saturating_sub(text.len());
        }
        let mut reader = Reader::with_caches(&text, Caches::of_thread()).with_memory(memory);
        let value = V::decode(&mut reader).and_then(|value| reader.end().map(|()| value));
        reader.into_caches().keep_in_thread();
        value
    }

    /// The document as JSON text.
    ///
    /// # Errors
    /// Returns an error if the bytes are not CBOR or not valid UTF-8, depending on the media type. Does not check that
    /// text is JSON.
    pub fn to_json(&self) -> Result<Cow<'_, str>, DecodeError> {
        if self.is_cbor() {
            return self.cbor_to_json().map(Cow::Owned);
        }
        match std::str::from_utf8(&self.bytes) {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(error) => Err(DecodeError::new("the document is not valid UTF-8", error.valid_up_to())),
        }
    }

    #[cfg(feature = "cbor")]
    fn cbor_to_json(&self) -> Result<String, DecodeError> {
        cbor::to_json(&self.bytes)
    }

    #[cfg(not(feature = "cbor"))]
    #[cold]
    fn cbor_to_json(&self) -> Result<String, DecodeError> {
        Err(DecodeError::new("the document is CBOR: enable the feature `cbor` of kubernetes-core to read it", 0))
    }
}

impl fmt::Debug for Encoded {
    /// Omits the bytes, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encoded({}, {} bytes)", self.media_type(), self.bytes.len())
    }
}
