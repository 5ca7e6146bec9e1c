//! Strings and their escapes (RFC 8259, §7).

use std::borrow::Cow;

use memchr::memchr;

use super::{Reader, Result};
use crate::Str;
use crate::json::scan;

impl<'a> Reader<'a> {
    /// Reads a string, borrowed from the document if it has no escape.
    ///
    /// # Errors
    /// Returns an error if the next value is something else, or has an invalid escape (a lone surrogate is one).
    #[inline]
    pub fn string(&mut self) -> Result<Cow<'a, str>> {
        if self.token() != Some(b'"') {
            return Err(self.expected("a string"));
        }
        self.string_after_quote()
    }

    /// The next value or key, if it is a string without escapes that starts right here; otherwise consumes nothing.
    ///
    /// Nearly all strings are like this, and the slice is returned in registers.
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

    /// The next value as `read` converts it from a string's content, if a string starts right here. If `read` returns
    /// `None`, nothing is consumed.
    ///
    /// `read` must refuse backslashes and control characters, as the string is not checked for them.
    #[inline]
    pub(crate) fn string_by<T>(&mut self, read: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        let content = self.bytes().get(self.position..)?.strip_prefix(b"\"")?;
        let (content, _) = content.split_at_checked(memchr(b'"', content)?)?;
        let value = read(content)?;
        self.position += content.len() + 2;
        Some(value)
    }

    /// Reads a string that [`plain_string`](Self::plain_string) can't: one with escapes, one after white space, or
    /// null.
    #[cold]
    pub(crate) fn unusual_str(&mut self) -> Result<Str> {
        if self.null()? {
            return Ok(Str::EMPTY);
        }
        if self.token() != Some(b'"') {
            return Err(self.expected("a string"));
        }
        let start = self.position;
        self.skip_string()?;
        self.escaped_str_of(&self.text[start..self.position], |reader| {
            reader.position = start;
            reader.unescape()?;
            Ok(reader.unescaped.as_str().into())
        })
    }

    pub(super) fn string_after_quote(&mut self) -> Result<Cow<'a, str>> {
        if let Some(text) = self.plain_string() {
            return Ok(Cow::Borrowed(text));
        }
        self.unescape()?;
        Ok(Cow::Owned(self.unescaped.clone()))
    }

    /// Reads a string, at whose quote the position is, into `unescaped`.
    #[cold]
    fn unescape(&mut self) -> Result<()> {
        self.unescaped.clear();
        self.position += 1;
        loop {
            let from = self.position;
            self.position = scan::string_end(self.bytes(), from);
            self.unescaped.push_str(&self.text[from..self.position]);
            match self.bytes().get(self.position) {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    let character = self.escape()?;
                    self.unescaped.push(character);
                }
                Some(_) => return Err(self.error("a control character in a string")),
                None => return Err(self.error("the document ends inside a string")),
            }
        }
    }

    #[inline]
    pub(super) fn skip_string(&mut self) -> Result<()> {
        let end = scan::string_end(self.bytes(), self.position + 1);
        if self.bytes().get(end) == Some(&b'"') {
            self.position = end + 1;
            return Ok(());
        }
        self.skip_unusual_string(end)
    }

    #[cold]
    fn skip_unusual_string(&mut self, end: usize) -> Result<()> {
        self.position = end;
        loop {
            match self.bytes().get(self.position) {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(());
                }
                Some(b'\\') => match self.bytes().get(self.position + 1) {
                    Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.position += 2,
                    _ => drop(self.escape()?),
                },
                Some(_) => return Err(self.error("a control character in a string")),
                None => return Err(self.error("the document ends inside a string")),
            }
            self.position = scan::string_end(self.bytes(), self.position);
        }
    }

    /// Consumes an escape, at whose backslash the position is.
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
