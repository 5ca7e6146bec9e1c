mod budget;
mod caches;
mod model;
mod numbers;
mod shared;
mod strings;
mod texts;

use std::borrow::Cow;

use super::DecodeError;
use crate::Str;

pub use budget::Budget;
pub use caches::Caches;
pub(crate) use texts::SharedText;

/// The maximum nesting of objects and lists, the same as serde_json's; real objects stay below 60.
pub const MAX_DEPTH: u32 = 127;

type Result<T> = std::result::Result<T, DecodeError>;

/// Reads one JSON document (RFC 8259) value by value.
///
/// ```
/// use kubernetes_core::json::{Reader, Value};
///
/// let mut reader = Reader::new(r#"{"type": "ADDED", "object": {"ignored": [1, 2]}}"#);
/// let mut kind = String::new();
/// reader.begin_object()?;
/// let mut first = true;
/// while let Some(key) = reader.next_key(&mut first)? {
///     match &*key {
///         "type" => kind = reader.string()?.into_owned(),
///         _ => reader.skip()?,
///     }
/// }
/// reader.end()?;
/// assert_eq!(kind, "ADDED");
/// # Ok::<(), kubernetes_core::json::DecodeError>(())
/// ```
///
/// It is concrete rather than generic over formats, so that each model is compiled against it just once. The text is
/// checked to be UTF-8 before reading starts, so strings without escapes are slices of it.
///
/// A clone starts at the same position in the text and can look ahead. It takes no memory, because it does not copy the
/// caches that speed up long documents.
pub struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) position: usize,
    depth: u32,
    /// The number of bytes that decoded values may still take.
    pub(super) memory: usize,
    caches: Caches,
    /// The buffer in which escaped strings are assembled.
    unescaped: String,
}

impl<'a> Reader<'a> {
    /// Creates a reader at the start of `text`, with the default [`Budget`].
    pub fn new(text: &'a str) -> Self {
        Self::with_caches(text, Caches::default())
    }

    /// Creates a reader that continues with the facts of another.
    #[doc(hidden)]
    pub fn with_caches(text: &'a str, caches: Caches) -> Self {
        Self {
            text,
            position: 0,
            depth: 0,
            memory: Budget::default().bytes(text.len()),
            caches: caches.expect(text.len()),
            unescaped: String::new(),
        }
    }

    /// The facts that this reader has learned, for the next one.
    #[doc(hidden)]
    pub fn into_caches(self) -> Caches {
        self.caches
    }

    /// Creates a reader at the start of `bytes`, with the default [`Budget`].
    ///
    /// # Errors
    /// Returns an error if the bytes are not valid UTF-8.
    pub fn from_slice(bytes: &'a [u8]) -> Result<Self> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(text)),
            Err(error) => Err(DecodeError::new("the document is not valid UTF-8", error.valid_up_to())),
        }
    }

    /// The number of bytes that have been read.
    pub fn offset(&self) -> usize {
        self.position
    }

    /// The text from here on.
    pub(crate) fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    /// Checks that nothing but white space follows.
    ///
    /// # Errors
    /// Returns an error if anything else follows.
    pub fn end(&mut self) -> Result<()> {
        self.skip_whitespace();
        if self.position == self.text.len() { Ok(()) } else { Err(self.error("text after the end of the document")) }
    }

    /// Consumes the `{` of an object; its fields follow with [`next_key`](Self::next_key).
    ///
    /// # Errors
    /// Returns an error if the next value is something else, or is nested too deeply.
    #[inline]
    pub fn begin_object(&mut self) -> Result<()> {
        if self.token() != Some(b'{') {
            return Err(self.expected("an object"));
        }
        self.enter()
    }

    /// The key of the next field, whose value is to be read next; `None` after the `}`.
    ///
    /// `first` is true for the first call in an object, and set to false by it.
    ///
    /// # Errors
    /// Returns an error if the text is not JSON.
    #[inline]
    pub fn next_key(&mut self, first: &mut bool) -> Result<Option<Cow<'a, str>>> {
        if !self.next_in(b'}', first)? {
            return Ok(None);
        }
        self.key().map(Some)
    }

    fn key(&mut self) -> Result<Cow<'a, str>> {
        if self.token() != Some(b'"') {
            return Err(self.expected("a key"));
        }
        let key = self.string_after_quote()?;
        self.colon()?;
        Ok(key)
    }

    #[inline]
    fn colon(&mut self) -> Result<()> {
        if self.token() != Some(b':') {
            return Err(self.error("expected `:` after a key"));
        }
        self.position += 1;
        Ok(())
    }

    /// Reads the fields of an object whose `{` has been read.
    #[inline]
    pub(crate) fn entries(&mut self, mut field: impl FnMut(Str, &mut Self) -> Result<()>) -> Result<()> {
        let mut first = true;
        while self.next_in(b'}', &mut first)? {
            if let Some(key) = self.plain_string() {
                self.colon()?;
                field(self.str_of(key), self).map_err(|error| error.in_field(key))?;
            } else {
                // An escape, white space, or no key at all.
                let key = self.key()?;
                field(Str::from(&*key), self).map_err(|error| error.in_field(&key))?;
            }
        }
        Ok(())
    }

    /// Consumes the `[` of a list; its elements follow with [`next_element`](Self::next_element).
    ///
    /// # Errors
    /// Returns an error if the next value is something else, or is nested too deeply.
    #[inline]
    pub fn begin_list(&mut self) -> Result<()> {
        if self.token() != Some(b'[') {
            return Err(self.expected("a list"));
        }
        self.enter()
    }

    /// Whether another element follows; false after the `]`.
    ///
    /// `first` is true for the first call in a list, and set to false by it.
    ///
    /// # Errors
    /// Returns an error if the text is not JSON.
    #[inline]
    pub fn next_element(&mut self, first: &mut bool) -> Result<bool> {
        self.next_in(b']', first)
    }

    /// Consumes a `null` if that is the next value.
    ///
    /// # Errors
    /// Returns an error if the next value starts like `null` but is something else.
    #[inline]
    pub fn null(&mut self) -> Result<bool> {
        if self.token() == Some(b'n') { self.literal("null").map(|()| true) } else { Ok(false) }
    }

    /// Reads a boolean.
    ///
    /// # Errors
    /// Returns an error if the next value is something else.
    pub fn boolean(&mut self) -> Result<bool> {
        match self.token() {
            Some(b't') => self.literal("true").map(|()| true),
            Some(b'f') => self.literal("false").map(|()| false),
            _ => Err(self.expected("a boolean")),
        }
    }

    /// Reads any value as its text in the document.
    ///
    /// # Errors
    /// Returns an error if the text is not JSON.
    pub fn raw(&mut self) -> Result<&'a str> {
        self.skip_whitespace();
        let start = self.position;
        self.skip()?;
        Ok(&self.text[start..self.position])
    }

    /// Reads ahead: this reader does not advance, but the memory is charged to it.
    #[doc(hidden)]
    pub fn lookahead<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let mut ahead = self.clone();
        let result = read(&mut ahead);
        self.memory = ahead.memory;
        result
    }

    /// Tries to read a value: after an error, this reader has not advanced, but the memory is charged to it.
    #[doc(hidden)]
    pub fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let mut ahead = self.clone();
        let result = read(&mut ahead);
        self.memory = ahead.memory;
        if result.is_ok() {
            (self.position, self.depth) = (ahead.position, ahead.depth);
        }
        result
    }

    /// The first byte of the next value or punctuation mark, not consumed; `None` at the end.
    #[inline]
    pub fn token(&mut self) -> Option<u8> {
        match self.bytes().get(self.position) {
            Some(byte) if *byte > b' ' => Some(*byte),
            Some(_) => self.token_after_whitespace(),
            None => None,
        }
    }

    /// Skips any value, after checking that it is JSON.
    ///
    /// # Errors
    /// Returns an error if the value is not JSON.
    pub fn skip(&mut self) -> Result<()> {
        let outside = self.depth;
        // A bit for each open bracket, the innermost being the lowest: whether it belongs to an object.
        let mut objects = 0u128;
        loop {
            let mut first = false;
            match self.token() {
                Some(bracket @ (b'{' | b'[')) => {
                    self.enter()?;
                    objects = objects << 1 | u128::from(bracket == b'{');
                    first = true;
                }
                Some(b'"') => self.skip_string()?,
                Some(b't') => self.literal("true")?,
                Some(b'f') => self.literal("false")?,
                Some(b'n') => self.literal("null")?,
                Some(b'-' | b'0'..=b'9') => drop(self.float()?),
                _ => return Err(self.expected("a value")),
            }
            loop {
                if self.depth == outside {
                    return Ok(());
                }
                let is_object = objects & 1 == 1;
                if self.next_in(if is_object { b'}' } else { b']' }, &mut first)? {
                    if is_object {
                        self.skip_key()?;
                    }
                    break;
                }
                objects >>= 1;
                first = false;
            }
        }
    }

    #[inline]
    fn skip_key(&mut self) -> Result<()> {
        if self.token() != Some(b'"') {
            return Err(self.expected("a key"));
        }
        self.skip_string()?;
        self.colon()
    }

    /// An error at the current position.
    #[cold]
    pub fn error(&self, message: impl Into<Cow<'static, str>>) -> DecodeError {
        DecodeError::new(message, self.position)
    }

    /// The error for a value of another type than `wanted` (with its article, as "a string").
    #[cold]
    pub fn expected(&mut self, wanted: &str) -> DecodeError {
        let found = match self.token() {
            None => "the end of the document",
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            Some(b'-' | b'0'..=b'9') => "a number",
            Some(_) => return self.error(format!("expected {wanted}")),
        };
        self.error(format!("expected {wanted}, found {found}"))
    }

    #[inline]
    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    /// Servers write no white space, so the search for it is out of line.
    #[cold]
    fn token_after_whitespace(&mut self) -> Option<u8> {
        self.skip_whitespace();
        self.bytes().get(self.position).copied()
    }

    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.bytes().get(self.position) {
            self.position += 1;
        }
    }

    /// Consumes an opening bracket.
    #[inline]
    fn enter(&mut self) -> Result<()> {
        if self.depth == MAX_DEPTH {
            return Err(self.too_deep());
        }
        self.depth += 1;
        self.position += 1;
        Ok(())
    }

    #[cold]
    fn too_deep(&self) -> DecodeError {
        self.error(format!("nested deeper than {MAX_DEPTH} levels"))
    }

    /// Consumes the comma between elements, or the closing bracket, for which it returns false.
    ///
    /// The reader of the next element checks that one follows the comma, by refusing a bracket.
    #[inline]
    fn next_in(&mut self, close: u8, first: &mut bool) -> Result<bool> {
        match self.token() {
            Some(b',') if !*first => {
                self.position += 1;
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.position += 1;
                // Only a caller that closes a bracket which it has not opened gets below zero.
                self.depth = self.depth.saturating_sub(1);
                Ok(false)
            }
            Some(_) if *first => {
                *first = false;
                Ok(true)
            }
            other => Err(self.not_next(other, close)),
        }
    }

    #[cold]
    fn not_next(&self, found: Option<u8>, close: u8) -> DecodeError {
        match found {
            None => self.error("the document ends inside an object or list"),
            Some(_) => self.error(format!("expected `,` or `{}`", char::from(close))),
        }
    }

    fn literal(&mut self, word: &str) -> Result<()> {
        match self.bytes().get(self.position..self.position + word.len()) {
            Some(found) if found == word.as_bytes() => {
                self.position += word.len();
                Ok(())
            }
            _ => Err(self.error("expected a value")),
        }
    }
}

impl Clone for Reader<'_> {
    fn clone(&self) -> Self {
        Self { text: self.text, position: self.position, depth: self.depth, memory: self.memory, ..Self::new("") }
    }
}

#[cfg(test)]
mod tests {
    use super::Reader;

    #[test]
    fn a_clone_in_a_long_document_takes_no_memory() {
        let text = format!("[{}1]", "1,".repeat(100_000));
        let mut reader = Reader::new(&text);
        reader.begin_list().unwrap();
        let mut ahead = reader.clone();
        let memory = |reader: &Reader<'_>| (reader.caches.orders.memory(), reader.caches.strings.memory());
        assert!(memory(&reader) > (0, 0), "the document is long enough");
        assert_eq!(memory(&ahead), (0, 0));
        assert_eq!((ahead.offset(), ahead.integer().unwrap()), (1, 1));
        assert_eq!((ahead.offset(), reader.offset()), (2, 1));
    }
}
