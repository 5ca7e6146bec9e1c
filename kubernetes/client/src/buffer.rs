use bytes::{Bytes, BytesMut};

/// The first allocation, when more than one chunk arrives.
const MIN_SEGMENT: usize = 16 * 1024;

/// The largest allocation but that of the whole.
const MAX_SEGMENT: usize = 1024 * 1024;

/// Collects bytes up to a limit, without ever holding more than that and one segment: a vector that grows would hold
/// its old and its new memory for a time, up to twice as much.
pub(crate) struct LimitedBuffer {
    segments: Vec<BytesMut>,
    length: usize,
    limit: usize,
}

/// More bytes than the limit.
#[derive(Debug)]
pub(crate) struct LimitExceeded;

impl LimitedBuffer {
    pub(crate) fn new(limit: usize) -> Self {
        Self { segments: Vec::new(), length: 0, limit }
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    pub(crate) fn extend(&mut self, mut bytes: &[u8]) -> Result<(), LimitExceeded> {
        if bytes.len() > self.limit - self.length {
            return Err(LimitExceeded);
        }
        self.length += bytes.len();
        while !bytes.is_empty() {
            if self.segments.last().is_none_or(|last| last.len() == last.capacity()) {
                self.segments.push(BytesMut::with_capacity(self.length.clamp(MIN_SEGMENT, MAX_SEGMENT)));
            }
            let Some(space) = self.segments.last_mut() else { break };
            let (now, later) = bytes.split_at(bytes.len().min(space.capacity() - space.len()));
            space.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Bytes {
        if self.segments.len() <= 1 {
            return self.segments.pop().unwrap_or_default().freeze();
        }
        // The kernel gives memory as it is written, and each segment goes once it is copied.
        let mut whole = BytesMut::with_capacity(self.length);
        for segment in self.segments {
            whole.extend_from_slice(&segment);
        }
        whole.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_all_bytes_up_to_the_limit() {
        for chunk in [1, 7, 4096, 100_000, 3_000_000] {
            let bytes: Vec<u8> = (0..3_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
            let mut buffer = LimitedBuffer::new(bytes.len());
            for chunk in bytes.chunks(chunk) {
                buffer.extend(chunk).unwrap();
                assert!(buffer.segments.iter().all(|segment| segment.capacity() <= MAX_SEGMENT));
            }
            assert!(buffer.extend(b"!").is_err());
            assert_eq!(buffer.len(), bytes.len());
            assert!(buffer.finish() == bytes);
        }
        assert!(LimitedBuffer::new(0).finish().is_empty());
    }
}
