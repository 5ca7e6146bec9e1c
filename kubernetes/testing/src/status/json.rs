use std::fmt;

use serde_json::Value;

/// Writes a JSON object whose fields keep their order, whereas `serde_json` sorts them.
pub(super) struct ObjectWriter<'a, 'f> {
    f: &'a mut fmt::Formatter<'f>,
    is_empty: bool,
}

/// Like [`ObjectWriter`], but for a list.
pub(super) struct ListWriter<'a, 'f> {
    f: &'a mut fmt::Formatter<'f>,
    is_empty: bool,
}

impl<'a, 'f> ObjectWriter<'a, 'f> {
    pub(super) fn begin(f: &'a mut fmt::Formatter<'f>) -> Result<Self, fmt::Error> {
        f.write_str("{")?;
        Ok(Self { f, is_empty: true })
    }

    pub(super) fn end(self) -> fmt::Result {
        self.f.write_str("}")
    }

    fn name(&mut self, name: &str) -> fmt::Result {
        let separator = if std::mem::take(&mut self.is_empty) { "" } else { "," };
        write!(self.f, "{separator}\"{name}\":")
    }

    /// Writes a string, unless it is empty.
    pub(super) fn text(&mut self, name: &str, value: &str) -> fmt::Result {
        if value.is_empty() {
            return Ok(());
        }
        self.value(name, &Value::from(value))
    }

    pub(super) fn value(&mut self, name: &str, value: &dyn fmt::Display) -> fmt::Result {
        self.name(name)?;
        write!(self.f, "{value}")
    }

    pub(super) fn object(&mut self, name: &str) -> Result<ObjectWriter<'_, 'f>, fmt::Error> {
        self.name(name)?;
        ObjectWriter::begin(self.f)
    }

    pub(super) fn list(&mut self, name: &str) -> Result<ListWriter<'_, 'f>, fmt::Error> {
        self.name(name)?;
        self.f.write_str("[")?;
        Ok(ListWriter { f: self.f, is_empty: true })
    }
}

impl<'f> ListWriter<'_, 'f> {
    pub(super) fn object(&mut self) -> Result<ObjectWriter<'_, 'f>, fmt::Error> {
        if !std::mem::take(&mut self.is_empty) {
            self.f.write_str(",")?;
        }
        ObjectWriter::begin(self.f)
    }

    pub(super) fn end(self) -> fmt::Result {
        self.f.write_str("]")
    }
}
