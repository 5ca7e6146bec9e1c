//! WebSockets (RFC 6455) over upgraded connections, in messages of bytes.
//!
//! The heads of frames are tungstenite's. Here are the handshake by way of [`Client::upgrade`], halves that two tasks
//! can use, payloads without a copy (tungstenite copies each), and the heartbeat of client-go
//! (<https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/client-go/tools/remotecommand/websocket.go>).

mod decoder;
mod frames;
mod handshake;
mod heartbeat;
mod liveness;
mod receiver;
mod sender;
mod shared;
#[cfg(test)]
mod tests;

use kubernetes_client::Client;
use kubernetes_core::Request;

pub(crate) use decoder::Part;
pub(crate) use receiver::Receiver;
pub(crate) use sender::Sender;

use crate::error::Error;
use liveness::Liveness;
use shared::Shared;

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

impl Connection {
    /// Opens a WebSocket for one of `protocols`, the preferred one first.
    ///
    /// A ping is sent whenever the receiver has waited for 5 s, and a second after a message. The receiver fails when
    /// nothing has arrived for 61 s in which it waited for a message. If the server has not yet taken in what was sent
    /// before, as when a process does not read its input, it fails only if the server does not answer another request
    /// either. If several servers share an address, another one may answer that; then it fails when TCP gives the
    /// connection up.
    ///
    /// # Errors
    /// Returns an error if the server refuses the request, with its `Status`, or chooses none of the protocols.
    pub(crate) async fn open(client: &Client, request: Request, protocols: &[&'static str]) -> Result<Self, Error> {
        let (protocol, upgraded) = handshake::perform(client, request, protocols).await?;
        let (reader, writer) = tokio::io::split(upgraded);
        let shared = Shared::new();
        let sender = Sender::start(writer, shared.clone());
        Ok(Self { protocol, sender, receiver: Receiver::new(reader, shared, Liveness::new(client.clone())) })
    }
}
