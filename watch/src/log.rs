use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::{FusedStream, Stream};
use kubernetes_client::{Body, Client, Error};
use kubernetes_core::{LogLines, LogRequest, Request};

use crate::StopHandle;

/// The lines of a log, created by [`Watch::stream_lines`](crate::Watch::stream_lines).
///
/// Lines, including empty ones, have no terminator (`\n` or `\r\n`), and the last line need not have had one. Invalid
/// UTF-8 becomes U+FFFD. A line longer than 1 MiB is split, which bounds memory.
///
/// The stream ends when the log does: when the container ends or, without [`follow`](LogRequest::follow), at the
/// current end. **It does not reconnect**, like `kubectl logs -f`: a log has no version to resume from, so a new
/// request would repeat or omit lines. A lost connection is an error that ends the stream, and so may be the rotation
/// of a log file. To continue, ask for `timestamps` and send a new request with [`since_time`](LogRequest::since_time);
/// its first lines may be repetitions.
///
/// The [idle timeout](crate::Watch::idle_timeout) does not apply, since a log may be silent for a long time: use
/// `tokio::time::timeout` for a limit.
///
/// # Cancel safety
/// No line is lost if a future that waits for the next one is dropped. Dropping the stream closes its connection.
#[must_use = "streams do nothing unless polled"]
pub struct LogStream {
    request: Request,
    io: Io,
    stop: StopHandle,
}

type Opening = Pin<Box<dyn Future<Output = Result<LogLines<Body>, Error>> + Send>>;

enum Io {
    Opening(Opening),
    Reading(LogLines<Body>),
    Over,
}

impl LogStream {
    pub(crate) fn new(client: Client, request: LogRequest, stop: StopHandle) -> Self {
        let follows = request.request().query.get("follow").is_some();
        let request = if follows { request } else { request.follow(true) };
        let opened = request.clone();
        let opening = Box::pin(async move { opened.lines(&client).await });
        Self { request: request.request().clone(), io: Io::Opening(opening), stop }
    }

    /// Ends the stream: no further line is yielded, and the connection is closed with the next poll, or drop.
    pub fn stop(&self) {
        self.stop.stop();
    }

    /// A handle that ends the stream from another task, even while it waits.
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }
}

impl Stream for LogStream {
    type Item = Result<String, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.stop.poll_stopped(context) {
            self.io = Io::Over;
        }
        loop {
            let item = match &mut self.io {
                Io::Over => return Poll::Ready(None),
                Io::Opening(lines) => match ready!(lines.as_mut().poll(context)) {
                    Ok(lines) => {
                        self.io = Io::Reading(lines);
                        continue;
                    }
                    Err(error) => Some(Err(error)),
                },
                Io::Reading(lines) => ready!(Pin::new(lines).poll_next(context)),
            };
            if !matches!(item, Some(Ok(_))) {
                self.io = Io::Over;
            }
            return Poll::Ready(item);
        }
    }
}

impl FusedStream for LogStream {
    fn is_terminated(&self) -> bool {
        matches!(self.io, Io::Over)
    }
}

impl fmt::Debug for LogStream {
    /// Omits the text, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogStream").field("request", &self.request).finish_non_exhaustive()
    }
}
