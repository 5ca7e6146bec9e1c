//! The server's side of WebSocket (RFC 6455), frame by frame, so that a test can damage frames.

use std::io::{self, Cursor, IoSlice};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use crate::clock;
use crate::faults::FrameFaults;

/// A message of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    Binary(Bytes),
    Text(Bytes),
    Ping(Bytes),
    Close,
}

/// The maximum size of a message; larger ones end the connection.
const MAX_MESSAGE_BYTES: u64 = 32 * 1024 * 1024;

/// The number of bytes that are allocated at once for those to be read.
const BLOCK_BYTES: usize = 120 * 1024;

/// With less room than this, there is another block.
const MIN_ROOM_BYTES: usize = 16 * 1024;

/// The codes with which the server closes.
pub(crate) const NORMAL: u16 = 1000;
pub(crate) const PROTOCOL_ERROR: u16 = 1002;
pub(crate) const UNSUPPORTED: u16 = 1003;

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Reads the messages of a client.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    io: R,
    buffer: BytesMut,
    /// The parts of a message so far.
    message: BytesMut,
    is_text: bool,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// `buffer` is what was already read from the connection.
    pub(crate) fn new(io: R, buffer: Bytes) -> Self {
        Self { io, buffer: BytesMut::from(&buffer[..]), message: BytesMut::new(), is_text: false }
    }

    /// The next message; `None` at the end of the connection.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Message>> {
        loop {
            while let Some((header, payload)) = self.take_frame()? {
                match header.opcode {
                    OpCode::Control(Control::Close) => return Ok(Some(Message::Close)),
                    OpCode::Control(Control::Ping) => return Ok(Some(Message::Ping(payload.freeze()))),
                    OpCode::Control(Control::Pong) => {}
                    OpCode::Data(kind @ (Data::Text | Data::Binary | Data::Continue)) => {
                        if kind != Data::Continue {
                            self.is_text = kind == Data::Text;
                        }
                        self.message.unsplit(payload);
                        if self.message.len() as u64 > MAX_MESSAGE_BYTES {
                            return Err(invalid("a message is too large"));
                        }
                        if header.is_final {
                            let message = std::mem::take(&mut self.message).freeze();
                            return Ok(Some(match self.is_text {
                                true => Message::Text(message),
                                false => Message::Binary(message),
                            }));
                        }
                    }
                    _ => return Err(invalid("a frame with a reserved opcode")),
                }
            }
            if self.buffer.capacity() - self.buffer.len() < MIN_ROOM_BYTES {
                self.buffer.reserve(BLOCK_BYTES);
            }
            if self.io.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    fn take_frame(&mut self) -> io::Result<Option<(FrameHeader, BytesMut)>> {
        let mut cursor = Cursor::new(&self.buffer[..]);
        let parsed = FrameHeader::parse(&mut cursor).map_err(|error| invalid(&error.to_string()))?;
        let Some((header, length)) = parsed else { return Ok(None) };
        let start = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
        if length > MAX_MESSAGE_BYTES {
            return Err(invalid("a frame is too large"));
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if self.buffer.len() < start.saturating_add(length) {
            return Ok(None);
        }
        let Some(mask) = header.mask else { return Err(invalid("a frame of a client without a mask")) };
        self.buffer.advance(start);
        let mut payload = self.buffer.split_to(length);
        unmask(&mut payload, mask);
        Ok(Some((header, payload)))
    }
}

/// Removes a mask, a word at a time: byte by byte, it would take more than half of the time of an upload.
fn unmask(bytes: &mut [u8], mask: [u8; 4]) {
    let (words, rest) = bytes.as_chunks_mut::<4>();
    for word in words {
        *word = (u32::from_ne_bytes(*word) ^ u32::from_ne_bytes(mask)).to_ne_bytes();
    }
    rest.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
}

/// The maximum number of bytes before a server's payload (RFC 6455, 5.2).
const MAX_HEAD_BYTES: usize = 10;

/// A message of the server.
#[derive(Clone, Debug)]
pub(crate) enum Outgoing {
    Binary(Bytes),
    Pong(Bytes),
    /// The close message, with its code.
    Close(u16),
}

/// Writes messages, subject to injected faults.
#[derive(Debug)]
pub(crate) struct Writer<W> {
    io: W,
    faults: FrameFaults,
    /// The frames that wait for a flush: heads and payloads, which are written without a copy.
    frames: Vec<Bytes>,
    /// The bytes of all frames.
    length: usize,
}

impl<W: AsyncWrite + Unpin> Writer<W> {
    pub(crate) fn new(io: W, faults: FrameFaults) -> Self {
        Self { io, faults, frames: Vec::new(), length: 0 }
    }

    /// Adds a message to those that the next [`flush`](Self::flush) writes.
    ///
    /// # Errors
    /// Returns an error if the connection is lost, by a fault or otherwise.
    pub(crate) async fn push(&mut self, message: Outgoing) -> io::Result<()> {
        if let Some(delay) = self.faults.delay {
            self.flush().await?;
            clock::sleep(delay).await;
        }
        match message {
            Outgoing::Pong(_) if self.faults.drops_pongs => Ok(()),
            Outgoing::Pong(payload) => self.frame(OpCode::Control(Control::Pong), payload, true).await,
            Outgoing::Close(code) => {
                let payload = Bytes::copy_from_slice(&code.to_be_bytes());
                self.frame(OpCode::Control(Control::Close), payload, true).await
            }
            Outgoing::Binary(payload) => self.binary(payload).await,
        }
    }

    /// Writes all messages at once, unless a fault splits them.
    ///
    /// # Errors
    /// Returns an error if the connection is lost.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        let frames = std::mem::take(&mut self.frames);
        match self.faults.split {
            None => {
                let mut slices: Vec<_> = frames.iter().map(|bytes| IoSlice::new(bytes)).collect();
                let mut slices = &mut slices[..];
                while !slices.is_empty() {
                    let count = self.io.write_vectored(slices).await?;
                    if count == 0 {
                        return Err(io::ErrorKind::WriteZero.into());
                    }
                    IoSlice::advance_slices(&mut slices, count);
                }
            }
            Some(size) => {
                for piece in frames.iter().flat_map(|bytes| bytes.chunks(size)) {
                    self.io.write_all(piece).await?;
                    self.io.flush().await?;
                    tokio::task::yield_now().await;
                }
            }
        }
        self.io.flush().await
    }

    /// Writes all messages, and ends the connection.
    ///
    /// # Errors
    /// Returns an error if the connection is lost.
    pub(crate) async fn shutdown(&mut self) -> io::Result<()> {
        self.flush().await?;
        self.io.shutdown().await
    }

    async fn binary(&mut self, mut payload: Bytes) -> io::Result<()> {
        if std::mem::take(&mut self.faults.bad_opcode) {
            self.frame(OpCode::Data(Data::Reserved(3)), Bytes::new(), true).await?;
        }
        let size = self.faults.fragment.unwrap_or(usize::MAX);
        let mut opcode = OpCode::Data(Data::Binary);
        loop {
            let rest = payload.split_off(payload.len().min(size));
            self.frame(opcode, payload, rest.is_empty()).await?;
            if rest.is_empty() {
                return Ok(());
            }
            opcode = OpCode::Data(Data::Continue);
            payload = rest;
        }
    }

    async fn frame(&mut self, opcode: OpCode, mut payload: Bytes, is_final: bool) -> io::Result<()> {
        let header = FrameHeader { is_final, opcode, ..FrameHeader::default() };
        let mut head = Vec::with_capacity(MAX_HEAD_BYTES);
        header.format(payload.len() as u64, &mut head).map_err(|error| invalid(&error.to_string()))?;
        let left = self.faults.reset_after.map_or(usize::MAX, |limit| limit.saturating_sub(self.length));
        let is_cut = head.len() + payload.len() >= left;
        head.truncate(left);
        payload.truncate(left - head.len());
        self.length += head.len() + payload.len();
        self.frames.extend([head.into(), payload].into_iter().filter(|bytes: &Bytes| !bytes.is_empty()));
        if is_cut {
            self.flush().await?;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}
