//! The socket of an HTTP/2 connection: why TLS ended it, and writes that wait for what belongs to them.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};

use crate::error::{find, is_refused_certificate};

/// The error with which TLS ended a connection. HTTP/2 keeps no more of it than its text, and a server that wants another
/// certificate says so no earlier than here (RFC 8446, §4.4.2.4).
#[derive(Clone, Default)]
pub(super) struct CloseReason(Arc<OnceLock<rustls::Error>>);

impl CloseReason {
    /// The reason, if either side refused the other's certificate.
    pub(super) fn refusal(&self) -> Option<rustls::Error> {
        self.0.get().filter(|reason| is_refused_certificate(*reason)).cloned()
    }

    fn record(&self, error: &io::Error) {
        if let Some(reason) = find::<rustls::Error>(error) {
            // The first says why, the others that it is so.
            let _ = self.0.set(reason.clone());
        }
    }
}

/// A connection whose end is [recorded](CloseReason).
pub(super) struct RecordingIo<T> {
    io: T,
    close_reason: CloseReason,
    /// Whether what is being written has waited for what belongs to it.
    has_waited: bool,
}

impl<T: Read + Write + Unpin> RecordingIo<T> {
    pub(super) fn new(io: T, close_reason: CloseReason) -> Self {
        Self { io, close_reason, has_waited: false }
    }

    /// A server that has closed the connection may have said why before: what it said can still be read.
    fn record_last_alert(&mut self, cx: &mut Context<'_>) {
        let mut space = [MaybeUninit::<u8>::uninit(); 1024];
        // It has little to say; whatever comes after a few records is not an alert.
        for _ in 0..16 {
            let mut buffer = ReadBuf::uninit(&mut space);
            match Pin::new(&mut self.io).poll_read(cx, buffer.unfilled()) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                Poll::Ready(Err(error)) => return self.close_reason.record(&error),
                Poll::Ready(Ok(())) | Poll::Pending => return,
            }
        }
    }

    /// Lets a write wait until all that is ready has had its turn: HTTP/2 knows of a request's body only after its head
    /// is on its way, and both fit into one packet.
    fn poll_gathered(&mut self, cx: &Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.has_waited, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn recorded<R>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        if let Poll::Ready(Err(error)) = &polled {
            self.close_reason.record(error);
            if self.close_reason.0.get().is_none() {
                self.record_last_alert(cx);
            }
        }
        polled
    }
}

impl<T: Read + Write + Unpin> Read for RecordingIo<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.io).poll_read(cx, buffer);
        if let Poll::Ready(Err(error)) = &polled {
            this.close_reason.record(error);
        }
        polled
    }
}

impl<T: Read + Write + Unpin> Write for RecordingIo<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_gathered(cx));
        let polled = Pin::new(&mut this.io).poll_write(cx, bytes);
        this.recorded(cx, polled)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.io).poll_flush(cx);
        this.has_waited = polled.is_pending();
        this.recorded(cx, polled)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_gathered(cx));
        let polled = Pin::new(&mut this.io).poll_write_vectored(cx, slices);
        this.recorded(cx, polled)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::body::Body;
    use crate::transport::pool::http2::SharedTask;

    /// The preface and settings of a client are over when it asks; what it then writes comes in one piece.
    #[tokio::test]
    async fn head_and_body_of_a_request_are_written_together() {
        let (client, mut server) = tokio::io::duplex(64 * 1024);
        let tasks = SharedTask::default();
        let recorded = RecordingIo::new(TokioIo::new(client), CloseReason::default());
        let handshake = hyper::client::conn::http2::Builder::new(tasks.clone()).handshake(recorded).await;
        let (mut sender, connection) = handshake.expect("the preface is written");
        let task = tokio::spawn(tasks.beside(async move { drop(connection.await) }));
        // An empty SETTINGS frame, and the acknowledgement of the client's.
        server.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0]).await.expect("the client is there");
        let mut space = [0; 4096];
        while let Ok(Ok(_)) = tokio::time::timeout(Duration::from_millis(50), server.read(&mut space)).await {}
        let request = http::Request::post("http://localhost/").body(Body::from("the body")).expect("a valid request");
        let response = tokio::spawn(sender.send_request(request));
        let length = server.read(&mut space).await.expect("the client is there");
        assert!(space[..length].ends_with(b"the body"), "{:?}", &space[..length]);
        response.abort();
        task.abort();
    }
}
