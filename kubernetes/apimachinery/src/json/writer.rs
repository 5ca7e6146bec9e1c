use super::{AnyValue, EncodeError, Value};

/// Writes JSON text.
///
/// ```
/// use kubernetes_core::json::Writer;
///
/// let mut writer = Writer::new();
/// writer.begin_object();
/// writer.required("name", &String::from("web"));
/// writer.optional("node", &None::<String>);
/// writer.end_object();
/// assert_eq!(writer.finish()?, r#"{"name":"web"}"#);
/// # Ok::<(), kubernetes_core::json::EncodeError>(())
/// ```
///
/// The last byte tells whether a comma is needed: not after an opening bracket or a colon.
#[derive(Default)]
pub struct Writer {
    text: String,
    failure: Option<EncodeError>,
    redacts: bool,
    /// Omits required fields with the default value of their type, except in items of lists.
    is_sparse: bool,
    /// The number of open lists.
    lists: u32,
}

/// Room for most of the objects that programs write, which would otherwise be moved each time that it doubles.
const CAPACITY: usize = 512;

impl Writer {
    /// An empty document.
    pub fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    /// An empty document that is expected to take about this number of bytes.
    #[doc(hidden)]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), ..Self::default() }
    }

    /// An empty document for people and logs, which omits possible secrets, `apiVersion` and `kind`.
    pub(crate) fn redacting() -> Self {
        Self { redacts: true, ..Self::default() }
    }

    /// An empty document for only those fields of an object that are set: it omits a required field with its type's
    /// default value, unless the field is in an item of a list.
    #[doc(hidden)]
    pub fn sparse() -> Self {
        Self { is_sparse: true, ..Self::new() }
    }

    /// Whether possible secrets are omitted.
    pub(crate) fn redacts(&self) -> bool {
        self.redacts
    }

    /// The text written.
    ///
    /// # Errors
    /// Returns an error if a value could not be written, which happens only in types with serde derives of their own.
    pub fn finish(self) -> Result<String, EncodeError> {
        match self.failure {
            Some(error) => Err(error),
            None => Ok(self.text),
        }
    }

    /// Notes that a value can't be written; the first such error is what [`finish`](Self::finish) returns.
    pub fn fail(&mut self, error: EncodeError) {
        self.failure.get_or_insert(error);
    }

    /// Opens an object.
    pub fn begin_object(&mut self) {
        self.text.push('{');
    }

    /// Closes an object.
    pub fn end_object(&mut self) {
        self.text.push('}');
    }

    /// Opens a list.
    pub fn begin_list(&mut self) {
        self.text.push('[');
        self.lists += 1;
    }

    /// Separates the next element of a list from the one before it.
    pub fn element(&mut self) {
        if self.text.as_bytes().last() != Some(&b'[') {
            self.text.push(',');
        }
    }

    /// Closes a list.
    pub fn end_list(&mut self) {
        self.text.push(']');
        self.lists = self.lists.saturating_sub(1);
    }

    /// Writes the key of an entry; its value must follow.
    pub fn key(&mut self, key: &str) {
        if !self.is_first_field() {
            self.text.push(',');
        }
        self.string(key);
        self.text.push(':');
    }

    /// Writes a field, even if its value is empty.
    ///
    /// The name is written verbatim: it must not need an escape, which holds for all names in API descriptions.
    #[inline]
    pub fn required<V: Value>(&mut self, name: &'static str, value: &V) {
        self.required_field(name, value);
    }

    /// Writes a field unless its value is absent or an empty list or map.
    #[inline]
    pub fn optional<V: Value>(&mut self, name: &'static str, value: &V) {
        if !value.is_absent() {
            self.field(name, value);
        }
    }

    /// Not inlined, because the functions of all models call it for each field.
    #[inline(never)]
    fn field(&mut self, name: &'static str, value: &dyn AnyValue) {
        self.name(name);
        value.write_any(self);
    }

    /// Not inlined, as [`field`](Self::field).
    #[inline(never)]
    fn required_field(&mut self, name: &'static str, value: &dyn AnyValue) {
        let start = self.text.len();
        self.name(name);
        let value_start = self.text.len();
        value.write_any(self);
        // The text of a value tells whether it is its type's default, so no model needs a comparison.
        let is_default = || matches!(&self.text[value_start..], "\"\"" | "0" | "false" | "null" | "[]" | "{}");
        if self.is_sparse && self.lists == 0 && is_default() {
            self.text.truncate(start);
        }
    }

    /// Writes a string with its quotes.
    #[inline]
    pub fn string(&mut self, value: &str) {
        self.text.push('"');
        if super::scan::is_short_and_plain(value.as_bytes()) {
            self.text.push_str(value);
        } else {
            self.escaped(value);
        }
        self.text.push('"');
    }

    /// Writes a string with its quotes; `append` must not append text that needs an escape.
    pub(crate) fn plain_string(&mut self, append: impl FnOnce(&mut String)) {
        self.text.push('"');
        append(&mut self.text);
        self.text.push('"');
    }

    fn name(&mut self, name: &'static str) {
        debug_assert_eq!(super::scan::string_end(name.as_bytes(), 0), name.len(), "{name:?} needs an escape");
        if self.is_first_field() {
            self.text.push('"');
        } else {
            self.text.push_str(",\"");
        }
        self.text.push_str(name);
        self.text.push_str("\":");
    }

    #[inline]
    fn is_first_field(&self) -> bool {
        self.text.as_bytes().last() == Some(&b'{')
    }

    /// Writes the content of a string that is long or has special characters.
    #[inline(never)]
    fn escaped(&mut self, value: &str) {
        self.text.reserve(value.len() + 1);
        let mut rest = value;
        loop {
            let end = super::scan::string_end(rest.as_bytes(), 0);
            let (plain, special) = rest.split_at(end);
            self.text.push_str(plain);
            let Some(byte) = special.bytes().next() else { break };
            self.escape(byte);
            rest = &special[1..];
        }
    }

    /// Writes text that is JSON already.
    pub fn raw(&mut self, json: &str) {
        self.text.push_str(json);
    }

    /// Writes a whole number.
    pub fn integer(&mut self, value: i64) {
        self.text.push_str(itoa::Buffer::new().format(value));
    }

    /// Writes a value whose text needs no quotes: a number, `true` or `null`.
    pub fn display(&mut self, value: impl std::fmt::Display) {
        use std::fmt::Write;
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{value}");
    }

    /// Writes a number as Go does: without `.0`, and with an exponent only if it would be long otherwise.
    ///
    /// JSON has no infinity and no NaN: they are written as `null`, as serde_json does.
    pub fn float(&mut self, value: f64) {
        let magnitude = value.abs();
        if !value.is_finite() {
            self.raw("null");
        } else if magnitude == 0.0 || (1e-6..1e21).contains(&magnitude) {
            self.display(value);
        } else {
            self.display(format_args!("{value:e}"));
        }
    }

    fn escape(&mut self, byte: u8) {
        match byte {
            b'"' => self.text.push_str("\\\""),
            b'\\' => self.text.push_str("\\\\"),
            b'\n' => self.text.push_str("\\n"),
            b'\r' => self.text.push_str("\\r"),
            b'\t' => self.text.push_str("\\t"),
            control => self.display(format_args!("\\u{control:04x}")),
        }
    }
}
