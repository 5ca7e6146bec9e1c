use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::{FusedStream, Stream};
use kubernetes_client::{Body, Client, Error};
use kubernetes_core::{LogLines, LogRequest, Request};

use crate::StopHandle;

/// The lines of a log, made by [`Watch::stream_lines`](crate::Watch::stream_lines).
///
/// Lines come without their end (`\n` or `\r\n`), empty ones too, and the last one also if it has none. Invalid
/// UTF-8 becomes U+FFFD. A line of more than 1 MiB comes in pieces, so that memory stays bounded.
///
/// The stream ends when the log does: with the container, or without [`follow`](LogRequest::follow) where it is now.
/// **It does not reconnect**, as `kubectl logs -f` does not: a log has no version to resume from, and a new request would
/// repeat lines or leave some out. A connection that breaks is an error, after which the stream is over. So may be a
/// file that is rotated. To continue, ask for `timestamps` and send a new request with
/// [`since_time`](LogRequest::since_time); its first lines may be repeated.
///
/// The [idle timeout](crate::Watch::idle_timeout) does not apply, since a log may be silent for long: use
/// `tokio::time::timeout` for a limit.
///
/// # Cancel safety
/// No line is lost when a future that waits for the next one is dropped. Dropping the stream closes its connection.
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

    /// A handle that ends the stream from anywhere, while it waits in another task.
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
    /// Leaves out the text: it may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogStream").field("request", &self.request).finish_non_exhaustive()
    }
}
