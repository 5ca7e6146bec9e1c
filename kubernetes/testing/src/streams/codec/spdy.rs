//! The part of SPDY/3.1 that Kubernetes uses: streams without flow control, as `spdystream` has them.
//!
//! <https://datatracker.ietf.org/doc/html/draft-mbelshe-httpbis-spdy-00> and <https://github.com/moby/spdystream>.

use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::dictionary::dictionary;

/// A frame of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    SynStream {
        id: u32,
        headers: Vec<(String, String)>,
        fin: bool,
    },
    Data {
        id: u32,
        bytes: Bytes,
        fin: bool,
    },
    Reset {
        id: u32,
    },
    Ping {
        id: u32,
    },
    GoAway,
    /// Read and ignored.
    Other,
}

const VERSION: u16 = 3;
const CONTROL: u16 = 0x8000;
const SYN_STREAM: u16 = 1;
const SYN_REPLY: u16 = 2;
const RST_STREAM: u16 = 3;
const PING: u16 = 6;
const GO_AWAY: u16 = 7;
const HEADERS: u16 = 8;
const FIN: u8 = 1;
pub(crate) const HEADER_LENGTH: usize = 8;

/// The maximum length of a stream's headers; those of port-forward have about 60 bytes.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// The status of a reset: the stream is not accepted.
pub(crate) const REFUSED_STREAM: u32 = 3;
pub(crate) const PROTOCOL_ERROR: u32 = 1;
pub(crate) const CANCEL: u32 = 5;

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Reads frames from bytes that arrive in pieces.
#[derive(Default)]
pub(crate) struct Decoder {
    buffer: BytesMut,
    headers: HeaderDecoder,
}

impl Decoder {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next complete frame; `None` if more bytes are needed.
    pub(crate) fn next_frame(&mut self) -> io::Result<Option<Frame>> {
        let Some(header) = self.buffer.first_chunk::<HEADER_LENGTH>() else { return Ok(None) };
        let [a, b, c, d, flags, length @ ..] = *header;
        let length = usize::from(length[0]) << 16 | usize::from(length[1]) << 8 | usize::from(length[2]);
        if self.buffer.len() < HEADER_LENGTH + length {
            return Ok(None);
        }
        self.buffer.advance(HEADER_LENGTH);
        let payload = self.buffer.split_to(length).freeze();
        let (version, kind) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        if version & CONTROL == 0 {
            let id = u32::from_be_bytes([a, b, c, d]);
            return Ok(Some(Frame::Data { id, bytes: payload, fin: flags & FIN != 0 }));
        }
        if version != CONTROL | VERSION {
            return Err(invalid("a frame of another version of SPDY"));
        }
        self.control(kind, flags, payload).map(Some)
    }

    fn control(&mut self, kind: u16, flags: u8, mut payload: Bytes) -> io::Result<Frame> {
        let mut id = || payload.try_get_u32().map(|id| id & 0x7fff_ffff).map_err(|_| invalid("a frame is too short"));
        match kind {
            SYN_STREAM => {
                let id = id()?;
                // The associated stream, the priority and the slot.
                let block = payload.get(6..).ok_or_else(|| invalid("a SYN_STREAM frame is too short"))?;
                let headers = self.headers.decode(block)?;
                Ok(Frame::SynStream { id, headers, fin: flags & FIN != 0 })
            }
            RST_STREAM => Ok(Frame::Reset { id: id()? }),
            PING => Ok(Frame::Ping { id: payload.try_get_u32().map_err(|_| invalid("a PING frame is too short"))? }),
            GO_AWAY => Ok(Frame::GoAway),
            HEADERS | SYN_REPLY => {
                id()?;
                // All blocks form one compressed stream, so each must be read.
                self.headers.decode(&payload)?;
                Ok(Frame::Other)
            }
            _ => Ok(Frame::Other),
        }
    }
}

/// Reads the header blocks of a connection, which are one zlib stream with a preset dictionary.
struct HeaderDecoder {
    inflate: DecompressorOxide,
    /// A ring buffer of the output so far, preceded by the dictionary; matches refer to it.
    ring: Vec<u8>,
    position: usize,
    /// The number of missing bytes of zlib's header: two, and the checksum of the dictionary.
    skip: usize,
}

/// A power of two that is twice the maximum distance of a match, so that a block may be as large as a window.
const RING: usize = 64 * 1024;
const ZLIB_HEADER: usize = 6;

impl Default for HeaderDecoder {
    fn default() -> Self {
        let mut ring = vec![0; RING];
        let position = dictionary().len();
        ring[..position].copy_from_slice(dictionary());
        Self { inflate: DecompressorOxide::new(), ring, position, skip: ZLIB_HEADER }
    }
}

impl HeaderDecoder {
    fn decode(&mut self, block: &[u8]) -> io::Result<Vec<(String, String)>> {
        let skipped = self.skip.min(block.len());
        self.skip -= skipped;
        let mut input = block.get(skipped..).unwrap_or_default();
        let mut output = Vec::new();
        loop {
            let (status, read, written) =
                decompress(&mut self.inflate, input, &mut self.ring, self.position, TINFL_FLAG_HAS_MORE_INPUT);
            input = input.get(read..).unwrap_or_default();
            let end = self.position + written;
            output.extend_from_slice(self.ring.get(self.position..end).unwrap_or_default());
            self.position = end % RING;
            if output.len() > MAX_HEADER_BYTES {
                return Err(invalid("the headers of a stream are too long"));
            }
            match status {
                TINFLStatus::HasMoreOutput => {}
                TINFLStatus::NeedsMoreInput if input.is_empty() => break,
                TINFLStatus::NeedsMoreInput => {}
                _ => return Err(invalid("the headers of a stream can't be decompressed")),
            }
        }
        read_headers(output.into()).ok_or_else(|| invalid("the headers of a stream are malformed"))
    }
}

fn read_headers(mut block: Bytes) -> Option<Vec<(String, String)>> {
    let count = block.try_get_u32().ok()?;
    let mut text = || {
        let length = usize::try_from(block.try_get_u32().ok()?).ok()?;
        if block.len() < length {
            return None;
        }
        String::from_utf8(block.split_to(length).to_vec()).ok()
    };
    let mut headers = Vec::new();
    for _ in 0..count {
        headers.push((text()?, text()?));
    }
    Some(headers)
}

fn control(kind: u16, payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(HEADER_LENGTH + payload.len());
    frame.put_u16(CONTROL | VERSION);
    frame.put_u16(kind);
    frame.put_u32(u32::try_from(payload.len()).unwrap_or(0));
    frame.put_slice(payload);
    frame.freeze()
}

/// Writes the frames of a server.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    /// Whether zlib's header was sent.
    has_begun: bool,
}

impl Encoder {
    /// Accepts a stream, with an empty list of headers.
    pub(crate) fn syn_reply(&mut self, id: u32) -> Bytes {
        let mut payload = id.to_be_bytes().to_vec();
        if !std::mem::replace(&mut self.has_begun, true) {
            // A zlib stream without a dictionary.
            payload.extend_from_slice(&[0x78, 0x01]);
        }
        // A stored block, which needs no compressor: its length, that with all bits flipped, and the number of headers.
        payload.extend_from_slice(&[0, 4, 0, !4, !0]);
        payload.extend_from_slice(&0_u32.to_be_bytes());
        // An empty block, as at the end of a sync flush: Go's reader fails permanently at the end of any other.
        payload.extend_from_slice(&[0, 0, 0, 0xff, 0xff]);
        control(SYN_REPLY, &payload)
    }
}

pub(crate) fn reset(id: u32, status: u32) -> Bytes {
    control(RST_STREAM, &[id.to_be_bytes(), status.to_be_bytes()].concat())
}

pub(crate) fn ping(id: u32) -> Bytes {
    control(PING, &id.to_be_bytes())
}

/// Data of a stream, at most 16 MiB.
pub(crate) fn data(id: u32, bytes: &[u8], fin: bool) -> Bytes {
    [&data_header(id, bytes.len(), fin)[..], bytes].concat().into()
}

/// The header of a frame with data of a stream.
pub(crate) fn data_header(id: u32, length: usize, fin: bool) -> [u8; HEADER_LENGTH] {
    let flags = u64::from(if fin { FIN } else { 0 }) << 24;
    (u64::from(id & 0x7fff_ffff) << 32 | flags | (length as u64 & 0xff_ffff)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use miniz_oxide::inflate::core::inflate_flags;

    use super::*;

    #[test]
    fn replies_are_one_zlib_stream_with_a_flush_after_each() {
        let mut encoder = Encoder::default();
        let blocks: Vec<Bytes> = [1, 3].into_iter().map(|id| encoder.syn_reply(id).slice(12..)).collect();
        for block in &blocks {
            assert!(block.ends_with(&[0, 0, 0, 0xff, 0xff]), "{block:?}");
        }
        // As a final block is missing, the decoder asks for more at the end.
        let mut output = vec![0; 32 * 1024];
        let flags = TINFL_FLAG_HAS_MORE_INPUT | inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER;
        let (status, _, count) = decompress(&mut DecompressorOxide::new(), &blocks.concat(), &mut output, 0, flags);
        assert_eq!((status, &output[..count]), (TINFLStatus::NeedsMoreInput, &[0; 8][..]));
    }

    #[test]
    fn hostile_frames_are_errors() {
        let syn_stream = |block: &[u8]| control(SYN_STREAM, &[&[0; 10][..], block].concat());
        // A run of zeros, compressed a thousand times.
        let bomb = miniz_oxide::deflate::compress_to_vec(&vec![0; 1_000_000], 9);
        let bomb = [&[0x78, 0xbb, 0, 0, 0, 0][..], &bomb].concat();
        let deep = [&[0x78, 0xbb, 0, 0, 0, 0, 0, 8, 0, !8, !0][..], &[0xff; 8]].concat();
        for frame in [
            syn_stream(&bomb),
            syn_stream(&deep),
            control(SYN_STREAM, &[0; 3]),
            control(PING, &[]),
            control(RST_STREAM, &[1]),
        ] {
            let mut decoder = Decoder::default();
            decoder.push(&frame);
            assert!(decoder.next_frame().is_err(), "{frame:?}");
        }
    }

    proptest::proptest! {
        /// Any bytes, cut anywhere, are frames or errors.
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>, cuts: Vec<proptest::sample::Index>) {
            let mut prefixed = vec![0x80, 0x03, 0, 1, 0, 0, 0, u8::try_from(bytes.len() % 256).unwrap()];
            prefixed.extend(&bytes);
            let whole = frames([prefixed.as_slice()]);
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(prefixed.len() + 1)).collect();
            cuts.extend([0, prefixed.len()]);
            cuts.sort_unstable();
            let parts = cuts.windows(2).map(|ends| &prefixed[ends[0]..ends[1]]);
            assert_eq!(frames(parts), whole);
        }
    }

    /// The frames of bytes that arrive in parts; `None` for an error, which is the last.
    fn frames<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<Option<Frame>> {
        let (mut decoder, mut found) = (Decoder::default(), Vec::new());
        for part in parts {
            decoder.push(part);
            loop {
                match decoder.next_frame() {
                    Ok(Some(frame)) => found.push(Some(frame)),
                    Ok(None) => break,
                    Err(_) => {
                        found.push(None);
                        return found;
                    }
                }
            }
        }
        found
    }
}
