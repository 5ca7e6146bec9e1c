use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes, BytesMut};
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::OpCode;

/// The most that comes before a payload (RFC 6455, 5.2).
const MAX_HEAD_BYTES: usize = 14;

/// The frames of a client that are to be written, each with a whole message.
///
/// It is a buffer of several pieces, so that payloads are written without being copied once more.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// None is empty.
    pieces: VecDeque<Bytes>,
    length: usize,
}

impl Frames {
    /// Adds a frame, whose payload is masked where it is.
    pub(super) fn push(&mut self, opcode: OpCode, mut payload: BytesMut) -> Result<(), SocketError> {
        let mask: [u8; 4] = std::array::from_fn(|_| fastrand::u8(..));
        let header = FrameHeader { opcode, mask: Some(mask), ..FrameHeader::default() };
        let mut head = Vec::with_capacity(MAX_HEAD_BYTES);
        header.format(payload.len() as u64, &mut head)?;
        apply(mask, &mut payload);
        self.length += head.len() + payload.len();
        self.pieces.push_back(head.into());
        if !payload.is_empty() {
            self.pieces.push_back(payload.freeze());
        }
        Ok(())
    }
}

impl Buf for Frames {
    fn remaining(&self) -> usize {
        self.length
    }

    fn chunk(&self) -> &[u8] {
        self.pieces.front().map_or(&[], |piece| piece)
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
            *slice = IoSlice::new(piece);
        }
        slices.len().min(self.pieces.len())
    }

    fn advance(&mut self, mut count: usize) {
        self.length -= count;
        while let Some(piece) = self.pieces.front_mut().filter(|piece| piece.len() <= count) {
            count -= piece.len();
            self.pieces.pop_front();
        }
        if let Some(piece) = self.pieces.front_mut() {
            piece.advance(count);
        }
    }
}

/// Masks bytes, eight at a time.
fn apply(mask: [u8; 4], bytes: &mut [u8]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = bytes.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.into_iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data};

    use super::*;

    fn opcode() -> impl Strategy<Value = OpCode> {
        let opcodes = [OpCode::Data(Data::Binary), OpCode::Control(Control::Ping), OpCode::Control(Control::Pong)];
        proptest::sample::select(opcodes.to_vec())
    }

    /// Bytes of any length; empty ones, and those where the form of the length changes, are frequent.
    fn payload() -> impl Strategy<Value = Vec<u8>> {
        let lengths = prop_oneof![Just(0), 125..=126_usize, 65_535..=65_536_usize, 0..70_000_usize];
        lengths.prop_flat_map(|length| vec(any::<u8>(), length))
    }

    proptest! {
        #[test]
        fn a_server_reads_what_was_written(
            messages in vec((opcode(), payload()), 1..4),
            steps in vec(1..50_000_usize, 1..9),
        ) {
            let mut frames = Frames::default();
            for (opcode, payload) in &messages {
                frames.push(*opcode, BytesMut::from(&payload[..])).expect("a frame");
            }
            let mut written = Vec::new();
            for step in steps.into_iter().cycle() {
                let mut slices = [IoSlice::new(&[]); 3];
                let count = frames.chunks_vectored(&mut slices);
                let available: Vec<u8> = slices[..count].iter().flat_map(|slice| slice.iter().copied()).collect();
                prop_assert_eq!(frames.has_remaining(), !available.is_empty());
                if available.is_empty() {
                    break;
                }
                let taken = step.min(available.len());
                written.extend_from_slice(&available[..taken]);
                frames.advance(taken);
            }
            prop_assert_eq!(frames.remaining(), 0);
            let mut input = &written[..];
            for (opcode, payload) in messages {
                let (head, length) = FrameHeader::parse(&mut std::io::Cursor::new(input)).expect("a head").expect("all of it");
                prop_assert!(head.is_final && head.opcode == opcode);
                prop_assert_eq!(length, payload.len() as u64);
                input.advance(head.len(length));
                let mask = head.mask.expect("clients mask");
                let (masked, rest) = input.split_at(payload.len());
                let read = masked.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
                prop_assert!(read.eq(payload));
                input = rest;
            }
            prop_assert!(input.is_empty());
        }
    }
}
