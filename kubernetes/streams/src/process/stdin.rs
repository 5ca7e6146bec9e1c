use std::fmt;
use std::io;
use std::iter;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::AsyncWrite;
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TrySendError;
use tokio_util::sync::PollSender;

use super::detach_keys::DetachFilter;
use super::protocol::{self, Version};
use super::session::Session;
use crate::error::Error;

/// The input of a process.
///
/// Bytes are written in the background, in order; an error of the connection is returned by a later write, and in any
/// case by [`Process::wait`](crate::Process::wait). Writing waits while the process does not read.
///
/// [`shutdown`](tokio::io::AsyncWriteExt::shutdown) ends the input, and so does dropping it: the process sees the end of its stdin. Servers before Kubernetes 1.30 do not support this: there, `shutdown` is an error, and the process waits for input until the connection is closed.
pub struct Stdin {
    session: Arc<Session>,
    queue: PollSender<BytesMut>,
    input: Arc<Input>,
    detach: Option<DetachFilter>,
}

/// The state of the input, for its writer and its process.
#[derive(Debug)]
pub(super) struct Input {
    version: Version,
    is_closed: AtomicBool,
}

impl Input {
    pub(super) fn new(version: Version) -> Self {
        Self { version, is_closed: AtomicBool::new(false) }
    }

    /// Fails if the protocol can't end an input.
    pub(super) fn check_close(&self) -> Result<(), Error> {
        match self.version {
            Version::V4 => Err(Error::unsupported(
                "the server speaks v4.channel.k8s.io, in which stdin can't be closed; that needs Kubernetes 1.30 or later",
            )),
            Version::V5 => Ok(()),
        }
    }

    /// The message that ends the input; `None` if that was sent.
    ///
    /// # Errors
    /// Returns an error if the protocol can't end an input.
    pub(super) fn close(&self) -> Result<Option<BytesMut>, Error> {
        self.check_close()?;
        Ok((!self.is_closed.swap(true, Ordering::Relaxed)).then(protocol::close_stdin))
    }

    /// Takes no more input, and leaves the process waiting for it.
    fn detach(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }
}

/// The most bytes in one message.
const MAX_PAYLOAD_BYTES: usize = 32 * 1024;

impl Stdin {
    pub(super) fn new(session: Arc<Session>, input: Arc<Input>, detach: Option<DetachFilter>) -> Self {
        Self { queue: session.sender.poll_sender(), session, input, detach }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.queue.poll_reserve(cx).map_err(|_| self.failure())
    }

    fn send(&mut self, message: BytesMut) -> Result<(), Error> {
        self.queue.send_item(message).map_err(|_| self.failure())
    }

    /// Sends the keys that are held back, as the input ends with them.
    fn poll_send_held(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.detach.as_ref().is_some_and(DetachFilter::is_holding) {
            ready!(self.poll_ready(cx))?;
            if let Some(held) = self.take_held() {
                self.send(held)?;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// The message with the keys that are held back, if there are any.
    fn take_held(&mut self) -> Option<BytesMut> {
        let held = self.detach.as_mut()?.take_held();
        (!held.is_empty()).then(|| protocol::stdin(&held))
    }

    fn failure(&self) -> Error {
        self.session.locate(self.session.sender.failure())
    }
}

impl AsyncWrite for Stdin {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.input.is_closed() {
            let is_detached = self.detach.as_ref().is_some_and(DetachFilter::is_detached);
            let error = if is_detached { Error::detached() } else { Error::closed() };
            return Poll::Ready(Err(self.session.locate(error).into()));
        }
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(self.poll_ready(cx))?;
        let bytes = &bytes[..bytes.len().min(MAX_PAYLOAD_BYTES)];
        let Some(detach) = &mut self.detach else {
            self.send(protocol::stdin(bytes))?;
            return Poll::Ready(Ok(bytes.len()));
        };
        let filtered = detach.filter(bytes);
        if !filtered.bytes.is_empty() {
            self.send(protocol::stdin(&filtered.bytes))?;
        }
        if filtered.is_detached {
            // What is written from now on would still be sent before the connection is closed.
            self.input.detach();
            self.session.close(Error::detached(), Ok(()));
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.input.is_closed() {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_send_held(cx))?;
        ready!(self.poll_ready(cx))?;
        match self.input.close().map_err(|error| self.session.locate(error))? {
            Some(close) => self.send(close)?,
            // Its process has closed it meanwhile.
            None => _ = self.queue.abort_send(),
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for Stdin {
    fn drop(&mut self) {
        if self.input.is_closed() {
            return;
        }
        self.queue.abort_send();
        let Some(queue) = self.queue.get_ref().cloned() else { return };
        let mut messages = self.take_held().into_iter().chain(self.input.close().ok().flatten());
        while let Some(message) = messages.next() {
            // With a full queue, the close has to wait as any message does, until the connection ends.
            if let Err(TrySendError::Full(message)) = queue.try_send(message)
                && let Ok(runtime) = Handle::try_current()
            {
                runtime.spawn(async move {
                    for message in iter::once(message).chain(messages) {
                        if queue.send(message).await.is_err() {
                            return;
                        }
                    }
                });
                return;
            }
        }
    }
}

impl fmt::Debug for Stdin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stdin").field("input", &self.input).finish_non_exhaustive()
    }
}
