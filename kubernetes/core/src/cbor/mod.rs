//! CBOR (RFC 8949), the binary form of the same documents that an API server speaks behind its feature gate
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
//! Documents are transcoded to and from JSON text, so every model can be read and written, and JSON's limits hold:
//! objects and lists nest at most 127 deep. The text is at most 8 times as long as the bytes, and counts as memory of the
//! default [budget](crate::json::Budget), of which the bytes are the document. An error's offset counts in that text, unless the bytes are no CBOR.
//!
//! It accepts the documents that the server accepts and writes
//! (<https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/runtime/serializer/cbor/internal/modes/decode.go>):
//! strings and keys may be byte strings, bytes are base64 where a tag says so, lengths may be indefinite, unknown tags
//! are passed over; big numbers, NaN, infinities and `undefined` are errors. Unlike there, the last one of duplicate
//! keys counts, as in JSON.

mod decode;
mod encode;
mod head;
mod sequence;

pub use decode::to_json;
pub use encode::from_json;
pub use sequence::Sequence;

use crate::json::{self, Budget, DecodeError, EncodeError, Reader, Value};

/// The media type to ask for with `Accept`, for objects, lists and watches, and that of bodies.
pub const MEDIA_TYPE: &str = "application/cbor";

/// The media type of the answer to a watch that was asked for as [`MEDIA_TYPE`]: a [`Sequence`] of events.
pub const SEQUENCE_MEDIA_TYPE: &str = "application/cbor-seq";

/// How each document starts: the tag 55799, by which CBOR is told from other formats (RFC 8949, §3.4.6).
pub const SELF_DESCRIBED: [u8; 3] = [0xD9, 0xD9, 0xF7];

/// Decodes a document.
///
/// # Errors
/// If it is not CBOR, can't be JSON or does not fit the type; the error names the place.
pub fn from_slice<V: Value>(bytes: &[u8]) -> Result<V, DecodeError> {
    let text = to_json(bytes)?;
    let memory = Budget::default().bytes(bytes.len()).saturating_sub(text.len());
    json::read_all(Reader::new(&text).with_memory(memory))
}

/// Encodes a value, with the [self-described tag](SELF_DESCRIBED).
///
/// # Errors
/// Only for types that are written by their own serde derives, if these fail.
pub fn to_vec<V: Value>(value: &V) -> Result<Vec<u8>, EncodeError> {
    from_json(&json::to_string(value)?).map_err(|error| EncodeError::new(error.to_string()))
}
