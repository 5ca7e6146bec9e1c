//! Members of gzip (RFC 1952), one after the other.
//!
//! An API server sends a streaming list, and each event after it, as a member of its own, of which everything has to come
//! out at once. The readers and writers of `flate2` keep some back until the next bytes arrive, so only its inflater is
//! used.

use bytes::{Buf as _, Bytes};
use flate2::{Crc, Decompress, FlushDecompress, Status};

/// The longest header. Most have ten bytes; it is the name of a file that may make it longer.
const MAX_HEADER: usize = 4 * 1024;

/// A checksum and a length, four bytes each.
const TRAILER: usize = 8;

pub(super) struct Members {
    part: Part,
    inflater: Decompress,
    /// Of the current member.
    crc: Crc,
}

/// The part that comes next, and the bytes of it that have arrived.
enum Part {
    Header(Vec<u8>),
    Deflated,
    Trailer(Vec<u8>),
}

impl Default for Members {
    fn default() -> Self {
        Self { part: Part::Header(Vec::new()), inflater: Decompress::new(false), crc: Crc::new() }
    }
}

impl Members {
    /// Decompresses `input` into the free space of `output`, until one of them is used up.
    pub(super) fn advance(&mut self, input: &mut Bytes, output: &mut Vec<u8>) -> Result<(), &'static str> {
        loop {
            match &mut self.part {
                Part::Header(begun) => {
                    let known = begun.len();
                    begun.extend_from_slice(&input[..input.len().min(MAX_HEADER - known)]);
                    match header_length(begun) {
                        Some(length) => {
                            check_header(begun)?;
                            input.advance(length - known);
                            self.part = Part::Deflated;
                        }
                        None if begun.len() == MAX_HEADER => return Err("the header of gzip is too long"),
                        None => {
                            check_header(begun)?;
                            input.clear();
                            return Ok(());
                        }
                    }
                }
                Part::Deflated => {
                    let (read, written) = (self.inflater.total_in(), output.len());
                    let status = self.inflater.decompress_vec(input, output, FlushDecompress::None);
                    let status = status.map_err(|_| "the deflated data is damaged")?;
                    let read = usize::try_from(self.inflater.total_in() - read).unwrap_or(usize::MAX);
                    input.advance(read.min(input.len()));
                    self.crc.update(&output[written..]);
                    if status == Status::StreamEnd {
                        self.part = Part::Trailer(Vec::with_capacity(TRAILER));
                    } else if read == 0 && output.len() == written {
                        return Ok(());
                    }
                }
                Part::Trailer(begun) => {
                    let more = input.split_to(input.len().min(TRAILER - begun.len()));
                    begun.extend_from_slice(&more);
                    if begun.len() < TRAILER {
                        return Ok(());
                    }
                    let expected = [self.crc.sum(), self.crc.amount()].map(u32::to_le_bytes).concat();
                    if *begun != expected {
                        return Err("the checksum of gzip is wrong");
                    }
                    self.inflater.reset(false);
                    self.crc.reset();
                    self.part = Part::Header(Vec::new());
                }
            }
        }
    }

    /// Whether the input may end here. There may be no member at all.
    pub(super) fn is_between(&self) -> bool {
        matches!(&self.part, Part::Header(begun) if begun.is_empty())
    }
}

const HEADER_CHECKSUM: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

/// Refuses what is not the beginning of a header.
fn check_header(header: &[u8]) -> Result<(), &'static str> {
    let begins = header.iter().zip([0x1f, 0x8b, 8]).all(|(byte, expected)| *byte == expected);
    let flags = header.get(3).copied().unwrap_or_default();
    if begins && flags & RESERVED == 0 { Ok(()) } else { Err("it is not gzip") }
}

/// The length of a header; `None` if it is longer than this.
fn header_length(header: &[u8]) -> Option<usize> {
    let flags = *header.get(3)?;
    let mut length = 10;
    if flags & EXTRA != 0 {
        let extra = header.get(length..length + 2)?;
        length += 2 + usize::from(u16::from_le_bytes([extra[0], extra[1]]));
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            length += 1 + header.get(length..)?.iter().position(|byte| *byte == 0)?;
        }
    }
    if flags & HEADER_CHECKSUM != 0 {
        length += 2;
    }
    (header.len() >= length).then_some(length)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, GzBuilder};

    use super::*;

    fn member(plain: &[u8], header: GzBuilder) -> Vec<u8> {
        let mut encoder = header.write(Vec::new(), Compression::fast());
        encoder.write_all(plain).expect("a vector takes everything");
        encoder.finish().expect("a vector takes everything")
    }

    /// Decompresses what arrives in pieces, with so much space at a time.
    fn decompress(compressed: &[u8], piece: usize, space: usize) -> Result<Vec<u8>, &'static str> {
        let (mut members, mut plain) = (Members::default(), Vec::new());
        for piece in compressed.chunks(piece) {
            let mut input = Bytes::copy_from_slice(piece);
            loop {
                let mut output = Vec::with_capacity(space);
                members.advance(&mut input, &mut output)?;
                plain.extend_from_slice(&output);
                if output.len() < output.capacity() {
                    break;
                }
            }
            assert!(input.is_empty(), "all was taken in");
        }
        if members.is_between() { Ok(plain) } else { Err("it ends too early") }
    }

    #[test]
    fn members_may_be_split_anywhere() {
        let text = b"hello, hello, hello, ".repeat(500);
        let long = GzBuilder::new().filename("list.json").comment("all pods").extra(vec![7; 300]);
        let members = [(b"".as_slice(), GzBuilder::new()), (&text, long), (b"!", GzBuilder::new().filename("end"))];
        let compressed = members.map(|(plain, header)| member(plain, header)).concat();
        for piece in [1, 2, 3, 7, 100, compressed.len()] {
            for space in [1, 10, 100_000] {
                let plain = decompress(&compressed, piece, space).expect("it is valid");
                assert!(plain.strip_suffix(b"!") == Some(&text), "pieces of {piece}, space of {space}");
            }
        }
    }

    #[test]
    fn all_that_a_member_has_comes_with_its_last_byte_at_the_latest() {
        let mut members = Members::default();
        for number in 0..3 {
            let event = format!("event {number}\n");
            let mut output = Vec::with_capacity(1000);
            members.advance(&mut member(event.as_bytes(), GzBuilder::new()).into(), &mut output).expect("it is valid");
            assert_eq!(output, event.as_bytes());
        }
    }

    #[test]
    fn damage_is_found() {
        let whole = member(&b"hello, hello".repeat(9), GzBuilder::new());
        // Of the header, only the first three bytes say something that counts here.
        for at in (0..whole.len()).filter(|at| !(3..10).contains(at)) {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            assert!(decompress(&damaged, 5, 1000).is_err(), "byte {at}");
            assert_eq!(decompress(&whole[..at], 5, 1000).is_err(), at > 0, "the first {at} bytes");
        }
        let endless = [&[0x1f, 0x8b, 8, NAME, 0, 0, 0, 0, 0, 0][..], &[b'a'; 100_000]].concat();
        assert_eq!(decompress(&endless, 1000, 1000), Err("the header of gzip is too long"));
    }
}
