//! CBOR (RFC 8949), a binary form of JSON documents that API servers support with the feature gate
//! `CBORServingAndStorage`.
//!
//! ```
//! use kubernetes_core::{Map, Str, cbor};
//!
//! let labels: Map<Str> = [("app", "web")].into();
//! let bytes = cbor::to_vec(&labels)?;
//! assert!(bytes.starts_with(&cbor::SELF_DESCRIBED));
//! assert_eq!(cbor::from_slice::<Map<Str>>(&bytes)?, labels);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Documents are transcoded to and from JSON text, so every model can be read and written, and JSON's limits apply:
//! objects and lists nest at most 127 levels deep. The text is at most 8 times as long as the bytes. It counts towards
//! the default [budget](crate::json::Budget), whose size is based on the length of the bytes. The offset of an error
//! refers to the text, unless the bytes are not CBOR.
//!
//! It accepts the documents that the server accepts and writes
//! (<https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/runtime/serializer/cbor/internal/modes/decode.go>):
//! strings and keys may be byte strings, tagged bytes become base64, lengths may be indefinite, and unknown tags are
//! ignored; big numbers, NaN, infinities and `undefined` are errors. Unlike in the server, the last of duplicate keys
//! wins, as in JSON.

mod decode;
mod encode;
mod head;
mod sequence;

pub use decode::to_json;
pub use encode::from_json;
pub use sequence::Sequence;

use crate::json::{self, Budget, DecodeError, EncodeError, Reader, Value};

/// The media type of objects, lists and bodies, which is also the `Accept` header of watches.
pub const MEDIA_TYPE: &str = "application/cbor";

/// The media type of the response to a watch that accepts [`MEDIA_TYPE`]: a [`Sequence`] of events.
pub const SEQUENCE_MEDIA_TYPE: &str = "application/cbor-seq";

/// The start of each document: the tag 55799, which distinguishes CBOR from other formats (RFC 8949, §3.4.6).
pub const SELF_DESCRIBED: [u8; 3] = [0xD9, 0xD9, 0xF7];

/// Decodes a document.
///
/// # Errors
/// Returns an error if the document is not CBOR, has no JSON form or does not fit the type. The error names the place.
pub fn from_slice<V: Value>(bytes: &[u8]) -> Result<V, DecodeError> {
    let text = to_json(bytes)?;
    let memory = Budget::default().bytes(bytes.len()).saturating_sub(text.len());
    json::read_all(Reader::new(&text).with_memory(memory))
}

/// Encodes a value, with the [self-described tag](SELF_DESCRIBED).
///
/// # Errors
/// Returns an error only if the type has serde derives of its own and these fail.
pub fn to_vec<V: Value>(value: &V) -> Result<Vec<u8>, EncodeError> {
    from_json(&json::to_string(value)?).map_err(|error| EncodeError::new(error.to_string()))
}
