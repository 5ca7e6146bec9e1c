use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, ReadHalf, WriteHalf, split};

use super::codec::websocket::{Reader, Writer};
use crate::faults::FrameFaults;

pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// An upgraded connection.
pub(crate) struct Connection {
    io: Box<dyn Duplex>,
    /// Bytes that were read together with the request.
    buffer: Bytes,
    faults: FrameFaults,
}

pub(super) type SocketReader = Reader<ReadHalf<Box<dyn Duplex>>>;
pub(super) type SocketWriter = Writer<WriteHalf<Box<dyn Duplex>>>;

impl Connection {
    pub(crate) fn new(
        io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        buffer: Bytes,
        faults: FrameFaults,
    ) -> Self {
        Self { io: Box::new(io), buffer, faults }
    }

    pub(super) fn into_web_socket(self) -> (SocketReader, SocketWriter) {
        let (reader, writer) = split(self.io);
        (Reader::new(reader, self.buffer), Writer::new(writer, self.faults))
    }
}

/// The client's end of an in-process connection, on which a reset is visible as such.
pub(crate) struct ClientEnd {
    io: DuplexStream,
    resets: bool,
}

/// An in-process connection: the client's and the server's end.
pub(crate) fn in_process(faults: &FrameFaults) -> (ClientEnd, DuplexStream) {
    let (client, server) = tokio::io::duplex(64 * 1024);
    (ClientEnd { io: client, resets: faults.reset_after.is_some() }, server)
}

impl AsyncRead for ClientEnd {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.io).poll_read(cx, buffer);
        let is_end = matches!(result, Poll::Ready(Ok(()))) && buffer.filled().len() == before && buffer.remaining() > 0;
        if is_end && self.resets { Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())) } else { result }
    }
}

impl AsyncWrite for ClientEnd {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
