//! The JSON reader and writer that every model is compiled against.
//!
//! ```
//! use kubernetes_core::{Map, Str, json};
//!
//! let labels: Map<Str> = json::from_str(r#"{"app": "web"}"#)?;
//! assert_eq!(labels["app"], "web");
//! assert_eq!(json::to_string(&labels)?, r#"{"app":"web"}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod decode;
mod error;
mod reader;
mod scan;
mod transcode;
mod tree;
mod value;
mod writer;

pub use decode::Decode;
#[doc(hidden)]
pub use decode::Place;
pub use error::{DecodeError, EncodeError};
pub(crate) use reader::SharedText;
pub use reader::{Budget, Reader};
#[doc(hidden)]
pub use reader::{Caches, MAX_DEPTH};
#[doc(hidden)]
pub use transcode::{deserialize, serialize};
pub use tree::Tree;
pub use value::Constant;
#[doc(hidden)]
pub use value::read_text;
pub use writer::Writer;

/// A value that can be the field of a model; models themselves are values too.
///
/// ```
/// use kubernetes_core::Str;
/// use kubernetes_core::json::{self, DecodeError, Reader, Value, Writer};
///
/// #[derive(Default)]
/// struct Part {
///     name: Str,
///     ready: Option<bool>,
/// }
///
/// impl Value for Part {
///     const FIELDS: &'static [&'static str] = &["name", "ready"];
///
///     fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
///         reader.fields(Self::FIELDS, &mut [&mut self.name, &mut self.ready])
///     }
///
///     fn write_fields(&self, writer: &mut Writer) {
///         writer.required("name", &self.name);
///         writer.optional("ready", &self.ready);
///     }
/// }
///
/// let part: Part = json::from_str(r#"{"name": "lid", "size": 3}"#)?;
/// assert_eq!(json::to_string(&part)?, r#"{"name":"lid"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A model defines [`FIELDS`](Self::FIELDS), [`read_fields`](Self::read_fields) and
/// [`write_fields`](Self::write_fields); any other type defines [`read`](Self::read) and [`write`](Self::write). All
/// use the concrete [`Reader`] and [`Writer`].
///
/// A type without a default value implements [`Decode`] as well. A `null` is read as the default value. If a key
/// appears twice in an object, the last value replaces the first, as Go does with lists and scalars. (Go merges objects
/// and maps; no API server writes such a document.)
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be read from JSON or written to it",
    note = "a resource with serde's traits takes them by `serde` at the end of `kubernetes_core::resource!`, or by \
            `serde_no_default` if it has no default value; any other type derives `Schema` or implements `Value`"
)]
pub trait Value: Decode {
    /// The names of a model's fields on the wire, none of which needs an escape; empty for a type with its own
    /// [`read`](Self::read), which is called only if there are no names.
    const FIELDS: &'static [&'static str] = &[];

    /// The value to read into: the default value.
    #[doc(hidden)]
    #[inline]
    fn initial() -> Self
    where
        Self: Default,
    {
        Self::default()
    }

    /// Replaces `self` with the reader's next value.
    ///
    /// # Errors
    /// Returns an error if the value is not valid JSON, or does not fit this type.
    #[inline]
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        self.decode_again(reader)
    }

    /// Like [`read`](Self::read), for a value that already has its type's default value.
    ///
    /// # Errors
    /// See [`read`](Self::read).
    #[inline]
    fn read_new(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        // A constant, so that no code is compiled for the other case.
        if const { Self::FIELDS.is_empty() } { self.read(reader) } else { self.read_fields(reader) }
    }

    /// Reads an object into the fields of a model, which must have its default value.
    ///
    /// # Errors
    /// Returns an error if a value does not fit its field.
    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.fields(&[], &mut [])
    }

    /// Writes `self`.
    #[inline]
    fn write(&self, writer: &mut Writer) {
        writer.begin_object();
        self.write_fields(writer);
        writer.end_object();
    }

    /// Writes all fields of a model.
    fn write_fields(&self, writer: &mut Writer) {
        let _ = writer;
    }

    /// Whether an optional field with this value is omitted: `None`, an empty list or an empty map.
    fn is_absent(&self) -> bool {
        false
    }
}

/// A type-erased field of a model: any [`Value`], or a [`Constant`].
///
/// With it, the loop over the fields is compiled once, and each type of field costs just two functions.
pub trait AnyValue {
    /// Like [`Value::read`].
    ///
    /// # Errors
    /// See [`Value::read`].
    fn read_any(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError>;

    /// Like [`Value::write`].
    fn write_any(&self, writer: &mut Writer);
}

impl<V: Value> AnyValue for V {
    fn read_any(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        self.read(reader)
    }

    fn write_any(&self, writer: &mut Writer) {
        self.write(writer);
    }
}

/// Decodes a document, within the default [`Budget`].
///
/// # Errors
/// Returns an error if the document is not JSON, does not fit the type or takes too much memory. The error names the
/// place.
pub fn from_slice<V: Value>(bytes: &[u8]) -> Result<V, DecodeError> {
    read_all(Reader::from_slice(bytes)?)
}

/// Decodes a document, within the default [`Budget`]. To use another, create a [`Reader`].
///
/// # Errors
/// Returns an error if the document is not JSON, does not fit the type or takes too much memory. The error names the
/// place.
pub fn from_str<V: Value>(text: &str) -> Result<V, DecodeError> {
    read_all(Reader::new(text))
}

/// Encodes a value.
///
/// # Errors
/// Returns an error only if the type has serde derives of its own and these fail.
pub fn to_string<V: Value>(value: &V) -> Result<String, EncodeError> {
    let mut writer = Writer::new();
    value.write(&mut writer);
    writer.finish()
}

/// Decodes the document of a reader to its end.
///
/// # Errors
/// See [`from_slice`].
#[doc(hidden)]
pub fn read_all<V: Value>(mut reader: Reader<'_>) -> Result<V, DecodeError> {
    let value = V::decode(&mut reader)?;
    reader.end()?;
    Ok(value)
}
