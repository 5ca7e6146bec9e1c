use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::head::{BREAK, BYTES, Head, LIST, MAP, NEGATIVE, SIMPLE, TAG, TEXT, UNSIGNED};
use crate::json::{DecodeError, MAX_DEPTH, Writer};

type Result<T> = std::result::Result<T, DecodeError>;

/// The same document as JSON text.
///
/// # Errors
/// Returns an error if the bytes are not CBOR, or contain a value that JSON can't express.
pub fn to_json(bytes: &[u8]) -> Result<String> {
    let mut decoder = Decoder { bytes, position: 0, depth: 0, writer: Writer::with_capacity(bytes.len() * 5 / 4) };
    decoder.value(ByteStrings::Text)?;
    if decoder.position < bytes.len() {
        return Err(decoder.error("bytes after the end of the document"));
    }
    decoder.writer.finish().map_err(|error| DecodeError::new(error.to_string(), 0))
}

/// The meaning of byte strings (RFC 8949, §3.4.5.2).
#[derive(Clone, Copy)]
enum ByteStrings {
    Text,
    Base64Url,
    Base64,
    Base16,
}

struct Decoder<'a> {
    bytes: &'a [u8],
    position: usize,
    depth: u32,
    writer: Writer,
}

impl<'a> Decoder<'a> {
    fn value(&mut self, byte_strings: ByteStrings) -> Result<()> {
        if let Some(text) = self.short_text(byte_strings) {
            self.writer.string(text);
            return Ok(());
        }
        let (head, byte_strings) = self.untagged(byte_strings)?;
        match head.major {
            UNSIGNED => self.writer.display(head.argument),
            NEGATIVE => self.writer.display(-1 - i128::from(head.argument)),
            BYTES | TEXT => {
                let bytes = self.string(head)?;
                let text = self.text(head, byte_strings, &bytes)?;
                self.writer.string(&text);
            }
            LIST => self.nested(|decoder| decoder.list(head, byte_strings))?,
            MAP => self.nested(|decoder| decoder.map(head, byte_strings))?,
            _ => self.simple(head)?,
        }
        Ok(())
    }

    /// The head after any tags, and the meaning that these give to byte strings, including nested ones.
    fn untagged(&mut self, mut byte_strings: ByteStrings) -> Result<(Head, ByteStrings)> {
        loop {
            let head = self.head()?;
            if head.major != TAG {
                return Ok((head, byte_strings));
            }
            byte_strings = match head.argument {
                1 => return Err(self.error("a time encoded as a number, which Kubernetes does not use")),
                2 | 3 => return Err(self.error("a number with more than 64 bits")),
                21 => ByteStrings::Base64Url,
                22 => ByteStrings::Base64,
                23 => ByteStrings::Base16,
                _ => byte_strings,
            };
        }
    }

    fn list(&mut self, head: Head, byte_strings: ByteStrings) -> Result<()> {
        self.writer.begin_list();
        let mut remaining = head.argument;
        while self.has_next(head, &mut remaining) {
            self.writer.element();
            self.value(byte_strings)?;
        }
        self.writer.end_list();
        Ok(())
    }

    fn map(&mut self, head: Head, byte_strings: ByteStrings) -> Result<()> {
        self.writer.begin_object();
        let mut remaining = head.argument;
        while self.has_next(head, &mut remaining) {
            if let Some(key) = self.short_text(byte_strings) {
                self.writer.key(key);
                self.value(byte_strings)?;
                continue;
            }
            let (key_head, key_strings) = self.untagged(byte_strings)?;
            if !matches!(key_head.major, BYTES | TEXT) {
                return Err(self.error("a key that is not a string"));
            }
            let bytes = self.string(key_head)?;
            let key = self.text(key_head, key_strings, &bytes)?;
            self.writer.key(&key);
            self.value(byte_strings)?;
        }
        self.writer.end_object();
        Ok(())
    }

    fn simple(&mut self, head: Head) -> Result<()> {
        let float = match head.info {
            20 => return self.literal("false"),
            21 => return self.literal("true"),
            22 => return self.literal("null"),
            25 => half(head.argument as u16),
            26 => f64::from(f32::from_bits(head.argument as u32)),
            27 => f64::from_bits(head.argument),
            _ => return Err(self.error("a simple value other than true, false and null")),
        };
        if !float.is_finite() {
            return Err(self.error("a number that is infinite or NaN"));
        }
        self.writer.float(float);
        Ok(())
    }

    fn literal(&mut self, word: &str) -> Result<()> {
        self.writer.raw(word);
        Ok(())
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.depth += 1;
        read(self)?;
        self.depth -= 1;
        Ok(())
    }

    /// Whether a list or map has another entry; consumes the break after the last one.
    #[inline]
    fn has_next(&mut self, head: Head, remaining: &mut u64) -> bool {
        if !head.is_indefinite() {
            let more = *remaining > 0;
            *remaining = remaining.saturating_sub(1);
            return more;
        }
        let ends = self.bytes.get(self.position) == Some(&BREAK);
        self.position += usize::from(ends);
        !ends
    }

    #[inline]
    fn head(&mut self) -> Result<Head> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        match Head::read(rest) {
            Ok(Some(head)) if head.major != SIMPLE || rest.first() != Some(&BREAK) => {
                self.position += head.length;
                Ok(head)
            }
            Ok(Some(_)) => Err(self.error("not CBOR: a break where nothing can end")),
            Ok(None) => Err(self.error("the document ends too early")),
            Err(message) => Err(self.error(message)),
        }
    }

    /// A text string of less than 24 bytes, the most common kind; anything else is not consumed.
    #[inline]
    fn short_text(&mut self, byte_strings: ByteStrings) -> Option<&'a str> {
        let (first, rest) = self.bytes.get(self.position..)?.split_first()?;
        let length = match first {
            0x60..=0x77 => first - 0x60,
            0x40..=0x57 if matches!(byte_strings, ByteStrings::Text) => first - 0x40,
            _ => return None,
        };
        let text = std::str::from_utf8(rest.get(..length.into())?).ok()?;
        self.position += 1 + text.len();
        Some(text)
    }

    /// The content of a string, whose chunks are joined if its length is indefinite.
    fn string(&mut self, head: Head) -> Result<Cow<'a, [u8]>> {
        if !head.is_indefinite() {
            return self.take(head.argument).map(Cow::Borrowed);
        }
        let mut joined = Vec::new();
        while self.has_next(head, &mut 0) {
            let chunk = self.head()?;
            if chunk.major != head.major || chunk.is_indefinite() {
                return Err(self.error("not CBOR: a string with a chunk of another kind"));
            }
            let bytes = self.take(chunk.argument)?;
            self.text(chunk, ByteStrings::Text, bytes)?;
            joined.extend_from_slice(bytes);
        }
        Ok(Cow::Owned(joined))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8]> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let taken = usize::try_from(length).ok().and_then(|length| rest.get(..length));
        match taken {
            Some(taken) => {
                self.position += taken.len();
                Ok(taken)
            }
            None => Err(self.error("the document ends inside a string")),
        }
    }

    /// A text string must be valid UTF-8; a byte string need not be, and is read as Go writes it to JSON.
    fn text<'b>(&self, head: Head, byte_strings: ByteStrings, bytes: &'b [u8]) -> Result<Cow<'b, str>> {
        match (byte_strings, std::str::from_utf8(bytes)) {
            (ByteStrings::Base64, _) if head.major == BYTES => Ok(STANDARD.encode(bytes).into()),
            (ByteStrings::Base64Url, _) if head.major == BYTES => Ok(URL_SAFE_NO_PAD.encode(bytes).into()),
            (ByteStrings::Base16, _) if head.major == BYTES => {
                Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into())
            }
            (_, Ok(text)) => Ok(Cow::Borrowed(text)),
            (_, Err(_)) if head.major == BYTES => Ok(replaced(bytes).into()),
            (_, Err(_)) => Err(self.error("a text that is not valid UTF-8")),
        }
    }

    #[cold]
    fn error(&self, message: impl Into<Cow<'static, str>>) -> DecodeError {
        DecodeError::new(message, self.position)
    }
}

/// The bytes as text, with U+FFFD for each that is not valid UTF-8.
#[cold]
fn replaced(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

/// A double from a half-precision float (RFC 8949, appendix D).
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1F), f64::from(bits & 0x3FF));
    let magnitude = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (fraction + 1024.0) * 2f64.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 { magnitude } else { -magnitude }
}
