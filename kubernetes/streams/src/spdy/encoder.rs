use bytes::{BufMut, BytesMut};

use super::{CONTROL, FIN, MAX_STREAM_ID, PING, RST_STREAM, SYN_STREAM, VERSION};

/// Writes the frames of a client to the end of a buffer.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    /// Whether the head of the zlib stream of header blocks was written.
    has_begun: bool,
}

/// The head of a zlib stream with a preset dictionary, whose checksum follows: the dictionary of SPDY/3.
const ZLIB_HEAD: [u8; 6] = [0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2];

/// An empty stored block, with which a sync flush ends: readers wait for more without it.
const FLUSH: [u8; 5] = [0, 0, 0, 0xff, 0xff];

impl Encoder {
    /// Opens a stream.
    ///
    /// The header blocks of a connection are one zlib stream. They are some 60 bytes each and written as stored blocks,
    /// so that no compressor is needed. Names must be in lower case, and all text be shorter than 32 KiB in total.
    pub(crate) fn open(&mut self, buffer: &mut BytesMut, id: u32, headers: &[(&str, &str)]) {
        let texts = || headers.iter().flat_map(|(name, value)| [name, value]);
        let block = 4 + texts().map(|text| 4 + text.len()).sum::<usize>();
        let head: &[u8] = if std::mem::replace(&mut self.has_begun, true) { &[] } else { &ZLIB_HEAD };
        // The ids of the stream and of an associated one, the priority, and the slot.
        let length = 10 + head.len() + 5 + block + FLUSH.len();
        control(buffer, SYN_STREAM, length);
        buffer.put_u32(id & MAX_STREAM_ID);
        buffer.put_bytes(0, 6);
        buffer.put_slice(head);
        let stored = u16::try_from(block).unwrap_or(u16::MAX);
        buffer.put_u8(0);
        buffer.put_u16_le(stored);
        buffer.put_u16_le(!stored);
        buffer.put_u32(number(headers.len()));
        for text in texts() {
            buffer.put_u32(number(text.len()));
            buffer.put_slice(text.as_bytes());
        }
        buffer.put_slice(&FLUSH);
    }

    /// Sends bytes of a stream, less than 16 MiB.
    pub(crate) fn data(buffer: &mut BytesMut, id: u32, bytes: &[u8]) {
        buffer.put_u32(id & MAX_STREAM_ID);
        buffer.put_u32(number(bytes.len()));
        buffer.put_slice(bytes);
    }

    /// Ends the client's side of a stream.
    pub(crate) fn end(buffer: &mut BytesMut, id: u32) {
        buffer.put_u32(id & MAX_STREAM_ID);
        buffer.put_u32(u32::from(FIN) << 24);
    }

    /// Gives a stream up.
    pub(crate) fn reset(buffer: &mut BytesMut, id: u32, status: u32) {
        control(buffer, RST_STREAM, 8);
        buffer.put_u32(id & MAX_STREAM_ID);
        buffer.put_u32(status);
    }

    /// Sends a ping, whose id is odd, or answers one of the server.
    pub(crate) fn ping(buffer: &mut BytesMut, id: u32) {
        control(buffer, PING, 4);
        buffer.put_u32(id);
    }
}

fn control(buffer: &mut BytesMut, kind: u16, length: usize) {
    buffer.put_u16(CONTROL | VERSION);
    buffer.put_u16(kind);
    buffer.put_u32(number(length));
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_written_as_the_draft_has_them() {
        let mut buffer = BytesMut::new();
        let mut encoder = Encoder::default();
        encoder.open(&mut buffer, 1, &[("port", "80")]);
        let block = [&[0, 0, 0, 1, 0, 0, 0, 4][..], b"port", &[0, 0, 0, 2], b"80"].concat();
        let head = [0x80, 3, 0, 1, 0, 0, 0, 44, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2];
        let stored = [0, 18, 0, !18, !0];
        assert_eq!(buffer, [&head[..], &stored, &block, &FLUSH].concat());
        // The zlib stream goes on in the next block.
        encoder.open(&mut buffer.split_off(0), 3, &[]);
        let mut next = BytesMut::new();
        encoder.open(&mut next, 3, &[]);
        assert_eq!(next[..8], [0x80, 3, 0, 1, 0, 0, 0, 24]);
        assert_eq!(next[18..], [&[0, 4, 0, !4, !0, 0, 0, 0, 0][..], &FLUSH].concat());

        let mut buffer = BytesMut::new();
        Encoder::data(&mut buffer, 3, b"abc");
        Encoder::end(&mut buffer, 3);
        Encoder::reset(&mut buffer, 3, 5);
        Encoder::ping(&mut buffer, 7);
        let data = [0, 0, 0, 3, 0, 0, 0, 3, b'a', b'b', b'c'];
        let end = [0, 0, 0, 3, 1, 0, 0, 0];
        let reset = [0x80, 3, 0, 3, 0, 0, 0, 8, 0, 0, 0, 3, 0, 0, 0, 5];
        assert_eq!(buffer, [&data[..], &end, &reset, &[0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 7]].concat());
    }
}
