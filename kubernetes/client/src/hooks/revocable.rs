use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::AbortHandle;

use super::permit::{Revocation, poll_revoked};
use crate::error::Error;
use crate::sync::lock;
use crate::task;
use crate::upgrade::Duplex;

/// A stream that a revocation of a permit closes, whether or not anyone reads or writes it.
pub(super) struct Revocable {
    shared: Arc<Mutex<Shared>>,
    watching: AbortHandle,
}

struct Shared {
    /// `None` once the permit was revoked.
    io: Option<Box<dyn Duplex>>,
    /// The reason, for the first who reads or writes.
    error: Option<Error>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Revocable {
    pub(super) fn new(io: Box<dyn Duplex>, mut revocations: Vec<Revocation>) -> Self {
        let shared = Arc::new(Mutex::new(Shared { io: Some(io), error: None, reader: None, writer: None }));
        let revoked = Arc::clone(&shared);
        let watching = task::spawn(async move {
            let error = poll_fn(|cx| poll_revoked(&mut revocations, cx)).await;
            let (io, wakers) = {
                let mut shared = lock(&revoked);
                shared.error = Some(error);
                (shared.io.take(), [shared.reader.take(), shared.writer.take()])
            };
            drop(io);
            wakers.into_iter().flatten().for_each(Waker::wake);
        });
        Self { shared, watching }
    }

    fn poll<T>(
        &self,
        cx: &mut Context<'_>,
        waker: fn(&mut Shared) -> &mut Option<Waker>,
        work: impl FnOnce(Pin<&mut Box<dyn Duplex>>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let mut shared = lock(&self.shared);
        let Some(io) = &mut shared.io else {
            let error = shared.error.take();
            let aborted = io::ErrorKind::ConnectionAborted;
            return Poll::Ready(Err(error.map_or_else(|| aborted.into(), |error| io::Error::new(aborted, error))));
        };
        let result = work(Pin::new(io), cx);
        if result.is_pending() {
            waker(&mut shared).get_or_insert_with(|| cx.waker().clone()).clone_from(cx.waker());
        }
        result
    }

    fn poll_write_side<T>(
        &self,
        cx: &mut Context<'_>,
        work: impl FnOnce(Pin<&mut Box<dyn Duplex>>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        self.poll(cx, |shared| &mut shared.writer, work)
    }
}

impl AsyncRead for Revocable {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll(cx, |shared| &mut shared.reader, |io, cx| io.poll_read(cx, buffer))
    }
}

impl AsyncWrite for Revocable {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_side(cx, |io, cx| io.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_write_side(cx, |io, cx| io.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_write_side(cx, |io, cx| io.poll_shutdown(cx))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_side(cx, |io, cx| io.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        lock(&self.shared).io.as_ref().is_some_and(|io| io.is_write_vectored())
    }
}

impl Drop for Revocable {
    fn drop(&mut self) {
        self.watching.abort();
    }
}
