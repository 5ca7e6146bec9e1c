use std::borrow::Cow;

use super::DecodeError;
use super::scan;

/// How deep objects and lists may nest, the same as with serde_json; a real object stays below 60.
const MAX_DEPTH: u32 = 127;

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
/// It is concrete, and not generic over formats, because every model's code is compiled against it once.
/// The text is valid UTF-8 before reading starts, so strings are slices of it unless they have an escape.
#[derive(Clone)]
pub struct Reader<'a> {
    text: &'a str,
    position: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    /// A reader at the start of `text`.
    pub fn new(text: &'a str) -> Self {
        Self { text, position: 0, depth: 0 }
    }

    /// A reader at the start of `bytes`.
    ///
    /// # Errors
    /// If the bytes are not UTF-8.
    pub fn from_slice(bytes: &'a [u8]) -> Result<Self> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(text)),
            Err(error) => Err(DecodeError::new("the document is not valid UTF-8", error.valid_up_to())),
        }
    }

    /// How many bytes have been read.
    pub fn offset(&self) -> usize {
        self.position
    }

    /// Checks that nothing but white space follows.
    ///
    /// # Errors
    /// If something does.
    pub fn end(&mut self) -> Result<()> {
        self.skip_whitespace();
        if self.position == self.text.len() { Ok(()) } else { Err(self.error("text after the end of the document")) }
    }

    /// Consumes the `{` of an object; its fields follow with [`next_key`](Self::next_key).
    ///
    /// # Errors
    /// If the next value is something else, or nests too deep.
    #[inline]
    pub fn begin_object(&mut self) -> Result<()> {
        if self.token() != Some(b'{') {
            return Err(self.expected("an object"));
        }
        self.enter()
    }

    /// The key of the next field, its value being next to be read; `None` after the `}`.
    ///
    /// `first` is true for the first call in an object, and set to false by it.
    ///
    /// # Errors
    /// If the text is not JSON.
    #[inline]
    pub fn next_key(&mut self, first: &mut bool) -> Result<Option<Cow<'a, str>>> {
        if !self.next_in(b'}', first)? {
            return Ok(None);
        }
        if self.token() != Some(b'"') {
            return Err(self.expected("a key"));
        }
        let key = self.string_after_quote()?;
        self.colon()?;
        Ok(Some(key))
    }

    #[inline]
    fn colon(&mut self) -> Result<()> {
        if self.token() != Some(b':') {
            return Err(self.error("expected `:` after a key"));
        }
        self.position += 1;
        Ok(())
    }

    /// Reads the fields of an object, its `{` being read.
    #[inline]
    pub(crate) fn fields(&mut self, mut field: impl FnMut(&str, &mut Self) -> Result<()>) -> Result<()> {
        let mut first = true;
        while self.next_in(b'}', &mut first)? {
            if let Some(key) = self.plain_string() {
                self.colon()?;
                field(key, self).map_err(|error| error.in_field(key))?;
            } else {
                // An escape, white space, or no key at all.
                let Some(key) = self.next_key(&mut true)? else { break };
                field(&key, self).map_err(|error| error.in_field(&key))?;
            }
        }
        Ok(())
    }

    /// Consumes the `[` of a list; its elements follow with [`next_element`](Self::next_element).
    ///
    /// # Errors
    /// If the next value is something else, or nests too deep.
    #[inline]
    pub fn begin_list(&mut self) -> Result<()> {
        if self.token() != Some(b'[') {
            return Err(self.expected("a list"));
        }
        self.enter()
    }

    /// Whether another element is next to be read; false after the `]`.
    ///
    /// `first` is true for the first call in a list, and set to false by it.
    ///
    /// # Errors
    /// If the text is not JSON.
    #[inline]
    pub fn next_element(&mut self, first: &mut bool) -> Result<bool> {
        self.next_in(b']', first)
    }

    /// Consumes a `null` if that is the next value.
    ///
    /// # Errors
    /// If the next value starts like `null` and is not.
    #[inline]
    pub fn null(&mut self) -> Result<bool> {
        if self.token() == Some(b'n') { self.literal("null").map(|()| true) } else { Ok(false) }
    }

    /// Reads a boolean.
    ///
    /// # Errors
    /// If the next value is something else.
    pub fn boolean(&mut self) -> Result<bool> {
        match self.token() {
            Some(b't') => self.literal("true").map(|()| true),
            Some(b'f') => self.literal("false").map(|()| false),
            _ => Err(self.expected("a boolean")),
        }
    }

    /// Reads a string, borrowed from the document if it has no escape.
    ///
    /// # Errors
    /// If the next value is something else, or has an invalid escape (a lone surrogate is one).
    #[inline]
    pub fn string(&mut self) -> Result<Cow<'a, str>> {
        if self.token() != Some(b'"') {
            return Err(self.expected("a string"));
        }
        self.string_after_quote()
    }

    /// Reads an integer.
    ///
    /// # Errors
    /// If the next value is something else (`1.0` and `1e3` are), or does not fit 64 bits.
    pub fn integer(&mut self) -> Result<i64> {
        let start = self.number_start("an integer")?;
        if let Some(value) = self.short_integer() {
            return Ok(value);
        }
        let number = self.number()?;
        number.parse().map_err(|_| {
            let message = if number.contains(['.', 'e', 'E']) {
                format!("expected an integer, found {}", shortened(number))
            } else {
                format!("{} does not fit a 64-bit integer", shortened(number))
            };
            DecodeError::new(message, start)
        })
    }

    /// Reads a number.
    ///
    /// # Errors
    /// If the next value is something else, or is too large for a double.
    pub fn float(&mut self) -> Result<f64> {
        let start = self.number_start("a number")?;
        let number = self.number()?;
        match number.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err(DecodeError::new(format!("{} does not fit a double", shortened(number)), start)),
        }
    }

    /// Reads any value as the text that it has in the document.
    ///
    /// # Errors
    /// If the text is not JSON.
    pub fn raw(&mut self) -> Result<&'a str> {
        self.skip_whitespace();
        let start = self.position;
        self.skip()?;
        Ok(&self.text[start..self.position])
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

    /// Reads past any value, which is checked to be JSON.
    ///
    /// # Errors
    /// If it is not.
    pub fn skip(&mut self) -> Result<()> {
        match self.token() {
            Some(b'{') => {
                self.enter()?;
                let mut first = true;
                while self.next_in(b'}', &mut first)? {
                    if self.token() != Some(b'"') {
                        return Err(self.expected("a key"));
                    }
                    self.skip_string()?;
                    self.colon()?;
                    self.skip()?;
                }
                Ok(())
            }
            Some(b'[') => {
                self.enter()?;
                let mut first = true;
                while self.next_in(b']', &mut first)? {
                    self.skip()?;
                }
                Ok(())
            }
            Some(b'"') => self.skip_string(),
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            Some(b'-' | b'0'..=b'9') => self.float().map(|_| ()),
            _ => Err(self.expected("a value")),
        }
    }

    /// An error at the place that was reached.
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

    /// A server writes no white space, so looking for it is kept out of the way.
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

    /// Consumes what stands between elements: a comma, or the closing bracket, after which false is returned.
    ///
    /// That a comma is followed by an element is left to what reads the element: it refuses a bracket.
    #[inline]
    fn next_in(&mut self, close: u8, first: &mut bool) -> Result<bool> {
        match self.token() {
            Some(b',') if !*first => {
                self.position += 1;
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.position += 1;
                self.depth -= 1;
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

    fn number_start(&mut self, wanted: &str) -> Result<usize> {
        match self.token() {
            Some(b'-' | b'0'..=b'9') => Ok(self.position),
            _ => Err(self.expected(wanted)),
        }
    }

    /// Consumes a positive integer of up to 18 digits, which can't overflow; nothing otherwise.
    #[inline]
    fn short_integer(&mut self) -> Option<i64> {
        let (bytes, start) = (self.bytes(), self.position);
        let (mut at, mut value) = (start, 0i64);
        while let Some(digit @ b'0'..=b'9') = bytes.get(at) {
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            at += 1;
        }
        let plain = !matches!(bytes.get(at), Some(b'.' | b'e' | b'E'));
        let leading_zero = at - start > 1 && bytes[start] == b'0';
        if at == start || at - start > 18 || !plain || leading_zero {
            return None;
        }
        self.position = at;
        Some(value)
    }

    /// Consumes a number by the grammar of RFC 8259, §6.
    fn number(&mut self) -> Result<&'a str> {
        let (bytes, start) = (self.bytes(), self.position);
        let digits = |mut at: usize| {
            let from = at;
            while let Some(b'0'..=b'9') = bytes.get(at) {
                at += 1;
            }
            (at, at - from)
        };
        let unsigned = if bytes.get(start) == Some(&b'-') { start + 1 } else { start };
        let (mut end, count) = digits(unsigned);
        let mut valid = count == 1 || (count > 1 && bytes[unsigned] != b'0');
        if bytes.get(end) == Some(&b'.') {
            let (after, count) = digits(end + 1);
            end = after;
            valid &= count > 0;
        }
        if let Some(b'e' | b'E') = bytes.get(end) {
            let sign = matches!(bytes.get(end + 1), Some(b'+' | b'-'));
            let (after, count) = digits(end + 1 + usize::from(sign));
            end = after;
            valid &= count > 0;
        }
        if !valid {
            return Err(self.error("not a number"));
        }
        self.position = end;
        Ok(&self.text[start..end])
    }

    /// The next value or key, if it is a string without escapes that starts right here; otherwise nothing is consumed.
    ///
    /// This is how nearly all strings are, and a slice is returned in registers.
    #[inline]
    pub(crate) fn plain_string(&mut self) -> Option<&'a str> {
        let (bytes, start) = (self.bytes(), self.position + 1);
        if bytes.get(self.position) != Some(&b'"') {
            return None;
        }
        let end = scan::string_end(bytes, start);
        if bytes.get(end) != Some(&b'"') {
            return None;
        }
        self.position = end + 1;
        self.text.get(start..end)
    }

    fn string_after_quote(&mut self) -> Result<Cow<'a, str>> {
        let start = self.position + 1;
        let end = scan::string_end(self.bytes(), start);
        if self.bytes().get(end) == Some(&b'"') {
            self.position = end + 1;
            return Ok(Cow::Borrowed(&self.text[start..end]));
        }
        self.string_with_escapes(start, end).map(Cow::Owned)
    }

    #[cold]
    fn string_with_escapes(&mut self, start: usize, mut end: usize) -> Result<String> {
        let mut value = String::from(&self.text[start..end]);
        loop {
            self.position = end;
            match self.bytes().get(end) {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(value);
                }
                Some(b'\\') => value.push(self.escape()?),
                Some(_) => return Err(self.error("a control character in a string")),
                None => return Err(self.error("the document ends inside a string")),
            }
            let from = self.position;
            end = scan::string_end(self.bytes(), from);
            value.push_str(&self.text[from..end]);
        }
    }

    fn skip_string(&mut self) -> Result<()> {
        self.position += 1;
        loop {
            self.position = scan::string_end(self.bytes(), self.position);
            match self.bytes().get(self.position) {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(());
                }
                Some(b'\\') => drop(self.escape()?),
                Some(_) => return Err(self.error("a control character in a string")),
                None => return Err(self.error("the document ends inside a string")),
            }
        }
    }

    /// Consumes an escape, the position being at its backslash.
    fn escape(&mut self) -> Result<char> {
        let (character, length) = match self.bytes().get(self.position + 1) {
            Some(b'"') => ('"', 2),
            Some(b'\\') => ('\\', 2),
            Some(b'/') => ('/', 2),
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{c}', 2),
            Some(b'n') => ('\n', 2),
            Some(b'r') => ('\r', 2),
            Some(b't') => ('\t', 2),
            Some(b'u') => self.unicode_escape()?,
            _ => return Err(self.error("an unknown escape in a string")),
        };
        self.position += length;
        Ok(character)
    }

    fn unicode_escape(&self) -> Result<(char, usize)> {
        let first = self.hex4(self.position + 2)?;
        if let Some(character) = char::from_u32(first) {
            return Ok((character, 6));
        }
        let escaped = self.bytes().get(self.position + 6..self.position + 8) == Some(b"\\u");
        if first < 0xDC00 && escaped {
            let second = self.hex4(self.position + 8)?;
            if (0xDC00..0xE000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                if let Some(character) = char::from_u32(code) {
                    return Ok((character, 12));
                }
            }
        }
        Err(self.error("a lone surrogate in a string"))
    }

    fn hex4(&self, at: usize) -> Result<u32> {
        let digits = self.bytes().get(at..at + 4).unwrap_or_default();
        let value = digits.iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?));
        match value {
            Some(value) if digits.len() == 4 => Ok(value),
            _ => Err(self.error("expected four hexadecimal digits after `\\u`")),
        }
    }
}

fn shortened(number: &str) -> &str {
    number.get(..40).unwrap_or(number)
}
