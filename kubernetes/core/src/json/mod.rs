//! The JSON engine that every model is compiled against.
//!
//! ```
//! use kubernetes_core::{Map, Str, json};
//!
//! let labels: Map<Str> = json::from_str(r#"{"app": "web"}"#)?;
//! assert_eq!(labels["app"], "web");
//! assert_eq!(json::to_string(&labels)?, r#"{"app":"web"}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod budget;
mod decode;
mod error;
mod reader;
mod scan;
mod serde_object;
mod transcode;
mod tree;
mod value;
mod writer;

pub use budget::Budget;
pub use decode::Decode;
#[doc(hidden)]
pub use decode::Place;
pub use error::{DecodeError, EncodeError};
#[cfg(feature = "cbor")]
pub(crate) use reader::MAX_DEPTH;
pub use reader::Reader;
#[doc(hidden)]
pub use serde_object::{from_serde_object, to_serde_object};
pub use transcode::{deserialize, serialize};
pub use tree::Tree;
#[doc(hidden)]
pub use value::read_text;
pub use value::{AnyValue, Constant, Value};
pub use writer::Writer;

/// Decodes a document, within the default [`Budget`].
///
/// # Errors
/// If it is not JSON, does not fit the type or takes too much memory; the error names the place.
pub fn from_slice<V: Value>(bytes: &[u8]) -> Result<V, DecodeError> {
    read_all(Reader::from_slice(bytes)?)
}

/// Decodes a document, within the default [`Budget`]. A [`Reader`] can have another.
///
/// # Errors
/// If it is not JSON, does not fit the type or takes too much memory; the error names the place.
pub fn from_str<V: Value>(text: &str) -> Result<V, DecodeError> {
    read_all(Reader::new(text))
}

/// Encodes a value.
///
/// # Errors
/// Only for types that are written by their own serde derives, if these fail.
pub fn to_string<V: Value>(value: &V) -> Result<String, EncodeError> {
    let mut writer = Writer::new();
    value.write(&mut writer);
    writer.finish()
}

pub(crate) fn read_all<V: Value>(mut reader: Reader<'_>) -> Result<V, DecodeError> {
    let value = V::decode(&mut reader)?;
    reader.end()?;
    Ok(value)
}
