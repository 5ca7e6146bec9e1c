use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::sync::mpsc;

/// The number of bytes buffered between a script and its connection.
pub(super) const BUFFER_BYTES: usize = 64 * 1024;

/// The streams of a container's process.
#[derive(Debug)]
#[non_exhaustive]
pub struct ContainerIo {
    /// The input, which ends when the client ends it, or at once if the client sends none.
    pub stdin: Input,
    /// The output, which is discarded if the client does not read it.
    pub stdout: Output,
    /// The error output, which is discarded if the client does not read it.
    pub stderr: Output,
    /// The sizes of the client's terminal.
    pub sizes: TerminalSizes,
}

impl ContainerIo {
    pub(super) fn new(stdin: Input, stdout: Output, stderr: Output, sizes: TerminalSizes) -> Self {
        Self { stdin, stdout, stderr, sizes }
    }
}

/// Bytes from a client.
pub struct Input(Option<DuplexStream>);

/// Bytes to a client. Dropping it ends the stream.
pub struct Output(Option<Box<dyn Writer>>);

trait Writer: AsyncWrite + Send + Sync + Unpin {}

impl<W: AsyncWrite + Send + Sync + Unpin> Writer for W {}

/// A connection to a port of a pod. Each direction ends separately.
pub struct PortIo(DuplexStream);

impl Input {
    pub(super) fn new(io: Option<DuplexStream>) -> Self {
        Self(io)
    }
}

impl Output {
    pub(crate) fn new(io: Option<impl AsyncWrite + Send + Sync + Unpin + 'static>) -> Self {
        Self(io.map(|io| Box::new(io) as _))
    }
}

impl PortIo {
    pub(super) fn new(io: DuplexStream) -> Self {
        Self(io)
    }
}

impl AsyncRead for Input {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().map_or(Poll::Ready(Ok(())), |io| Pin::new(io).poll_read(cx, buffer))
    }
}

impl AsyncWrite for Output {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.as_mut().map_or(Poll::Ready(Ok(bytes.len())), |io| Pin::new(io).poll_write(cx, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().map_or(Poll::Ready(Ok(())), |io| Pin::new(io).poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().map_or(Poll::Ready(Ok(())), |io| Pin::new(io).poll_shutdown(cx))
    }
}

impl AsyncRead for PortIo {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for PortIo {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Input")
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Output")
    }
}

impl fmt::Debug for PortIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PortIo")
    }
}

/// The size of a terminal, in characters.
// Clients have a type of their own: they don't depend on this crate, nor it on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TerminalSize {
    /// The number of columns.
    pub width: u16,
    /// The number of rows.
    pub height: u16,
}

impl TerminalSize {
    pub(super) fn new(width: u16, height: u16) -> Self {
        Self { width, height }
    }
}

/// The sizes of a client's terminal, one for each change.
#[derive(Debug)]
pub struct TerminalSizes(mpsc::Receiver<TerminalSize>);

impl TerminalSizes {
    pub(super) fn new(sizes: mpsc::Receiver<TerminalSize>) -> Self {
        Self(sizes)
    }

    /// The next size; `None` when the client has disconnected.
    ///
    /// # Cancel safety
    /// No size is lost if the future is dropped.
    pub async fn next(&mut self) -> Option<TerminalSize> {
        self.0.recv().await
    }
}
