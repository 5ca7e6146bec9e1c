use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;

use super::connection::Read;
use super::shared::{Counters, Shared};
use crate::clock::{self, Timer};
use crate::error::Error;

/// How long the end of data waits for the error that may belong to it, and an error for data that was sent before.
///
/// A kubelet ends both streams at once, but with a thousand connections the second end can be more than a second
/// behind.
const GRACE: Duration = Duration::from_secs(10);

/// A connection to a port of a pod: created by [`PortForwarder::connect`](crate::port_forward::PortForwarder::connect).
///
/// Each direction ends separately: [`shutdown`](tokio::io::AsyncWriteExt::shutdown) ends the input of the program in
/// the pod, whose output can still be read, and the end of the output leaves the input open. If the connection fails,
/// readers and writers get an error, which [`Error::of_io`] extracts from the [`io::Error`]. Only the first read shows
/// that nothing listens on the port ([`Error::is_refused`]), since the server accepts the connection first. Bytes that
/// were received before the failure are read before it.
///
/// Writes are buffered up to 64 KiB and sent in the background, even after the stream was dropped. Bytes from the pod
/// are buffered up to [`receive_buffer`](crate::port_forward::PortForwarderBuilder::receive_buffer).
///
/// Dropping it closes the connection like a TCP socket: written bytes are sent first, and the pod learns that nothing
/// is read any longer.
///
/// # Cancel safety
/// Reads and writes lose nothing if their futures are dropped.
pub struct PortStream {
    reader: PortReader,
    writer: PortWriter,
}

impl PortStream {
    pub(super) fn new(shared: Arc<Shared>, key: u32, port: u16) -> Self {
        Counters::add(&shared.counters.open, 1);
        let handle = Arc::new(Handle { shared, key, port, permit: OnceLock::new() });
        let reader = PortReader {
            handle: Arc::clone(&handle),
            chunk: Bytes::new(),
            grace: None,
            has_ended: false,
            has_failed: false,
        };
        Self { reader, writer: PortWriter { handle, has_ended: false, resets: false } }
    }

    /// Keeps a permit until both halves are dropped.
    pub(in crate::port_forward) fn hold(&self, permit: OwnedSemaphorePermit) {
        // There is one permit for each connection.
        let _ = self.reader.handle.permit.set(permit);
    }

    /// The port in the pod.
    pub fn port(&self) -> u16 {
        self.reader.handle.port
    }

    /// Splits the connection, so that two tasks can use it.
    pub fn into_split(self) -> (PortReader, PortWriter) {
        (self.reader, self.writer)
    }

    /// Gives the connection up, also for the pod: dropping it would look like a complete input. Bytes that were written
    /// may be lost.
    pub fn reset(self) {
        self.reader.handle.reset();
    }

    pub(super) fn poll_accepted(&self, cx: &Context<'_>) -> Poll<Result<(), Error>> {
        let handle = &self.reader.handle;
        handle.shared.lock().poll_accepted(handle.key, cx)
    }
}

/// The reading half of a [`PortStream`]. When it is dropped, the pod's output is discarded.
pub struct PortReader {
    handle: Arc<Handle>,
    /// Bytes that were taken from the connection and not yet read.
    chunk: Bytes,
    /// Set when one of data and an error has ended, and the other may follow.
    grace: Option<Timer>,
    has_ended: bool,
    has_failed: bool,
}

/// The writing half of a [`PortStream`]. When it is dropped, the program in the pod sees the end of its input.
pub struct PortWriter {
    handle: Arc<Handle>,
    has_ended: bool,
    /// Whether dropping it resets the connection instead of ending it.
    resets: bool,
}

/// The connection that both halves share.
struct Handle {
    shared: Arc<Shared>,
    key: u32,
    port: u16,
    /// For the limit of connections.
    permit: OnceLock<OwnedSemaphorePermit>,
}

impl Handle {
    fn reset(&self) {
        self.shared.lock().reset(self.key);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.counters.open.fetch_sub(1, Ordering::Relaxed);
        self.shared.lock().abandon(self.key, clock::now());
    }
}

impl Drop for PortReader {
    fn drop(&mut self) {
        self.handle.shared.lock().drop_reader(self.handle.key);
    }
}

impl Drop for PortWriter {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        if self.resets {
            self.handle.reset();
        } else {
            // A connection that has failed has ended.
            let _ = self.handle.shared.lock().end(self.handle.key);
        }
    }
}

impl PortReader {
    fn poll_grace(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.grace.get_or_insert_with(|| Timer::after(GRACE)).poll(cx));
            if !self.handle.shared.lock().is_blocked() {
                return Poll::Ready(());
            }
            // What is awaited may have come, behind bytes for another connection that is not read.
            self.grace = None;
        }
    }

    /// Ready when there are bytes, or none will come.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.chunk.is_empty() && !self.has_ended {
            let read = self.handle.shared.lock().read(self.handle.key, cx);
            match read {
                Read::Bytes(bytes) => {
                    Counters::add(&self.handle.shared.counters.received, bytes.len());
                    self.chunk = bytes;
                    self.grace = None;
                }
                Read::End => self.has_ended = true,
                Read::Failed(error) => {
                    if !std::mem::replace(&mut self.has_failed, true) {
                        Counters::add(&self.handle.shared.counters.failed, 1);
                    }
                    return Poll::Ready(Err(error.into()));
                }
                Read::Pending => return Poll::Pending,
                Read::PendingError => {
                    ready!(self.poll_grace(cx));
                    self.has_ended = !self.handle.shared.lock().end_error(self.handle.key);
                }
                Read::PendingData => {
                    ready!(self.poll_grace(cx));
                    self.handle.shared.lock().end_data(self.handle.key);
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl PortWriter {
    /// Makes dropping it reset the connection, unless it has been shut down.
    pub(in crate::port_forward) fn reset_on_drop(mut self) -> Self {
        self.resets = true;
        self
    }

    fn poll_write_slices(&mut self, cx: &Context<'_>, slices: &[&[u8]]) -> Poll<io::Result<usize>> {
        let written = ready!(self.handle.shared.lock().poll_write(self.handle.key, slices, cx))?;
        Counters::add(&self.handle.shared.counters.sent, written);
        Poll::Ready(Ok(written))
    }
}

impl AsyncRead for PortReader {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if buffer.remaining() > 0 {
            ready!(self.poll_fill(cx))?;
            let count = self.chunk.len().min(buffer.remaining());
            buffer.put_slice(&self.chunk[..count]);
            self.chunk.advance(count);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncBufRead for PortReader {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let reader = self.get_mut();
        ready!(reader.poll_fill(cx))?;
        Poll::Ready(Ok(&reader.chunk))
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        self.chunk.advance(amount);
    }
}

impl AsyncWrite for PortWriter {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_slices(cx, &[bytes])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let slices: Vec<&[u8]> = slices.iter().map(|slice| &**slice).collect();
        self.poll_write_slices(cx, &slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Ready at once: the bytes are on their way.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !std::mem::replace(&mut self.has_ended, true) {
            self.handle.shared.lock().end(self.handle.key)?;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for PortStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.reader).poll_read(cx, buffer)
    }
}

impl AsyncBufRead for PortStream {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Pin::new(&mut self.get_mut().reader).poll_fill_buf(cx)
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        Pin::new(&mut self.reader).consume(amount);
    }
}

impl AsyncWrite for PortStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.writer).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.writer).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.writer.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_shutdown(cx)
    }
}

impl fmt::Debug for PortStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortStream").field("port", &self.port()).finish_non_exhaustive()
    }
}

impl fmt::Debug for PortReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortReader").field("port", &self.handle.port).finish_non_exhaustive()
    }
}

impl fmt::Debug for PortWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortWriter").field("port", &self.handle.port).finish_non_exhaustive()
    }
}
