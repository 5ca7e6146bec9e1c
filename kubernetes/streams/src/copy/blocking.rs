use std::future::Future;
use std::io::{self, Read, Write};
use std::pin::pin;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use crate::error::{CopyError, Error};

/// A thread that works with files, and waits for connections on the runtime that it was started from.
#[derive(Clone, Debug)]
pub(super) struct BlockingThread {
    runtime: Handle,
    cancelled: CancellationToken,
}

impl BlockingThread {
    /// Runs a function on such a thread. When the future is dropped, the function's next wait fails.
    pub(super) async fn run<T: Send + 'static>(
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let cancelled = CancellationToken::new();
        let _guard = cancelled.clone().drop_guard();
        let thread = Self { runtime: Handle::current(), cancelled };
        match spawn_blocking(move || work(&thread)).await {
            Ok(result) => result,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime ends, and with it whoever waits.
            Err(_) => Err(CopyError::cancelled()),
        }
    }

    /// Waits for a future.
    pub(super) fn wait<T>(&self, future: impl Future<Output = T>) -> Result<T, Error> {
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.cancelled.cancelled() => Err(CopyError::cancelled()),
                result = pin!(future) => Ok(result),
            }
        })
    }

    pub(super) fn spawn<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.runtime.spawn(future)
    }
}

/// A reader or writer of a connection, for such a thread.
#[derive(Debug)]
pub(super) struct Blocking<'a, T> {
    pub(super) thread: &'a BlockingThread,
    pub(super) io: T,
}

impl<T: AsyncRead + Unpin> Read for Blocking<'_, T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.thread.wait(self.io.read(buffer))?
    }
}

impl<T: AsyncWrite + Unpin> Write for Blocking<'_, T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.thread.wait(self.io.write(bytes))?
    }

    fn flush(&mut self) -> io::Result<()> {
        self.thread.wait(self.io.flush())?
    }
}
