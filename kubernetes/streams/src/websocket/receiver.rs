use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use kubernetes_client::Upgraded;
use kubernetes_core::text::printable;
use tokio::io::ReadHalf;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_util::io::poll_read_buf;

use super::decoder::{Decoder, Part, Received};
use super::liveness::{Liveness, MAX_SILENCE};
use super::shared::Shared;
use crate::error::Error;

/// Receives the messages of a WebSocket. When it is dropped, the connection is closed.
pub(crate) struct Receiver {
    io: ReadHalf<Upgraded>,
    buffer: BytesMut,
    decoder: Decoder,
    shared: Arc<Shared>,
    liveness: Liveness,
    has_ended: bool,
}

/// How much is allocated at once. Larger pieces of memory come from the kernel, and go back to it, each time.
const BLOCK_BYTES: usize = 120 * 1024;

/// With less room than this, the next bytes are read into a new block.
const MIN_ROOM_BYTES: usize = 16 * 1024;

impl Receiver {
    pub(super) fn new(io: ReadHalf<Upgraded>, shared: Arc<Shared>, liveness: Liveness) -> Self {
        Self { io, buffer: BytesMut::new(), decoder: Decoder::default(), shared, liveness, has_ended: false }
    }

    /// The next piece of a binary message, as soon as it arrives; `None` once the server has closed the connection with
    /// the code 1000.
    ///
    /// # Errors
    /// Returns an error if the connection is lost, is closed with another code, or carries what is not a binary
    /// message.
    ///
    /// # Cancel safety
    /// No bytes are lost when the future is dropped.
    pub(crate) async fn next(&mut self) -> Result<Option<Part>, Error> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Part>, Error>> {
        if self.has_ended {
            return Poll::Ready(Ok(None));
        }
        let next = ready!(self.poll_part(cx));
        self.has_ended = !matches!(next, Ok(Some(_)));
        Poll::Ready(next.inspect_err(|error| self.shared.fail(error)))
    }

    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Part>, Error>> {
        loop {
            while let Some(received) = self.decoder.next(&mut self.buffer).map_err(Error::connection)? {
                self.liveness.reset();
                match received {
                    Received::Data(part) => return Poll::Ready(Ok(Some(part))),
                    Received::Ping(payload) => self.shared.answer(payload),
                    Received::Pong(payload) => self.shared.heartbeat.pong(&payload),
                    Received::Close(reason) => return Poll::Ready(end_of(reason)),
                    Received::Text => {
                        return Poll::Ready(Err(Error::protocol("the server sent a text message".to_owned())));
                    }
                }
            }
            if self.buffer.capacity() - self.buffer.len() < MIN_ROOM_BYTES {
                self.buffer.reserve(BLOCK_BYTES);
            }
            let Poll::Ready(read) = poll_read_buf(Pin::new(&mut self.io), cx, &mut self.buffer) else {
                ready!(self.liveness.poll(&self.shared.heartbeat, cx));
                return Poll::Ready(Err(Error::silent(MAX_SILENCE)));
            };
            if read.map_err(|error| Error::connection(error.into()))? == 0 {
                return Poll::Ready(Err(Error::cut_short()));
            }
        }
    }
}

fn end_of(reason: Option<(u16, Bytes)>) -> Result<Option<Part>, Error> {
    match reason {
        Some((code, _)) if CloseCode::from(code) == CloseCode::Normal => Ok(None),
        Some((code, reason)) => Err(Error::closed_with(Some(code), printable(&String::from_utf8_lossy(&reason), 200))),
        None => Err(Error::closed_with(None, String::new())),
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.closed.notify_one();
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}
