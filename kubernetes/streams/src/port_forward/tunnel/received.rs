use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// Bytes of a connection that wait to be read.
#[derive(Debug, Default)]
pub(super) struct Received {
    chunks: VecDeque<Bytes>,
    /// The bytes after the chunks.
    tail: BytesMut,
    length: usize,
}

/// Shorter pieces are copied: each may keep the memory of a whole message, which other connections share.
const MIN_SHARED_BYTES: usize = 16 * 1024;

impl Received {
    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn push(&mut self, bytes: Bytes) {
        self.length += bytes.len();
        if bytes.len() < MIN_SHARED_BYTES {
            self.tail.extend_from_slice(&bytes);
            return;
        }
        if !self.tail.is_empty() {
            self.chunks.push_back(self.tail.split().freeze());
        }
        self.chunks.push_back(bytes);
    }

    pub(super) fn pop(&mut self) -> Option<Bytes> {
        let bytes = match self.chunks.pop_front() {
            Some(bytes) => bytes,
            None if self.tail.is_empty() => return None,
            None => std::mem::take(&mut self.tail).freeze(),
        };
        self.length -= bytes.len();
        Some(bytes)
    }

    /// Drops the bytes; returns whether there were any.
    pub(super) fn clear(&mut self) -> bool {
        std::mem::take(self).length > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn bytes_come_out_in_order(pieces in proptest::collection::vec((0..20_000_u16, proptest::bool::ANY), 0..20)) {
            let (mut received, mut expected, mut popped) = (Received::default(), Vec::new(), Vec::new());
            for (number, (length, pops)) in pieces.into_iter().enumerate() {
                let piece = vec![u8::try_from(number % 251).expect("a byte"); usize::from(length)];
                expected.extend_from_slice(&piece);
                received.push(piece.into());
                if pops {
                    popped.extend(received.pop().unwrap_or_default());
                }
                assert_eq!(received.len(), expected.len() - popped.len());
            }
            while let Some(bytes) = received.pop() {
                popped.extend(bytes);
            }
            assert!(popped == expected && received.len() == 0);
        }
    }
}
