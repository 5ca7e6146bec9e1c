use std::fmt;

use bytes::{Buf, Bytes};

/// What a line buffer may keep between lines.
const KEPT: usize = 64 * 1024;

/// Splits a body that arrives in chunks of any size into lines.
///
/// A line that lies inside one chunk is not copied, and no byte is looked at twice. Blank lines are left out.
/// Memory is bounded by one chunk and one line, and shrinks after a long line.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    chunk: Bytes,
    /// How much of the chunk is the line that was handed out last.
    consumed: usize,
    /// The start of a line whose end has not arrived.
    partial: Vec<u8>,
    /// Whether `partial` is the line that was handed out last.
    partial_consumed: bool,
}

impl Lines {
    /// The longest line that is accepted.
    ///
    /// etcd refuses objects over 1.5 MiB by default and advises against a limit over 10 MiB. JSON escapes (`\u001b`)
    /// may make an object up to six times as long: 64 MiB leaves room for any object that a server can hold.
    pub(crate) const MAX: usize = 64 * 1024 * 1024;

    /// Adds the next chunk; only to be called after [`next`](Self::next) has returned `None`.
    pub(crate) fn push(&mut self, chunk: Bytes) {
        debug_assert!(!self.chunk.has_remaining(), "the chunk before has been read");
        self.chunk = chunk;
        self.consumed = 0;
    }

    /// The next line, without its end; `None` when more chunks are needed.
    ///
    /// # Errors
    /// If the line is longer than [`MAX`](Self::MAX).
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, LineTooLong> {
        loop {
            self.discard_consumed();
            let Some(end) = memchr::memchr(b'\n', &self.chunk) else {
                if self.partial.len() + self.chunk.len() > Self::MAX {
                    return Err(LineTooLong);
                }
                self.partial.extend_from_slice(&self.chunk);
                self.chunk = Bytes::new();
                return Ok(None);
            };
            if self.partial.len() + end > Self::MAX {
                return Err(LineTooLong);
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

    /// What stands behind the last line end, if anything: to be asked at the end of the body.
    pub(crate) fn rest(&self) -> Option<&[u8]> {
        let rest = if self.partial_consumed { &[] } else { &*self.partial };
        if is_blank(rest) { None } else { Some(rest) }
    }

    fn discard_consumed(&mut self) {
        self.chunk.advance(std::mem::take(&mut self.consumed));
        if std::mem::take(&mut self.partial_consumed) {
            self.partial.clear();
            self.partial.shrink_to(KEPT);
        }
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.trim_ascii_start().is_empty()
}

/// A line is longer than [`Lines::MAX`].
#[derive(Debug)]
pub(crate) struct LineTooLong;

impl fmt::Display for LineTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an event is longer than {} MiB: this is no watch of a Kubernetes API server", Lines::MAX >> 20)
    }
}

impl std::error::Error for LineTooLong {}

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
        (read, lines.rest().map(<[u8]>::to_vec))
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
