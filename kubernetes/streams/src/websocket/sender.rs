use std::fmt;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use kubernetes_client::Upgraded;
use tokio::io::{AsyncWriteExt, WriteHalf};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};
use tokio_util::sync::PollSender;

use super::frames::Frames;
use super::shared::Shared;
use crate::clock::{self, Timer};
use crate::error::Error;

/// How many messages wait to be written. With twice as many, sending takes twice the time of the processor: of 32 KiB
/// each, they leave its cache before the system copies them.
const QUEUE: usize = 4;

/// How many bytes are written at once, if as many wait.
const BATCH_BYTES: usize = 256 * 1024;

/// How long after a message a ping asks whether the server has taken it in.
const ASK_DELAY: Duration = Duration::from_secs(1);

/// How long the last bytes and the closing message have to be written.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends the messages of a WebSocket. When all clones are dropped, the connection is closed.
#[derive(Clone)]
pub(crate) struct Sender {
    messages: mpsc::Sender<BytesMut>,
    shared: Arc<Shared>,
}

impl Sender {
    /// Starts the task that writes.
    pub(super) fn start(io: WriteHalf<Upgraded>, shared: Arc<Shared>) -> Self {
        let (messages, queue) = mpsc::channel(QUEUE);
        let (frames, ask) = (Frames::default(), Timer::after(ASK_DELAY));
        tokio::spawn(Writer { io, frames, queue, ask, shared: Arc::clone(&shared) }.run());
        Self { messages, shared }
    }

    /// Sends a binary message, once there is room for it among those that wait to be written.
    ///
    /// # Errors
    /// Returns an error if the connection is lost or closed.
    ///
    /// # Cancel safety
    /// The message is sent or not.
    pub(crate) async fn send(&self, message: BytesMut) -> Result<(), Error> {
        self.messages.send(message).await.map_err(|_| self.failure())
    }

    /// The queue of messages, to be polled.
    pub(crate) fn poll_sender(&self) -> PollSender<BytesMut> {
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
    io: WriteHalf<Upgraded>,
    /// The frames that are to be written next.
    frames: Frames,
    queue: mpsc::Receiver<BytesMut>,
    /// Set by the first message after a ping.
    ask: Timer,
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
        loop {
            tokio::select! {
                biased;
                () = self.shared.heartbeat.ping_due.notified() => self.ping()?,
                () = poll_fn(|cx| self.ask.poll(cx)), if self.shared.heartbeat.has_unasked() => self.ping()?,
                pong = self.shared.next_pong() => self.frames.push(OpCode::Control(Control::Pong), pong.into())?,
                message = self.queue.recv() => match message {
                    Some(message) => self.put(message)?,
                    None => return Ok(()),
                },
            }
            while self.frames.remaining() < BATCH_BYTES
                && let Ok(message) = self.queue.try_recv()
            {
                self.put(message)?;
            }
            self.flush().await?;
        }
    }

    fn ping(&mut self) -> Result<(), SocketError> {
        self.frames.push(OpCode::Control(Control::Ping), self.shared.heartbeat.ping())
    }

    fn put(&mut self, message: BytesMut) -> Result<(), SocketError> {
        if !self.shared.heartbeat.has_unasked() {
            self.ask.set(ASK_DELAY);
        }
        self.shared.heartbeat.sent(message.len());
        self.frames.push(OpCode::Data(Data::Binary), message)
    }

    /// Writes the frames. When the future is dropped, the rest of them stays.
    async fn flush(&mut self) -> io::Result<()> {
        self.io.write_all_buf(&mut self.frames).await?;
        self.io.flush().await
    }

    async fn close(&mut self) -> Result<(), SocketError> {
        self.queue.close();
        while let Some(message) = self.queue.recv().await {
            self.put(message)?;
            self.flush().await?;
        }
        let code = u16::from(CloseCode::Normal).to_be_bytes();
        self.frames.push(OpCode::Control(Control::Close), BytesMut::from(&code[..]))?;
        self.flush().await?;
        Ok(self.io.shutdown().await?)
    }
}
