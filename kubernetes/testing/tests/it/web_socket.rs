//! A client's side of WebSocket that sees every frame.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use http::HeaderMap;
use kubernetes_client::Upgraded;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    Binary(Vec<u8>),
    Pong(Vec<u8>),
    /// With its code; `None` at the end of the connection without one.
    Close(Option<u16>),
}

pub(crate) struct Reader {
    io: ReadHalf<Upgraded>,
    message: Vec<u8>,
}

pub(crate) struct Writer(WriteHalf<Upgraded>);

pub(crate) struct WebSocket {
    reader: Reader,
    writer: Writer,
    headers: HeaderMap,
}

/// The bytes of each channel, and how the connection ended.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    channels: BTreeMap<u8, Vec<u8>>,
    pub(crate) code: Option<u16>,
    pub(crate) error: Option<ErrorKind>,
}

impl Channels {
    pub(crate) fn bytes(&self, channel: u8) -> &[u8] {
        self.channels.get(&channel).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn text(&self, channel: u8) -> &str {
        std::str::from_utf8(self.bytes(channel)).unwrap()
    }
}

impl Reader {
    /// The next message.
    pub(crate) async fn next(&mut self) -> std::io::Result<Message> {
        loop {
            let Ok(head) = self
                .io
                .read_u16()
                .await
                .map_err(|error| (error.kind() != ErrorKind::UnexpectedEof).then_some(error))
                .or_else(|error| error.map_or(Ok(0), Err))
            else {
                return Err(ErrorKind::ConnectionReset.into());
            };
            if head == 0 {
                return Ok(Message::Close(None));
            }
            let (is_final, opcode) = (head & 0x8000 != 0, head >> 8 & 0xf);
            assert_eq!(head & 0x80, 0, "a server masks nothing");
            let length = match head & 0x7f {
                126 => u64::from(self.io.read_u16().await?),
                127 => self.io.read_u64().await?,
                length => u64::from(length),
            };
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            self.io.read_exact(&mut payload).await.map_err(|_| ErrorKind::ConnectionReset)?;
            match opcode {
                0 | 2 => {
                    self.message.extend(payload);
                    if is_final {
                        return Ok(Message::Binary(std::mem::take(&mut self.message)));
                    }
                }
                8 => return Ok(Message::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code)))),
                10 => return Ok(Message::Pong(payload)),
                _ => return Err(ErrorKind::InvalidData.into()),
            }
        }
    }

    /// Everything until the end of the connection.
    pub(crate) async fn read_channels(&mut self) -> Channels {
        let mut channels = Channels::default();
        loop {
            match self.next().await {
                Ok(Message::Binary(message)) => {
                    let (channel, bytes) = message.split_first().expect("a channel");
                    channels.channels.entry(*channel).or_default().extend(bytes);
                }
                Ok(Message::Pong(_)) => {}
                Ok(Message::Close(code)) => {
                    channels.code = code;
                    return channels;
                }
                Err(error) => {
                    channels.error = Some(error.kind());
                    return channels;
                }
            }
        }
    }
}

impl Writer {
    async fn frame(&mut self, opcode: u8, payload: &[u8]) {
        self.fragment(opcode, payload, true).await;
    }

    async fn fragment(&mut self, opcode: u8, payload: &[u8], is_final: bool) {
        const MASK: [u8; 4] = [1, 2, 3, 4];
        let mut frame = vec![if is_final { 0x80 } else { 0 } | opcode];
        match payload.len() {
            length @ 0..126 => frame.push(0x80 | length as u8),
            length @ 126..65536 => {
                frame.push(0x80 | 126);
                frame.extend((length as u16).to_be_bytes());
            }
            length => {
                frame.push(0x80 | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend(MASK);
        frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        // A server that is gone is seen by reading.
        let _ = self.0.write_all(&frame).await;
        let _ = self.0.flush().await;
    }

    pub(crate) async fn send(&mut self, message: &[u8]) {
        self.frame(2, message).await;
    }
}

impl WebSocket {
    pub(crate) fn new(upgraded: Upgraded) -> Self {
        let headers = upgraded.headers().clone();
        let (reader, writer) = tokio::io::split(upgraded);
        Self { reader: Reader { io: reader, message: Vec::new() }, writer: Writer(writer), headers }
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(crate) fn split(self) -> (Reader, Writer) {
        (self.reader, self.writer)
    }

    pub(crate) async fn send(&mut self, message: &[u8]) {
        self.writer.send(message).await;
    }

    /// Like [`send`](Self::send), as a text, in two fragments.
    pub(crate) async fn send_text(&mut self, message: &str) {
        let (start, end) = message.as_bytes().split_at(message.len() / 2);
        self.writer.fragment(1, start, false).await;
        self.writer.fragment(0, end, true).await;
    }

    pub(crate) async fn ping(&mut self, payload: &[u8]) {
        self.writer.frame(9, payload).await;
    }

    pub(crate) async fn next(&mut self) -> std::io::Result<Message> {
        self.reader.next().await
    }

    /// The next message that is not data.
    pub(crate) async fn next_but_data(&mut self) -> Message {
        loop {
            match self.next().await.unwrap() {
                Message::Binary(_) => {}
                other => return other,
            }
        }
    }

    pub(crate) async fn read_channels(&mut self) -> Channels {
        self.reader.read_channels().await
    }
}
