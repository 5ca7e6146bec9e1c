#[cfg(test)]
mod tests;

use std::io::Cursor;

use bytes::{Buf, Bytes, BytesMut};
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// A piece of a binary message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) bytes: Bytes,
    /// Whether it is the last one of its message.
    pub(crate) is_last: bool,
}

/// An item that a server sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    Data(Part),
    /// The beginning of a text message, which ends the connection.
    Text,
    Ping(Bytes),
    Pong(Bytes),
    /// The code and the reason, if there are any.
    Close(Option<(u16, Bytes)>),
}

/// Reads the frames of a server from bytes that arrive in pieces: data without a copy, and without waiting for the rest
/// of its message, so that memory does not depend on the size of messages.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    frame: Option<OpenFrame>,
    /// Whether a message has begun, and goes on in the next frame.
    is_fragmented: bool,
}

/// The frame whose payload is being read.
#[derive(Clone, Copy, Debug)]
struct OpenFrame {
    code: OpCode,
    is_final: bool,
    left: u64,
}

/// The payload of a control frame (RFC 6455, 5.5).
const MAX_CONTROL_BYTES: u64 = 125;

/// Shorter pieces are copied: each would keep the memory of all that was read at once.
const MIN_SHARED_BYTES: usize = 4 * 1024;

impl Decoder {
    /// Takes the next item out of `input`; `None` if more input is needed.
    ///
    /// # Errors
    /// Returns an error if the bytes are not frames that a server may send. The decoder is of no use then.
    pub(super) fn next(&mut self, input: &mut BytesMut) -> Result<Option<Received>, SocketError> {
        loop {
            let Some(frame) = &mut self.frame else {
                self.frame = self.head(input)?;
                if self.frame.is_none() {
                    return Ok(None);
                }
                continue;
            };
            let available = usize::try_from(frame.left).unwrap_or(usize::MAX).min(input.len());
            if frame.code == OpCode::Data(Data::Text) {
                self.frame = None;
                return Ok(Some(Received::Text));
            }
            if let OpCode::Control(code) = frame.code {
                if (available as u64) < frame.left {
                    return Ok(None);
                }
                self.frame = None;
                return control(code, take(input, available)).map(Some);
            }
            if available == 0 && frame.left > 0 {
                return Ok(None);
            }
            frame.left -= available as u64;
            let (is_end, is_final) = (frame.left == 0, frame.is_final);
            if is_end {
                self.frame = None;
            }
            let is_last = is_end && is_final;
            // An empty frame matters only where it ends a message.
            if available > 0 || is_last {
                return Ok(Some(Received::Data(Part { bytes: take(input, available), is_last })));
            }
        }
    }

    /// Reads the head of a frame, if all of it has come.
    fn head(&mut self, input: &mut BytesMut) -> Result<Option<OpenFrame>, SocketError> {
        let mut cursor = Cursor::new(&input[..]);
        let Some((head, left)) = FrameHeader::parse(&mut cursor)? else { return Ok(None) };
        let length = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
        input.advance(length);
        if head.rsv1 || head.rsv2 || head.rsv3 {
            return Err(ProtocolError::NonZeroReservedBits.into());
        }
        if head.mask.is_some() {
            return Err(ProtocolError::MaskedFrameFromServer.into());
        }
        match head.opcode {
            OpCode::Control(_) if !head.is_final => return Err(ProtocolError::FragmentedControlFrame.into()),
            OpCode::Control(_) if left > MAX_CONTROL_BYTES => return Err(ProtocolError::ControlFrameTooBig.into()),
            OpCode::Control(_) => {}
            OpCode::Data(Data::Continue) if !self.is_fragmented => {
                return Err(ProtocolError::UnexpectedContinueFrame.into());
            }
            OpCode::Data(Data::Continue) => self.is_fragmented = !head.is_final,
            OpCode::Data(kind) if self.is_fragmented => return Err(ProtocolError::ExpectedFragment(kind).into()),
            OpCode::Data(_) => self.is_fragmented = !head.is_final,
        }
        Ok(Some(OpenFrame { code: head.opcode, is_final: head.is_final, left }))
    }
}

fn control(code: Control, payload: Bytes) -> Result<Received, SocketError> {
    match code {
        Control::Ping => Ok(Received::Ping(payload)),
        Control::Pong => Ok(Received::Pong(payload)),
        Control::Close => match payload.get(..2) {
            Some(&[high, low]) => Ok(Received::Close(Some((u16::from_be_bytes([high, low]), payload.slice(2..))))),
            _ if payload.is_empty() => Ok(Received::Close(None)),
            _ => Err(ProtocolError::InvalidCloseSequence.into()),
        },
        Control::Reserved(code) => Err(ProtocolError::UnknownControlFrameType(code).into()),
    }
}

fn take(input: &mut BytesMut, length: usize) -> Bytes {
    if length >= MIN_SHARED_BYTES {
        return input.split_to(length).freeze();
    }
    let bytes = Bytes::copy_from_slice(&input[..length]);
    input.advance(length);
    bytes
}
