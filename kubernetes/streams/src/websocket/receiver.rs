use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::SplitStream;
use kubernetes_core::text::printable;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::Socket;
use super::heartbeat::{MAX_SILENCE, PING_PERIOD};
use super::shared::Shared;
use crate::clock::Timer;
use crate::error::Error;

/// Receives the messages of a WebSocket. When it is dropped, the connection is closed.
pub(crate) struct Receiver {
    stream: SplitStream<Socket>,
    shared: Arc<Shared>,
    /// Counts while nothing arrives.
    silence: Timer,
    is_silent: bool,
    has_ended: bool,
}

impl Receiver {
    pub(super) fn new(stream: SplitStream<Socket>, shared: Arc<Shared>) -> Self {
        Self { stream, shared, silence: Timer::after(MAX_SILENCE), is_silent: false, has_ended: false }
    }

    /// The next binary message; `None` once the server has closed the connection with the code 1000.
    ///
    /// # Errors
    /// If the connection is lost, is closed with another code, or carries what is not a binary message.
    ///
    /// # Cancel safety
    /// No message is lost when the future is dropped.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// As [`next`](Self::next).
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        if self.has_ended {
            return Poll::Ready(Ok(None));
        }
        let next = ready!(self.poll_message(cx));
        self.has_ended = !matches!(next, Ok(Some(_)));
        Poll::Ready(next.inspect_err(|error| self.shared.fail(error)))
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        loop {
            let Poll::Ready(message) = self.stream.poll_next_unpin(cx) else {
                ready!(self.poll_silence(cx));
                return Poll::Ready(Err(Error::silent(MAX_SILENCE)));
            };
            self.is_silent = false;
            return Poll::Ready(match message {
                Some(Ok(Message::Binary(message))) => Ok(Some(message)),
                Some(Ok(Message::Pong(payload))) => {
                    self.shared.heartbeat.pong(&payload);
                    continue;
                }
                // Its pong is sent by the library.
                Some(Ok(Message::Ping(_) | Message::Frame(_))) => continue,
                Some(Ok(Message::Text(_))) => Err(Error::protocol("the server sent a text message".to_owned())),
                Some(Ok(Message::Close(frame))) => end_of(frame),
                Some(Err(error)) => Err(Error::connection(error)),
                None => Err(Error::cut_short()),
            });
        }
    }

    /// Ready when the server has been silent for too long.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_silent {
            self.is_silent = true;
            self.silence.set(MAX_SILENCE);
        }
        loop {
            ready!(self.silence.poll(cx));
            if !self.shared.heartbeat.is_stalled() {
                return Poll::Ready(());
            }
            self.silence.set(PING_PERIOD);
        }
    }
}

fn end_of(frame: Option<CloseFrame>) -> Result<Option<Bytes>, Error> {
    match frame {
        Some(frame) if frame.code == CloseCode::Normal => Ok(None),
        Some(frame) => Err(Error::closed_with(Some(frame.code.into()), printable(&frame.reason, 200))),
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
