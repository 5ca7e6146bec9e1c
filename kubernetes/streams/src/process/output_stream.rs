use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_core::Stream;
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use super::protocol::Channel;
use super::session::Session;
use crate::error::Error;

/// The stdout or stderr of a process.
///
/// It is a reader, and a [`Stream`] of bytes as they arrived, without a copy. It ends with the process, and fails if
/// the connection is lost before.
///
/// When it is dropped, further output is discarded without affecting the process or the other streams. As long as it
/// exists it must be read: once its buffer is full, it blocks the connection and with it the other streams.
pub struct OutputStream {
    session: Arc<Session>,
    channel: Channel,
    /// Bytes that were received and not yet read.
    chunk: Bytes,
}

impl OutputStream {
    pub(super) fn new(session: Arc<Session>, channel: Channel) -> Self {
        session.outputs.take(channel);
        Self { session, channel, chunk: Bytes::new() }
    }

    /// Makes a chunk available; ready with `false` at the end.
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Error>> {
        if self.chunk.is_empty() {
            match ready!(self.session.outputs.poll_next(self.channel, cx))? {
                Some(chunk) => self.chunk = chunk,
                None => return Poll::Ready(Ok(false)),
            }
        }
        Poll::Ready(Ok(true))
    }
}

impl AsyncRead for OutputStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if buffer.remaining() > 0 && ready!(self.poll_chunk(cx))? {
            let count = self.chunk.len().min(buffer.remaining());
            buffer.put_slice(&self.chunk[..count]);
            self.chunk.advance(count);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncBufRead for OutputStream {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        ready!(this.poll_chunk(cx))?;
        Poll::Ready(Ok(&this.chunk))
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        let amount = amount.min(self.chunk.len());
        self.chunk.advance(amount);
    }
}

impl Stream for OutputStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(match ready!(self.poll_chunk(cx)) {
            Ok(true) => Some(Ok(std::mem::take(&mut self.chunk))),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        })
    }
}

impl Drop for OutputStream {
    fn drop(&mut self) {
        self.session.outputs.drop_reader(self.channel);
    }
}

impl fmt::Debug for OutputStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OutputStream").field(&self.channel).finish()
    }
}
