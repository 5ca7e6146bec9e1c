use bytes::{Buf, Bytes};

use super::values::ValueScan;
use super::{EventTooLong, MAX_EVENT};

/// The capacity that is kept between lines.
const KEPT: usize = 64 * 1024;

/// Splits a body that arrives in chunks of any size into lines.
///
/// A line inside a single chunk is not copied, and no byte is examined twice. Blank lines are skipped. Memory is
/// bounded by one chunk and one line, and shrinks after a long line.
#[derive(Debug, Default)]
pub(super) struct Lines {
    chunk: Bytes,
    /// The length of the part of the chunk that belongs to the last returned line.
    consumed: usize,
    /// The start of an incomplete line.
    partial: Vec<u8>,
    /// Whether `partial` is the last returned line.
    partial_consumed: bool,
    /// The position up to which `partial` has been searched for a value that is complete without a line feed.
    scan: ValueScan,
}

impl Lines {
    /// Adds the next chunk; must only be called after [`next`](Self::next) has returned `None`.
    pub(super) fn push(&mut self, chunk: Bytes) {
        debug_assert!(!self.chunk.has_remaining(), "the previous chunk has been read");
        self.chunk = chunk;
        self.consumed = 0;
    }

    /// The next line, without its terminator; `None` if more chunks are needed.
    ///
    /// # Errors
    /// Returns an error if the line is longer than [`MAX_EVENT`].
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, EventTooLong> {
        loop {
            self.discard_consumed();
            let Some(end) = memchr::memchr(b'\n', &self.chunk) else {
                if self.partial.len() + self.chunk.len() > MAX_EVENT {
                    return Err(EventTooLong);
                }
                self.partial.extend_from_slice(&self.chunk);
                self.chunk = Bytes::new();
                return Ok(None);
            };
            if self.partial.len() + end > MAX_EVENT {
                return Err(EventTooLong);
            }
            if self.partial.is_empty() {
                self.consumed = end + 1;
                if !is_blank(&self.chunk[..end]) {
                    return Ok(Some(&self.chunk[..end]));
                }
            } else {
                self.partial.extend_from_slice(&self.chunk[..end]);
                self.chunk.advance(end + 1);
                self.partial_consumed = true;
                if !is_blank(&self.partial) {
                    return Ok(Some(&self.partial));
                }
            }
        }
    }

    /// Whether the start of the next line is a complete value.
    pub(super) fn has_whole_value(&mut self) -> bool {
        self.discard_consumed();
        self.scan.value_end(&self.partial).is_some()
    }

    /// Takes the start of the next line, and everything after it.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.discard_consumed();
        let mut taken = std::mem::take(&mut self.partial);
        taken.extend_from_slice(&std::mem::take(&mut self.chunk));
        taken
    }

    /// Takes the last returned line, and everything after it.
    pub(super) fn take_with_last(&mut self) -> Vec<u8> {
        if std::mem::take(&mut self.partial_consumed) {
            self.partial.push(b'\n');
        }
        self.consumed = 0;
        self.take()
    }

    fn discard_consumed(&mut self) {
        self.chunk.advance(std::mem::take(&mut self.consumed));
        if std::mem::take(&mut self.partial_consumed) {
            self.partial.clear();
            self.partial.shrink_to(KEPT);
            self.scan = ValueScan::default();
        }
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.trim_ascii_start().is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(chunks: impl IntoIterator<Item = Vec<u8>>) -> (Vec<Vec<u8>>, Option<Vec<u8>>) {
        let mut lines = Lines::default();
        let mut read = Vec::new();
        for chunk in chunks {
            lines.push(chunk.into());
            while let Some(line) = lines.next().unwrap() {
                read.push(line.to_vec());
            }
        }
        (read, Some(lines.take()).filter(|rest| !is_blank(rest)))
    }

    proptest! {
        #[test]
        fn chunking_makes_no_difference(
            text in "(([a-z€😀 ]{0,12}|\r)\n){0,8}[a-z😀]{0,4}",
            mut cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        ) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.drain(..).map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let (lines, rest) = read(cuts.windows(2).map(|cut| bytes[cut[0]..cut[1]].to_vec()));

            let (whole, tail) = text.rsplit_once('\n').unwrap_or(("", &text));
            let expected: Vec<_> = whole.split('\n').filter(|line| !line.trim().is_empty()).collect();
            prop_assert_eq!(lines, expected.iter().map(|line| line.as_bytes().to_vec()).collect::<Vec<_>>());
            prop_assert_eq!(rest, Some(tail.as_bytes().to_vec()).filter(|tail| !tail.is_empty()));
        }
    }

    #[test]
    fn a_line_in_one_chunk_is_not_copied() {
        let chunk = Bytes::from_static(b"first\nsecond\n");
        let mut lines = Lines::default();
        lines.push(chunk.clone());
        let first = lines.next().unwrap().unwrap();
        assert_eq!((first, first.as_ptr()), (&b"first"[..], chunk.as_ptr()));
        let second = lines.next().unwrap().unwrap();
        assert_eq!((second, second.as_ptr()), (&b"second"[..], chunk[6..].as_ptr()));
    }

    #[test]
    fn a_long_line_leaves_no_memory_behind() {
        let mut lines = Lines::default();
        for _ in 0..64 {
            lines.push(vec![b'x'; 64 * 1024].into());
            assert!(lines.next().unwrap().is_none());
        }
        lines.push(Bytes::from_static(b"\nshort"));
        assert_eq!(lines.next().unwrap().unwrap().len(), 64 * 64 * 1024);
        assert!(lines.next().unwrap().is_none());
        assert!(lines.partial.capacity() <= KEPT, "{}", lines.partial.capacity());
    }

    #[test]
    fn a_line_without_end_is_an_error() {
        let mut lines = Lines::default();
        let chunk = Bytes::from(vec![b'x'; 1024 * 1024]);
        for _ in 0..64 {
            lines.push(chunk.clone());
            assert!(lines.next().unwrap().is_none());
        }
        lines.push(chunk);
        assert!(lines.next().is_err());
    }
}
