use super::decode::{Decode, Place};
use super::{DecodeError, Reader, Writer};

/// Anything that can stand in a field of a model, and models themselves.
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
/// A model has [`FIELDS`](Self::FIELDS), [`read_fields`](Self::read_fields) and [`write_fields`](Self::write_fields);
/// anything else has [`read`](Self::read) and [`write`](Self::write).
/// All are compiled against the concrete [`Reader`] and [`Writer`].
///
/// A type without a default value implements [`Decode`] as well. A `null` reads as the default value. Where a key appears twice in an object, the last one wins, as a whole: what Go
/// does with lists and scalars. (With objects and maps, Go merges the two; no API server writes such a document.)
pub trait Value: Decode {
    /// The names of a model's fields on the wire, none of which needs an escape; empty for what has its own
    /// [`read`](Self::read), which is not called where there are names.
    const FIELDS: &'static [&'static str] = &[];

    /// Replaces `self` with the reader's next value.
    ///
    /// # Errors
    /// If that is no JSON, or does not fit this type.
    #[inline]
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        self.decode_again(reader)
    }

    /// As [`read`](Self::read), for a value that is the default one already; of a type that has one.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    #[inline]
    fn read_new(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        if Self::FIELDS.is_empty() { self.read(reader) } else { self.read_fields(reader) }
    }

    /// Reads an object into the fields of a model, which has its default value.
    ///
    /// # Errors
    /// If a value does not fit its field.
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

    /// Whether an optional field with this value is left out: `None`, an empty list or map.
    fn is_absent(&self) -> bool {
        false
    }
}

/// What a field of a model holds, its type forgotten: every [`Value`], and [`Constant`].
///
/// So the loop over the fields is compiled once, and a field costs two functions for each type that fields have.
pub trait AnyValue {
    /// As [`Value::read`].
    ///
    /// # Errors
    /// As [`Value::read`].
    fn read_any(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError>;

    /// As [`Value::write`].
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

/// The value of a field that is the same in all objects of a type, as `kind` is; it is checked where it is not empty.
pub struct Constant<'a>(pub &'a str);

impl AnyValue for Constant<'_> {
    fn read_any(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.constant(self.0)
    }

    fn write_any(&self, writer: &mut Writer) {
        writer.string(self.0);
    }
}

impl<V: Value> Value for Option<V> {
    #[inline]
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        if reader.null()? {
            *self = None;
            return Ok(());
        }
        V::decode_into(self, reader)
    }

    #[inline]
    fn write(&self, writer: &mut Writer) {
        match self {
            Some(value) => value.write(writer),
            None => writer.raw("null"),
        }
    }

    #[inline]
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<V: Value + Default> Value for Box<V> {
    #[inline]
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        (**self).read(reader)
    }

    #[inline]
    fn read_new(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        reader.charge(size_of::<V>())?;
        (**self).read_new(reader)
    }

    #[inline]
    fn write(&self, writer: &mut Writer) {
        (**self).write(writer);
    }
}

impl<V: Value> Value for Vec<V> {
    #[inline]
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        self.clear();
        reader.elements(self)
    }

    #[inline]
    fn write(&self, writer: &mut Writer) {
        writer.begin_list();
        for value in self {
            writer.element();
            value.write(writer);
        }
        writer.end_list();
    }

    #[inline]
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<V> Place<V> for Vec<V> {
    #[inline]
    fn put(&mut self, make: impl FnOnce() -> V) -> &mut V {
        let index = self.len();
        // Elements may be large: they are made where they stay.
        self.extend(std::iter::once_with(make));
        &mut self[index]
    }
}

/// A list whose type is forgotten, so that the loop over its elements is compiled once.
trait Elements {
    /// Reads one more element; a short list that is full grows by about `more`, which is not 0.
    fn read_next(&mut self, more: usize, reader: &mut Reader<'_>) -> Result<(), DecodeError>;

    /// As [`Vec::shrink_to_fit`]; returns how many bytes that frees.
    fn shrink(&mut self) -> usize;
}

impl<V: Value> Elements for Vec<V> {
    fn read_next(&mut self, more: usize, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let index = self.len();
        if index == self.capacity() {
            let more = reader.charge_elements::<V>(if index < 4 { more } else { index })?;
            self.reserve_exact(more);
        }
        V::decode_into(self, reader)
    }

    fn shrink(&mut self) -> usize {
        let spare = (self.capacity() - self.len()).saturating_mul(size_of::<V>());
        self.shrink_to_fit();
        spare
    }
}

impl Reader<'_> {
    /// Reads a list into one that is empty.
    fn elements(&mut self, elements: &mut dyn Elements) -> Result<(), DecodeError> {
        if self.null()? {
            return Ok(());
        }
        self.begin_list()?;
        let (mut first, place) = (true, self.place());
        let mut length = 0;
        while self.next_element(&mut first)? {
            // Most lists have one or two elements: growing exactly keeps a decoded pod a quarter smaller.
            let more = if length == 0 { self.last_length(place).max(1) } else { length };
            elements.read_next(more, self).map_err(|error| error.in_index(length))?;
            length += 1;
        }
        self.note_length(place, length);
        // What is decoded is mostly kept as it is.
        let freed = elements.shrink();
        self.refund(freed);
        Ok(())
    }
}

impl Value for bool {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        *self = !reader.null()? && reader.boolean()?;
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        writer.raw(if *self { "true" } else { "false" });
    }
}

impl Value for i64 {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        *self = if reader.null()? { 0 } else { reader.integer()? };
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        writer.integer(*self);
    }
}

impl Value for i32 {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let mut wide = 0i64;
        wide.read(reader)?;
        *self = wide.try_into().map_err(|_| reader.error(format!("{wide} does not fit a 32-bit integer")))?;
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        writer.integer((*self).into());
    }
}

impl Value for f64 {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        *self = if reader.null()? { 0.0 } else { reader.float()? };
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        writer.float(*self);
    }
}

impl Value for String {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        *self = if reader.null()? { Self::new() } else { reader.string()?.into_owned() };
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        writer.string(self);
    }
}

/// Reads a value that is a text and made from it.
///
/// # Errors
/// If the next value is neither a string nor null.
#[doc(hidden)]
pub fn read_text<V: Default + for<'t> From<&'t str>>(
    value: &mut V,
    reader: &mut Reader<'_>,
) -> Result<(), DecodeError> {
    *value = if reader.null()? { V::default() } else { V::from(&*reader.string()?) };
    Ok(())
}

impl Reader<'_> {
    /// Reads a string that must be `value`: a type's own `kind` or `apiVersion`.
    ///
    /// # Errors
    /// If it is another one. Null and the empty string are as good as absent.
    pub fn constant(&mut self, value: &str) -> Result<(), DecodeError> {
        if self.null()? {
            return Ok(());
        }
        let found = self.string()?;
        if found == value || found.is_empty() {
            return Ok(());
        }
        let found: String = found.chars().take(80).collect();
        Err(self.error(format!("expected {value:?}, found {found:?}")))
    }
}

impl Writer {
    /// Writes the two fields that name a type.
    pub fn type_meta(&mut self, api_version: &str, kind: &str) {
        if self.redacts() {
            return;
        }
        self.key("apiVersion");
        self.string(api_version);
        self.key("kind");
        self.string(kind);
    }
}
