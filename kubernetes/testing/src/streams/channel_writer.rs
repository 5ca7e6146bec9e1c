use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;
use tokio::sync::mpsc;
use tokio_util::sync::PollSender;

use super::codec::channel::{self, MAX_MESSAGE_BYTES};
use super::codec::websocket::Outgoing;

/// Writes an output of a process as messages of its channel, which takes one copy.
pub(super) struct ChannelWriter {
    channel: u8,
    /// `None` once the output was shut down.
    messages: Option<PollSender<Outgoing>>,
    /// Dropped at the end of the output.
    open: Option<mpsc::Sender<Infallible>>,
}

impl ChannelWriter {
    pub(super) fn new(messages: &mpsc::Sender<Outgoing>, channel: u8, open: &mpsc::Sender<Infallible>) -> Self {
        Self { channel, messages: Some(PollSender::new(messages.clone())), open: Some(open.clone()) }
    }
}

impl AsyncWrite for ChannelWriter {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let channel = self.channel;
        let Some(messages) = &mut self.messages else { return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())) };
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(messages.poll_reserve(cx)).map_err(|_| io::ErrorKind::BrokenPipe)?;
        let bytes = &bytes[..bytes.len().min(MAX_MESSAGE_BYTES)];
        let message = Outgoing::Binary(channel::encode(channel, bytes));
        messages.send_item(message).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        (self.messages, self.open) = (None, None);
        Poll::Ready(Ok(()))
    }
}
