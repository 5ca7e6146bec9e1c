use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt;
use futures_util::stream::SplitSink;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_util::sync::PollSender;

use super::Socket;
use super::heartbeat::PING_PERIOD;
use super::shared::Shared;
use crate::clock;
use crate::error::Error;

/// How many messages wait to be written.
const QUEUE: usize = 4;

/// How long the last bytes and the closing message have to be written.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends the messages of a WebSocket. When all clones are dropped, the connection is closed.
#[derive(Clone)]
pub(crate) struct Sender {
    messages: mpsc::Sender<Bytes>,
    shared: Arc<Shared>,
}

impl Sender {
    /// Starts the task that writes.
    pub(super) fn start(sink: SplitSink<Socket, Message>, shared: Arc<Shared>) -> Self {
        let (messages, queue) = mpsc::channel(QUEUE);
        tokio::spawn(Writer { sink, queue, shared: Arc::clone(&shared) }.run());
        Self { messages, shared }
    }

    /// Sends a binary message, once there is room for it among those that wait to be written.
    ///
    /// # Errors
    /// If the connection is lost or closed.
    ///
    /// # Cancel safety
    /// The message is sent or not.
    pub(crate) async fn send(&self, message: Bytes) -> Result<(), Error> {
        self.messages.send(message).await.map_err(|_| self.failure())
    }

    /// The queue of messages, to be polled.
    pub(crate) fn poll_sender(&self) -> PollSender<Bytes> {
        PollSender::new(self.messages.clone())
    }

    /// Why no message can be sent any longer.
    pub(crate) fn failure(&self) -> Error {
        self.shared.failure()
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// Writes messages and pings until the connection ends.
struct Writer {
    sink: SplitSink<Socket, Message>,
    queue: mpsc::Receiver<Bytes>,
    shared: Arc<Shared>,
}

impl Writer {
    async fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let written = tokio::select! {
            written = self.write() => written,
            () = shared.closed.notified() => Ok(()),
        };
        match written {
            // What the receiver reads says more than that writing is no longer possible.
            Err(SocketError::ConnectionClosed | SocketError::AlreadyClosed) => {}
            Err(error) => shared.fail(&Error::connection(error)),
            Ok(()) => {
                // Bytes that were accepted come before the close, unless the server no longer reads.
                let closed = clock::timeout(CLOSE_TIMEOUT, self.close()).await;
                tracing::trace!(?closed, "closed a WebSocket");
            }
        }
    }

    /// Writes until there are no senders. No message is lost when the future is dropped.
    async fn write(&mut self) -> Result<(), SocketError> {
        let mut pings = clock::interval(PING_PERIOD);
        loop {
            self.ready().await?;
            tokio::select! {
                biased;
                _ = pings.tick() => {
                    let ping = self.shared.heartbeat.ping();
                    self.sink.start_send_unpin(Message::Ping(ping))?;
                }
                message = self.queue.recv() => match message {
                    Some(message) => self.start_send(message)?,
                    None => return Ok(()),
                },
            }
            self.ready().await?;
            while let Ok(message) = self.queue.try_recv() {
                self.start_send(message)?;
                self.ready().await?;
            }
            self.sink.flush().await?;
        }
    }

    async fn ready(&mut self) -> Result<(), SocketError> {
        poll_fn(|cx| self.sink.poll_ready_unpin(cx)).await
    }

    /// Has to be preceded by [`ready`](Self::ready).
    fn start_send(&mut self, message: Bytes) -> Result<(), SocketError> {
        self.shared.heartbeat.sent(message.len());
        self.sink.start_send_unpin(Message::Binary(message))
    }

    async fn close(&mut self) -> Result<(), SocketError> {
        self.queue.close();
        self.ready().await?;
        while let Some(message) = self.queue.recv().await {
            self.start_send(message)?;
            self.ready().await?;
        }
        let normal = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        self.sink.send(Message::Close(Some(normal))).await
    }
}
