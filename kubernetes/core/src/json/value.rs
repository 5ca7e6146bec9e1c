use super::{DecodeError, Model, Reader, Writer};

/// Anything that can stand in a field of a model.
///
/// Models are compiled against this trait and the concrete [`Reader`] and [`Writer`].
/// A `null` reads as the default value.
pub trait Value: Default {
    /// Replaces `self` with the reader's next value.
    ///
    /// # Errors
    /// If that is no JSON, or does not fit this type.
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError>;

    /// Writes `self`.
    fn write(&self, writer: &mut Writer);

    /// Whether an optional field with this value is left out: `None`, an empty list or map.
    fn is_absent(&self) -> bool {
        false
    }
}

impl<V: Value> Value for Option<V> {
    #[inline]
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        if reader.null()? {
            *self = None;
            return Ok(());
        }
        self.insert(V::default()).read(reader)
    }

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

impl<V: Value> Value for Box<V> {
    #[inline]
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        (**self).read(reader)
    }

    fn write(&self, writer: &mut Writer) {
        (**self).write(writer);
    }
}

impl<V: Value> Value for Vec<V> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        self.clear();
        if reader.null()? {
            return Ok(());
        }
        reader.begin_list()?;
        let mut first = true;
        while reader.next_element(&mut first)? {
            if self.len() == self.capacity() && self.len() < 4 {
                // Most lists have one or two elements: growing exactly keeps a decoded pod a quarter smaller.
                self.reserve_exact(self.len().max(1));
            }
            let mut value = V::default();
            value.read(reader).map_err(|error| error.in_index(self.len()))?;
            self.push(value);
        }
        Ok(())
    }

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
        writer.display(self);
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
        writer.display(self);
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

impl Reader<'_> {
    /// Reads an object into a model: its fields by name, unknown ones skipped.
    ///
    /// # Errors
    /// If the next value is no object, or a field does not fit; the error names the field.
    pub fn model(&mut self, model: &mut dyn Model) -> Result<(), DecodeError> {
        if self.null()? {
            return Ok(());
        }
        self.begin_object()?;
        self.fields(|key, reader| model.read_field(key, reader))
    }

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
    /// Writes a model as an object.
    pub fn model(&mut self, model: &dyn Model) {
        self.begin_object();
        model.write_fields(self);
        self.end_object();
    }

    /// Writes the two fields that name a type.
    pub fn type_meta(&mut self, api_version: &str, kind: &str) {
        self.key("apiVersion");
        self.string(api_version);
        self.key("kind");
        self.string(kind);
    }
}
