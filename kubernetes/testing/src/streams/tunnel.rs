//! Port-forward with SPDY/3.1 over a WebSocket: many connections, each with a data and an error stream.
//!
//! Like `staging/src/k8s.io/kubelet/pkg/cri/streaming/portforward/httpstream.go` in
//! <https://github.com/kubernetes/kubernetes/tree/v1.37.2>.

use std::collections::HashMap;
use std::future::pending;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncWriteExt, duplex};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::codec::spdy::{self, Decoder, Encoder, Frame};
use super::codec::websocket::{Message, NORMAL, Outgoing, PROTOCOL_ERROR, UNSUPPORTED};
use super::connection::{Connection, SocketReader};
use super::container_io::{BUFFER_BYTES, PortIo};
use super::exec::{QUEUE, linger, serve as serve_tunnel};
use super::port_forward::{error, read_some};
use super::requests::PortForwardRequest;
use super::scripts::{PortForwardScript, result};
use crate::clock;

/// The time that a stream waits for the other stream of its connection; the kubelet's default.
const PAIR_TIMEOUT: Duration = Duration::from_secs(30);

/// The maximum number of a client's concurrent streams; further ones are refused.
const MAX_STREAMS: usize = 20_000;

/// Serves a tunnel to its end.
pub(super) async fn run(connection: Connection, pod: PortForwardRequest, script: PortForwardScript) {
    let (mut reader, writer) = connection.into_web_socket();
    let (messages, queue) = mpsc::channel(QUEUE);
    let mut tunnel = Tunnel {
        pod,
        script,
        messages: messages.clone(),
        decoder: Decoder::default(),
        encoder: Encoder::default(),
        pairs: HashMap::new(),
        streams: HashMap::new(),
        tasks: JoinSet::new(),
    };
    // Only the client ends a tunnel.
    let input = tunnel.read(&mut reader);
    if serve_tunnel(pending(), input, writer, queue, &messages).await.is_ok() {
        linger(&mut reader).await;
    }
}

/// A stream of the client.
enum Stream {
    /// The stream waits for the other one of its connection, which has the same `request`.
    Waiting { request: String, is_closed: bool },
    /// The kubelet reads nothing from it.
    Error,
    /// A stream of data with its connection.
    Connected {
        /// The destination of the client's data; `None` once the client has ended it.
        input: Option<mpsc::Sender<Bytes>>,
        error: u32,
        task: AbortHandle,
    },
}

/// The two streams of a connection while one is missing.
struct Pair {
    /// The stream that exists.
    stream: u32,
    is_data: bool,
    timeout: AbortHandle,
}

struct Tunnel {
    pod: PortForwardRequest,
    script: PortForwardScript,
    messages: mpsc::Sender<Outgoing>,
    decoder: Decoder,
    encoder: Encoder,
    /// The incomplete pairs, by the `requestid` of their streams.
    pairs: HashMap<String, Pair>,
    streams: HashMap<u32, Stream>,
    tasks: JoinSet<Ended>,
}

/// A task of the tunnel that has ended.
enum Ended {
    Connection {
        data: u32,
        error: u32,
    },
    /// The other stream has not been opened in time.
    Timeout(u32),
}

impl Tunnel {
    /// Reads until the client is gone; returns the code to close with.
    async fn read(&mut self, reader: &mut SocketReader) -> u16 {
        loop {
            let message = tokio::select! {
                message = reader.next() => message,
                Some(ended) = self.tasks.join_next(), if !self.tasks.is_empty() => {
                    if let Some(ended) = result(ended) {
                        self.clean_up(ended).await;
                    }
                    continue;
                }
            };
            match message {
                Ok(Some(Message::Binary(bytes))) => {
                    self.decoder.push(&bytes);
                    if self.take_frames().await.is_err() {
                        return PROTOCOL_ERROR;
                    }
                }
                Ok(Some(Message::Ping(payload))) => drop(self.messages.send(Outgoing::Pong(payload)).await),
                Ok(Some(Message::Text(_))) => return UNSUPPORTED,
                Ok(Some(Message::Close) | None) => return NORMAL,
                Err(_) => return PROTOCOL_ERROR,
            }
        }
    }

    async fn clean_up(&mut self, ended: Ended) {
        match ended {
            Ended::Connection { data, error } => {
                self.streams.remove(&data);
                self.streams.remove(&error);
            }
            // The other stream may have been opened just before.
            Ended::Timeout(id) if matches!(self.streams.get(&id), Some(Stream::Waiting { .. })) => {
                self.reset(id);
                self.send(spdy::reset(id, spdy::CANCEL)).await;
            }
            Ended::Timeout(_) => {}
        }
    }

    async fn send(&self, frame: Bytes) {
        // The writer ends first only if the connection is lost, which ends everything.
        let _ = self.messages.send(Outgoing::Binary(frame)).await;
    }

    async fn take_frames(&mut self) -> io::Result<()> {
        while let Some(frame) = self.decoder.next_frame()? {
            match frame {
                Frame::SynStream { id, headers, .. } => self.open(id, &headers).await,
                Frame::Data { id, bytes, fin } => self.data(id, bytes, fin).await,
                Frame::Reset { id } => self.reset(id),
                Frame::Ping { id } => self.send(spdy::ping(id)).await,
                Frame::GoAway | Frame::Other => {}
            }
        }
        Ok(())
    }

    /// Accepts a stream, and starts the connection once both of its streams exist.
    async fn open(&mut self, id: u32, headers: &[(String, String)]) {
        let header = |name: &str| headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
        let (kind, request) = (header("streamtype"), header("requestid").to_owned());
        let port = header("port").parse::<u16>().ok().filter(|port| *port > 0);
        let is_data = kind == "data";
        let is_known =
            self.streams.contains_key(&id) || self.pairs.get(&request).is_some_and(|pair| pair.is_data == is_data);
        let Some(port) = port.filter(|_| matches!(kind, "data" | "error") && !is_known) else {
            return self.send(spdy::reset(id, spdy::PROTOCOL_ERROR)).await;
        };
        if self.streams.len() >= MAX_STREAMS {
            return self.send(spdy::reset(id, spdy::REFUSED_STREAM)).await;
        }
        let reply = self.encoder.syn_reply(id);
        self.send(reply).await;
        match self.pairs.remove(&request) {
            Some(pair) => {
                pair.timeout.abort();
                let (data, error) = if is_data { (id, pair.stream) } else { (pair.stream, id) };
                self.connect(port, data, error);
            }
            None => {
                let timeout = self.tasks.spawn(async move {
                    clock::sleep(PAIR_TIMEOUT).await;
                    Ended::Timeout(id)
                });
                self.pairs.insert(request.clone(), Pair { stream: id, is_data, timeout });
                self.streams.insert(id, Stream::Waiting { request, is_closed: false });
            }
        }
    }

    fn connect(&mut self, port: u16, data: u32, error: u32) {
        let (input, queue) = mpsc::channel(QUEUE);
        let is_closed = matches!(self.streams.get(&data), Some(Stream::Waiting { is_closed: true, .. }));
        let request = PortForwardRequest { port, ..self.pod.clone() };
        let connection = serve(self.messages.clone(), self.script.clone(), request, queue, (data, error));
        let task = self.tasks.spawn(async move {
            connection.await;
            Ended::Connection { data, error }
        });
        self.streams.insert(data, Stream::Connected { input: Some(input).filter(|_| !is_closed), error, task });
        self.streams.insert(error, Stream::Error);
    }

    /// Discards a stream, and with a data stream its connection.
    fn reset(&mut self, id: u32) {
        match self.streams.remove(&id) {
            Some(Stream::Connected { error, task, .. }) => {
                task.abort();
                self.streams.remove(&error);
            }
            Some(Stream::Waiting { request, .. }) => {
                if let Some(pair) = self.pairs.remove(&request) {
                    pair.timeout.abort();
                }
            }
            Some(Stream::Error) | None => {}
        }
    }

    async fn data(&mut self, id: u32, bytes: Bytes, fin: bool) {
        match self.streams.get_mut(&id) {
            Some(Stream::Connected { input, .. }) => {
                let Some(sender) = input else { return };
                // A connection that does not read blocks the tunnel, whose memory is bounded.
                let is_refused = !bytes.is_empty() && sender.send(bytes).await.is_err();
                if fin || is_refused {
                    *input = None;
                }
            }
            Some(Stream::Waiting { is_closed, .. }) => *is_closed |= fin,
            Some(Stream::Error) | None => {}
        }
    }
}

/// Serves a connection, each direction of which ends separately.
async fn serve(
    messages: mpsc::Sender<Outgoing>,
    script: PortForwardScript,
    request: PortForwardRequest,
    mut queue: mpsc::Receiver<Bytes>,
    (data, error_stream): (u32, u32),
) {
    let port = request.port;
    let (ours, of_pod) = duplex(BUFFER_BYTES);
    let (mut output, mut input) = tokio::io::split(ours);
    let send = |frame: Bytes| async { drop(messages.send(Outgoing::Binary(frame)).await) };
    let reading = async {
        while let Some(bytes) = queue.recv().await {
            if input.write_all(&bytes).await.is_err() {
                // The pod reads no more.
                return;
            }
        }
        let _ = input.shutdown().await;
    };
    let writing = async {
        while let Some(mut frame) = read_some(&mut output, &[0; spdy::HEADER_LENGTH]).await {
            let length = frame.len() - spdy::HEADER_LENGTH;
            frame[..spdy::HEADER_LENGTH].copy_from_slice(&spdy::data_header(data, length, false));
            send(frame.freeze()).await;
        }
        send(spdy::data(data, &[], true)).await;
    };
    let running = async {
        let result = script.run(request, PortIo::new(of_pod)).await;
        let text = result.err().map(|why| error(&format!("{port} -> {port}"), &why)).unwrap_or_default();
        send(spdy::data(error_stream, text.as_bytes(), true)).await;
    };
    // The connection is over when the pod has ended it; further bytes from the client are discarded.
    tokio::pin!(reading);
    let ended = async { tokio::join!(running, writing) };
    tokio::pin!(ended);
    let mut reads = true;
    loop {
        tokio::select! {
            () = &mut reading, if reads => reads = false,
            _ = &mut ended => return,
        }
    }
}
