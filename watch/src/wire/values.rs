use super::{EventTooLong, MAX_EVENT};

/// The capacity that is kept between values.
const KEPT: usize = 64 * 1024;

/// Splits bytes that arrive in chunks of any size into JSON values, with any white space between and in them.
///
/// No byte is scanned twice. Memory is bounded by one chunk and one value.
#[derive(Debug)]
pub(super) struct Values {
    buffer: Vec<u8>,
    /// The end of the last returned value.
    start: usize,
    /// The position up to which the next value, beginning at `start`, has been scanned.
    scan: ValueScan,
}

impl Values {
    pub(super) fn new(buffer: Vec<u8>) -> Self {
        Self { buffer, start: 0, scan: ValueScan::default() }
    }

    pub(super) fn push(&mut self, chunk: &[u8]) {
        self.discard();
        self.buffer.extend_from_slice(chunk);
    }

    /// The next value; text that is not a value counts as one up to the end of its line. `None` if more bytes are
    /// needed.
    ///
    /// # Errors
    /// Returns an error if the value is longer than [`MAX_EVENT`].
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, EventTooLong> {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let end = self.scan.value_end(rest);
        if end.unwrap_or(rest.len()) > MAX_EVENT {
            return Err(EventTooLong);
        }
        let Some(end) = end else { return Ok(None) };
        let value = self.start..self.start + end;
        self.start = value.end;
        self.scan = ValueScan::default();
        Ok(self.buffer.get(value))
    }

    /// Whether no value has begun.
    pub(super) fn is_blank(&self) -> bool {
        self.buffer.get(self.start..).unwrap_or_default().trim_ascii().is_empty()
    }

    /// The number of buffered bytes.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.buffer.len()
    }

    fn discard(&mut self) {
        if self.is_blank() {
            self.start = self.buffer.len();
            self.scan = ValueScan::default();
        }
        if self.start > self.buffer.len() / 2 {
            self.buffer.drain(..self.start);
            self.start = 0;
            self.buffer.shrink_to(KEPT);
        }
    }
}

/// Finds the end of a JSON object or list in bytes that arrive in pieces.
#[derive(Debug, Default)]
pub(super) struct ValueScan {
    /// The number of bytes that have been scanned.
    scanned: usize,
    depth: usize,
    place: Place,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Place {
    /// In the white space before the value.
    #[default]
    Before,
    /// In text that is neither an object nor a list.
    Text,
    Inside,
    String,
    /// After a backslash in a string.
    Escape,
}

impl ValueScan {
    /// The end of the first value in `bytes`, which are those of the last call and any that followed; `None` if the
    /// value is incomplete.
    pub(super) fn value_end(&mut self, bytes: &[u8]) -> Option<usize> {
        while self.scanned < bytes.len() {
            if self.place == Place::String {
                let rest = bytes.get(self.scanned..).unwrap_or_default();
                self.scanned += memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
            }
            let byte = bytes.get(self.scanned)?;
            self.scanned += 1;
            match (self.place, byte) {
                (Place::Before, b'{' | b'[') => {
                    self.place = Place::Inside;
                    self.depth = 1;
                }
                (Place::Before, byte) if byte.is_ascii_whitespace() => {}
                (Place::Before, _) => self.place = Place::Text,
                (Place::Text, b'\n') => return Some(self.scanned),
                (Place::Inside, b'"') => self.place = Place::String,
                (Place::Inside, b'{' | b'[') => self.depth += 1,
                (Place::Inside, b'}' | b']') => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(self.scanned);
                    }
                }
                (Place::String, b'"') | (Place::Escape, _) => {
                    self.place = if self.place == Place::String { Place::Inside } else { Place::String };
                }
                (Place::String, b'\\') => self.place = Place::Escape,
                (Place::Text | Place::Inside | Place::String, _) => {}
            }
        }
        None
    }

    /// Whether the bytes end in a string.
    pub(super) fn is_in_string(&self) -> bool {
        matches!(self.place, Place::String | Place::Escape)
    }

    /// Whether an object or list has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.depth > 0
    }
}
