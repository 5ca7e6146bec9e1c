//! WebSockets (RFC 6455) over upgraded connections, in messages of bytes.
//!
//! The frames are tungstenite's. What is here: the handshake by way of [`Client::upgrade`], halves that two tasks can
//! use, and the heartbeat of client-go
//! (<https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/client-go/tools/remotecommand/websocket.go>).

mod handshake;
mod heartbeat;
mod receiver;
mod sender;
mod shared;
#[cfg(test)]
mod tests;

use futures_util::StreamExt;
use kubernetes_client::{Client, Upgraded};
use kubernetes_core::Request;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

pub(crate) use receiver::Receiver;
pub(crate) use sender::Sender;

use crate::error::Error;
use shared::Shared;

/// Larger messages from the server end the connection. The kubelet and containerd send at most 32 KiB.
const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// How much is read from a connection, or written to it, at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// An open WebSocket.
#[derive(Debug)]
pub(crate) struct Connection {
    /// The protocol that the server chose.
    pub(crate) protocol: &'static str,
    /// Sends messages.
    pub(crate) sender: Sender,
    /// Receives messages. When it is dropped, the connection is closed.
    pub(crate) receiver: Receiver,
}

type Socket = WebSocketStream<Upgraded>;

impl Connection {
    /// Opens a WebSocket for one of `protocols`, the preferred one first.
    ///
    /// A ping is sent every 5 s. The receiver fails when nothing has arrived for 61 s in which it waited for a message,
    /// except while the server has not yet taken in what was sent before, as when a process does not read its input.
    ///
    /// # Errors
    /// If the server refuses the request, with its `Status`, or chooses none of the protocols.
    pub(crate) async fn open(client: &Client, request: Request, protocols: &[&'static str]) -> Result<Self, Error> {
        let (protocol, upgraded) = handshake::perform(client, request, protocols).await?;
        Ok(Self::over(upgraded, protocol).await)
    }

    async fn over(upgraded: Upgraded, protocol: &'static str) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(BUFFER_BYTES)
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES));
        let (sink, stream) = Socket::from_raw_socket(upgraded, Role::Client, Some(config)).await.split();
        let shared = Shared::new();
        Self { protocol, sender: Sender::start(sink, shared.clone()), receiver: Receiver::new(stream, shared) }
    }
}
