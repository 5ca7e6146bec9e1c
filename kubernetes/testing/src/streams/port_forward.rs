//! Port-forward with the older channel protocol: two channels and one connection for each port.

use bytes::{BufMut, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;

use super::codec::channel::MAX_MESSAGE_BYTES;
use super::codec::websocket::{Message, NORMAL, Outgoing, PROTOCOL_ERROR};
use super::connection::{Connection, SocketReader};
use super::container_io::{BUFFER_BYTES, PortIo};
use super::exec::{QUEUE, linger, send, serve};
use super::requests::PortForwardRequest;
use super::scripts::{PortForwardScript, result};

/// Forwards connections to `ports` until all have ended.
pub(super) async fn run(connection: Connection, of: PortForwardRequest, ports: Vec<u16>, script: PortForwardScript) {
    let (mut reader, writer) = connection.into_web_socket();
    let (messages, queue) = mpsc::channel(QUEUE);
    let mut inputs = Vec::new();
    let mut connections = tokio::task::JoinSet::new();
    for (port, data) in ports.into_iter().zip((0..=u8::MAX).step_by(2)) {
        let (ours, of_pod) = duplex(BUFFER_BYTES);
        let (read, write) = tokio::io::split(ours);
        inputs.push(Some(write));
        let running = script.run(PortForwardRequest { port, ..of.clone() }, PortIo::new(of_pod));
        let messages = messages.clone();
        connections.spawn(async move {
            // The first message of each channel is its port.
            for channel in [data, data + 1] {
                send(&messages, channel, &port.to_le_bytes()).await;
            }
            let ((), result) = tokio::join!(copy_output(read, data, &messages), running);
            if let Err(why) = result {
                send(&messages, data + 1, error(&of_port(port), &why).as_bytes()).await;
            }
        });
    }
    let all = async {
        while let Some(ended) = connections.join_next().await {
            result(ended);
        }
    };
    let input = read_input(&mut reader, &mut inputs, &messages);
    if serve(all, input, writer, queue, &messages).await.is_ok() {
        linger(&mut reader).await;
    }
}

fn of_port(port: u16) -> String {
    format!("{port} -> {port}")
}

/// The text of a failed connection.
pub(super) fn error(ports: &str, why: &str) -> String {
    format!("an error occurred forwarding {ports}: error forwarding port to pod: {why}")
}

async fn read_input(
    reader: &mut SocketReader,
    inputs: &mut [Option<tokio::io::WriteHalf<DuplexStream>>],
    messages: &mpsc::Sender<Outgoing>,
) -> u16 {
    loop {
        match reader.next().await {
            Ok(Some(Message::Binary(message) | Message::Text(message))) => {
                let Some((channel, bytes)) = message.split_first() else { continue };
                let input = inputs.get_mut(usize::from(*channel / 2)).filter(|_| *channel % 2 == 0);
                if let Some(slot) = input
                    && let Some(io) = slot
                    && io.write_all(bytes).await.is_err()
                {
                    *slot = None;
                }
            }
            Ok(Some(Message::Ping(payload))) => drop(messages.send(Outgoing::Pong(payload)).await),
            Ok(Some(Message::Close) | None) => return NORMAL,
            Err(_) => return PROTOCOL_ERROR,
        }
    }
}

/// Copies the bytes of a connection to its channel.
async fn copy_output(mut output: impl AsyncRead + Unpin, channel: u8, messages: &mpsc::Sender<Outgoing>) {
    while let Some(message) = read_some(&mut output, &[channel]).await {
        // The writer ends first only if the connection is lost, which ends everything.
        let _ = messages.send(Outgoing::Binary(message.freeze())).await;
    }
}

/// The next bytes with `head` before them, so that messages need no copy; `None` at the end.
pub(super) async fn read_some(io: &mut (impl AsyncRead + Unpin), head: &[u8]) -> Option<BytesMut> {
    let mut bytes = BytesMut::with_capacity(head.len() + MAX_MESSAGE_BYTES);
    bytes.put_slice(head);
    let count = io.read_buf(&mut (&mut bytes).limit(MAX_MESSAGE_BYTES)).await.ok()?;
    (count > 0).then_some(bytes)
}
