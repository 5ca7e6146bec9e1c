//! A client's side of the tunnel of port-forward.

use std::collections::BTreeMap;

use crate::web_socket::{Message, WebSocket};

pub(crate) struct Tunnel {
    socket: WebSocket,
    buffer: Vec<u8>,
    next_id: u32,
    has_begun: bool,
    /// The streams of errors and of data, by request.
    streams: BTreeMap<u32, (u32, u32)>,
}

#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) data: Vec<u8>,
    pub(crate) error: Vec<u8>,
}

enum Frame {
    Data { id: u32, bytes: Vec<u8>, fin: bool },
    Control { kind: u16, payload: Vec<u8> },
}

impl Tunnel {
    pub(crate) fn new(socket: WebSocket) -> Self {
        Self { socket, buffer: Vec::new(), next_id: 1, has_begun: false, streams: BTreeMap::new() }
    }

    async fn control(&mut self, kind: u16, flags: u8, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let frame = [&[0x80, 3][..], &kind.to_be_bytes(), &[flags], &length[1..], payload].concat();
        // Messages cut frames anywhere.
        for part in frame.chunks(7) {
            self.socket.send(part).await;
        }
    }

    pub(crate) async fn open_stream(&mut self, headers: &[(&str, &str)]) -> u32 {
        let id = self.next_id;
        self.next_id += 2;
        let mut block = u32::try_from(headers.len()).unwrap().to_be_bytes().to_vec();
        for text in headers.iter().flat_map(|(name, value)| [name, value]) {
            block.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
            block.extend(text.as_bytes());
        }
        let mut payload = [&id.to_be_bytes()[..], &[0; 6]].concat();
        if !std::mem::replace(&mut self.has_begun, true) {
            // zlib with a preset dictionary: 0x78, FDICT, and the dictionary's checksum.
            payload.extend([0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2]);
        }
        let length = u16::try_from(block.len()).unwrap();
        payload.push(0);
        payload.extend(length.to_le_bytes());
        payload.extend((!length).to_le_bytes());
        payload.extend(block);
        self.control(1, 0, &payload).await;
        id
    }

    /// Opens a connection, in either order of its streams.
    pub(crate) async fn open(&mut self, request: u32, port: u16) {
        let (id, port) = (request.to_string(), port.to_string());
        let headers = |kind: &'static str| [("streamtype", kind), ("port", &port), ("requestid", &id)];
        let (error, data) = if request.is_multiple_of(2) {
            (self.open_stream(&headers("error")).await, self.open_stream(&headers("data")).await)
        } else {
            let data = self.open_stream(&headers("data")).await;
            (self.open_stream(&headers("error")).await, data)
        };
        self.streams.insert(request, (error, data));
    }

    /// Sends data of a request, and ends it.
    pub(crate) async fn send(&mut self, request: u32, bytes: &[u8]) {
        let (_, data) = self.streams[&request];
        let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
        let frame = [&data.to_be_bytes()[..], &[1], &length[1..], bytes].concat();
        self.socket.send(&frame).await;
    }

    async fn next(&mut self) -> Frame {
        loop {
            if let Some(head) = self.buffer.first_chunk::<8>() {
                let [a, b, c, d, flags, length @ ..] = *head;
                let length = u32::from_be_bytes([0, length[0], length[1], length[2]]) as usize;
                if self.buffer.len() >= 8 + length {
                    let frame: Vec<u8> = self.buffer.drain(..8 + length).skip(8).collect();
                    if a & 0x80 == 0 {
                        let id = u32::from_be_bytes([a, b, c, d]);
                        return Frame::Data { id, bytes: frame, fin: flags & 1 != 0 };
                    }
                    assert_eq!((a, b), (0x80, 3));
                    return Frame::Control { kind: u16::from_be_bytes([c, d]), payload: frame };
                }
            }
            match self.socket.next().await.unwrap() {
                Message::Binary(bytes) => self.buffer.extend(bytes),
                other => panic!("the tunnel ended: {other:?}"),
            }
        }
    }

    /// The answers of requests, whose streams have all ended.
    pub(crate) async fn read_all(&mut self, requests: u32) -> Vec<Answer> {
        let mut bytes: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        let mut open: Vec<u32> =
            self.streams.range(..requests).flat_map(|(_, (error, data))| [*error, *data]).collect();
        while !open.is_empty() {
            match self.next().await {
                Frame::Data { id, bytes: data, fin } => {
                    bytes.entry(id).or_default().extend(data);
                    if fin {
                        open.retain(|other| *other != id);
                    }
                }
                Frame::Control { kind, .. } => assert_eq!(kind, 2, "streams are accepted"),
            }
        }
        let mut take = |id: &u32| bytes.remove(id).unwrap_or_default();
        self.streams
            .range(..requests)
            .map(|(_, (error, data))| Answer { data: take(data), error: take(error) })
            .collect()
    }

    /// Sends a ping; returns the answer's id.
    pub(crate) async fn ping(&mut self, id: u32) -> u32 {
        self.control(6, 0, &id.to_be_bytes()).await;
        match self.next().await {
            Frame::Control { kind: 6, payload } => u32::from_be_bytes(*payload.first_chunk().unwrap()),
            _ => panic!("another frame"),
        }
    }

    /// Opens one of the two streams of a connection, and gives it up.
    pub(crate) async fn open_and_reset(&mut self, headers: &[(&str, &str)]) {
        const CANCEL: u32 = 5;
        let id = self.open_stream(headers).await;
        self.control(3, 0, &[id.to_be_bytes(), CANCEL.to_be_bytes()].concat()).await;
    }

    /// Waits for the end of the tunnel.
    pub(crate) async fn end(&mut self) {
        while let Ok(Message::Binary(_) | Message::Pong(_)) = self.socket.next().await {}
    }

    /// Whether a stream with these headers is reset, at once or later.
    pub(crate) async fn is_reset_for(&mut self, headers: &[(&str, &str)]) -> bool {
        let id = self.open_stream(headers).await;
        loop {
            match self.next().await {
                Frame::Control { kind: 3, payload } => return payload.starts_with(&id.to_be_bytes()),
                Frame::Control { kind: 2, .. } => {}
                _ => return false,
            }
        }
    }
}
