use std::fmt;

use bytes::{Buf, Bytes};

use super::{
    CONTROL, FIN, GO_AWAY, HEADER_LENGTH, HEADERS, MAX_STREAM_ID, PING, RST_STREAM, SYN_REPLY, SYN_STREAM, VERSION,
};

/// A frame of the server, or a part of a data frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// The server accepts a stream.
    Reply { id: u32, fin: bool },
    /// Bytes of a stream; the last ones of a frame with the flag have `fin`.
    Data { id: u32, bytes: Bytes, fin: bool },
    /// Further headers of a stream, of which nothing but `fin` matters.
    Headers { id: u32, fin: bool },
    /// The server gives a stream up.
    Reset { id: u32, status: u32 },
    /// A ping of the server, or the answer to one of the client.
    Ping { id: u32 },
    /// The server accepts no further streams.
    GoAway,
    /// The server opens a stream, which port-forward has no use for.
    Open { id: u32 },
}

/// Reads frames from bytes that arrive in pieces, without copying data.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    state: State,
}

/// The frame that is being read.
#[derive(Debug)]
enum State {
    /// Its first bytes.
    Head { bytes: [u8; HEADER_LENGTH], filled: usize },
    /// Data of a stream, of which `left` bytes are still to come.
    Data { id: u32, left: usize, fin: bool },
    /// The start of a control frame's payload, which holds all that matters.
    Control { kind: u16, flags: u8, payload: [u8; 8], filled: usize, wanted: usize, left: usize },
    /// The rest of a frame, which has nothing of interest.
    Skip { left: usize },
}

impl Default for State {
    fn default() -> Self {
        Self::Head { bytes: [0; HEADER_LENGTH], filled: 0 }
    }
}

impl Decoder {
    /// Takes the next frame out of `input`; `None` if more input is needed, of which then nothing is left.
    ///
    /// # Errors
    /// Returns an error if the bytes are not SPDY/3.1. The decoder is of no use then.
    pub(crate) fn next(&mut self, input: &mut Bytes) -> Result<Option<Frame>, InvalidFrame> {
        loop {
            match &mut self.state {
                State::Head { bytes, filled } => {
                    if !fill(bytes, filled, input) {
                        return Ok(None);
                    }
                    let head = *bytes;
                    self.state = State::of(head)?;
                    if let State::Data { id, left: 0, fin: true } = self.state {
                        self.state = State::default();
                        return Ok(Some(Frame::Data { id, bytes: Bytes::new(), fin: true }));
                    }
                }
                State::Data { left: 0, .. } | State::Skip { left: 0 } => self.state = State::default(),
                State::Data { .. } | State::Skip { .. } if input.is_empty() => return Ok(None),
                State::Data { id, left, fin } => {
                    let bytes = input.split_to(input.len().min(*left));
                    *left -= bytes.len();
                    return Ok(Some(Frame::Data { id: *id, bytes, fin: *fin && *left == 0 }));
                }
                State::Skip { left } => {
                    let skipped = input.len().min(*left);
                    input.advance(skipped);
                    *left -= skipped;
                }
                State::Control { kind, flags, payload, filled, wanted, left } => {
                    if !fill(&mut payload[..*wanted], filled, input) {
                        return Ok(None);
                    }
                    let frame = control(*kind, *flags, *payload);
                    self.state = State::Skip { left: *left - *wanted };
                    if frame.is_some() {
                        return Ok(frame);
                    }
                }
            }
        }
    }
}

impl State {
    /// The state after a frame's head.
    fn of([a, b, c, d, flags, length @ ..]: [u8; HEADER_LENGTH]) -> Result<Self, InvalidFrame> {
        let left = usize::from(length[0]) << 16 | usize::from(length[1]) << 8 | usize::from(length[2]);
        let version = u16::from_be_bytes([a, b]);
        if version & CONTROL == 0 {
            return Ok(Self::Data { id: u32::from_be_bytes([a, b, c, d]), left, fin: flags & FIN != 0 });
        }
        if version != CONTROL | VERSION {
            return Err(InvalidFrame::Version(version & !CONTROL));
        }
        let kind = u16::from_be_bytes([c, d]);
        let wanted = match kind {
            SYN_STREAM | SYN_REPLY | PING | HEADERS => 4,
            RST_STREAM | GO_AWAY => 8,
            // SETTINGS, WINDOW_UPDATE and CREDENTIAL, which `spdystream` ignores too.
            _ => return Ok(Self::Skip { left }),
        };
        if left < wanted {
            return Err(InvalidFrame::TooShort { kind, length: left });
        }
        Ok(Self::Control { kind, flags, payload: [0; 8], filled: 0, wanted, left })
    }
}

/// Moves bytes from `input` until `target` is full; returns whether it is.
fn fill(target: &mut [u8], filled: &mut usize, input: &mut Bytes) -> bool {
    let count = input.len().min(target.len() - *filled);
    input.copy_to_slice(&mut target[*filled..*filled + count]);
    *filled += count;
    *filled == target.len()
}

fn control(kind: u16, flags: u8, [a, b, c, d, status @ ..]: [u8; 8]) -> Option<Frame> {
    let number = u32::from_be_bytes([a, b, c, d]);
    let (id, fin) = (number & MAX_STREAM_ID, flags & FIN != 0);
    match kind {
        SYN_STREAM => Some(Frame::Open { id }),
        SYN_REPLY => Some(Frame::Reply { id, fin }),
        RST_STREAM => Some(Frame::Reset { id, status: u32::from_be_bytes(status) }),
        PING => Some(Frame::Ping { id: number }),
        GO_AWAY => Some(Frame::GoAway),
        HEADERS => Some(Frame::Headers { id, fin }),
        _ => None,
    }
}

/// The server sent bytes that are not SPDY/3.1.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum InvalidFrame {
    Version(u16),
    TooShort { kind: u16, length: usize },
}

kubernetes_core::error_text!(InvalidFrame);

impl InvalidFrame {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(f, "a frame has version {version} of SPDY instead of 3"),
            Self::TooShort { kind, length } => {
                write!(f, "a SPDY frame of type {kind} is too short: it has {length} bytes")
            }
        }
    }
}

impl std::error::Error for InvalidFrame {}
