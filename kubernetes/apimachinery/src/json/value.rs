use super::decode::Place;
use super::{AnyValue, DecodeError, Reader, Value, Writer};
use crate::Str;

/// The value of a field that is the same in all objects of a type, such as `kind`; it is checked unless it is empty.
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
    /// Unlike `Box::default`, which has much code for a panic of `V::default`.
    #[inline]
    fn initial() -> Self {
        Self::new(V::default())
    }

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
        let capacity = self.capacity();
        reader.elements(self, capacity, size_of::<V>())
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
        self.push(make());
        &mut self[index]
    }
}

/// A type-erased list, so that the loop over its elements is compiled once.
trait Elements {
    /// Makes room for exactly this number of elements in a list that is full.
    fn grow(&mut self, more: usize);

    /// Reads one more element.
    fn read_next(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError>;

    /// Releases spare capacity.
    fn shrink(&mut self);
}

impl<V: Value> Elements for Vec<V> {
    fn grow(&mut self, more: usize) {
        match self.is_empty() {
            // Takes a third of the instructions.
            true => *self = Self::with_capacity(more),
            false => self.reserve_exact(more),
        }
    }

    fn read_next(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        V::decode_into(self, reader)
    }

    fn shrink(&mut self) {
        self.shrink_to_fit();
    }
}

impl Reader<'_> {
    /// Reads a list into an empty one with this capacity, whose elements have `size` bytes each.
    fn elements(&mut self, elements: &mut dyn Elements, mut capacity: usize, size: usize) -> Result<(), DecodeError> {
        if self.null()? {
            return Ok(());
        }
        self.begin_list()?;
        let (mut first, mut length, place) = (true, 0, self.place());
        while self.next_element(&mut first)? {
            if length == capacity {
                // Most lists have one or two elements: exact growth makes a decoded pod a quarter smaller.
                let more = if length == 0 { self.expected_length(place, size) } else { length };
                let more = self.charge_elements(more, size).map_err(|error| error.in_index(length))?;
                elements.grow(more);
                capacity += more;
            }
            elements.read_next(self).map_err(|error| error.in_index(length))?;
            length += 1;
        }
        self.note_length(place, length);
        // Decoded values are mostly kept unchanged, so spare capacity is released.
        if capacity > length {
            elements.shrink();
            self.refund((capacity - length).saturating_mul(size));
        }
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
        *self = match reader.short_integer() {
            Some(value) => value,
            None if reader.null()? => 0,
            None => reader.integer()?,
        };
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        writer.integer(*self);
    }
}

macro_rules! narrow_integers {
    ($($type:ty: $name:literal,)*) => {$(
        impl Value for $type {
            fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
                let mut wide = 0i64;
                wide.read(reader)?;
                *self = wide.try_into().map_err(|_| reader.error(format!(concat!("{} does not fit ", $name), wide)))?;
                Ok(())
            }

            fn write(&self, writer: &mut Writer) {
                writer.integer((*self).into());
            }
        }
    )*};
}
narrow_integers! {
    i32: "a 32-bit integer",
    i16: "a 16-bit integer",
    i8: "an 8-bit integer",
    u32: "an unsigned 32-bit integer",
    u16: "an unsigned 16-bit integer",
    u8: "an unsigned 8-bit integer",
}

impl Value for u64 {
    /// Kubernetes has no integers beyond 63 bits.
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let mut signed = 0i64;
        signed.read(reader)?;
        *self = signed.try_into().map_err(|_| reader.error(format!("{signed} is negative")))?;
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        writer.display(self);
    }
}

impl Value for f32 {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let mut wide = 0f64;
        wide.read(reader)?;
        *self = wide as Self;
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        // The shortest text of this number differs from that of the wider number.
        match self.to_string().parse() {
            Ok(wide) => writer.float(wide),
            Err(_) => writer.raw("null"),
        }
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

/// Reads a value that is created from a string.
///
/// # Errors
/// Returns an error if the next value is neither a string nor null.
#[doc(hidden)]
pub fn read_text<V: for<'t> From<&'t str>>(value: &mut V, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
    reader.text(&mut |text| *value = V::from(text))
}

impl Reader<'_> {
    /// Passes on a string, or the empty one for null, so that all of this is compiled once.
    fn text(&mut self, take: &mut dyn FnMut(&str)) -> Result<(), DecodeError> {
        match self.plain_string() {
            Some(text) => take(text),
            None if self.null()? => take(""),
            None => take(&self.string()?),
        }
        Ok(())
    }

    /// Reads a string that must be `value`: a type's own `kind` or `apiVersion`.
    ///
    /// # Errors
    /// Returns an error if it is any other string. Null and the empty string count as absent.
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
    /// Writes `apiVersion` and `kind`.
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

impl Value for Str {
    #[inline]
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        *self = match reader.plain_string() {
            Some(text) => reader.str_of(text),
            None => reader.unusual_str()?,
        };
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        writer.string(self);
    }
}

crate::serde_by_json!(Str);
