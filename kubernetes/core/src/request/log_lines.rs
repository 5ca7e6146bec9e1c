use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_core::Stream;

use super::{Execute, LogRequest};

/// The longest line by default; the kubelet itself splits the output of containers into pieces of 16 KiB.
const LONGEST_LINE: usize = 1 << 20;

impl LogRequest {
    /// Reads the log line by line as it arrives; with [`follow`](Self::follow), as it is written.
    ///
    /// ```
    /// # use kubernetes_core::{Execute, LogRequest};
    /// # async fn example<E: Execute>(client: &E, request: LogRequest) -> Result<(), E::Error> {
    /// let mut lines = request.tail_lines(10).follow(true).lines(client).await?;
    /// while let Some(line) = lines.next_line().await? {
    ///     println!("{line}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// It returns once the server has responded, so a container that does not exist is reported by this function.
    /// [`follow`](Self::follow) is not set for you. `Watch::stream_lines` of `kubernetes-watch` follows by default,
    /// sends the request when the stream is first polled, and can be stopped from another task. `PodLogs` of
    /// `kubernetes-streams` follows many containers, including those of pods that are created later.
    ///
    /// # Errors
    /// See [`Execute::open`].
    ///
    /// # Cancel safety
    /// Dropping the future ends the request.
    pub async fn lines<E: Execute>(self, client: &E) -> Result<LogLines<E::Body>, E::Error> {
        Ok(LogLines::new(client.open(self.request).await?))
    }
}

/// A log, line by line; created by [`LogRequest::lines`].
///
/// Lines have no terminator (`\n` or `\r\n`), and the last line need not have had one. Invalid UTF-8 becomes U+FFFD. A
/// line longer than 1 MiB is split into pieces of that size, which bounds memory without losing text.
///
/// The stream ends with `None`, or after its first error. A line that is cut off by the error is not yielded, since it
/// could not be told from a complete one.
///
/// # Cancel safety
/// [`next_line`](Self::next_line) is cancel safe: no line is lost if its future is dropped. Dropping the stream ends the request.
#[must_use = "streams do nothing unless polled"]
pub struct LogLines<B> {
    body: B,
    chunk: Bytes,
    /// The beginning of an incomplete line.
    begun: Vec<u8>,
    longest: usize,
    ended: bool,
}

impl<B> LogLines<B> {
    /// The lines of a body.
    pub fn new(body: B) -> Self {
        Self { body, chunk: Bytes::new(), begun: Vec::new(), longest: LONGEST_LINE, ended: false }
    }

    /// The size in bytes above which a line is split; at least 1.
    pub fn longest_line(mut self, bytes: usize) -> Self {
        self.longest = bytes.max(1);
        self
    }

    /// Takes a line that is complete, or of the maximum length, from the received bytes.
    fn line(&mut self) -> Option<String> {
        if self.chunk.is_empty() {
            return None;
        }
        let room = self.longest.saturating_sub(self.begun.len());
        // One more, for the terminator.
        let reach = self.chunk.len().min(room.saturating_add(1));
        let within = self.chunk.get(..reach).unwrap_or_default();
        let found = within.iter().position(|byte| *byte == b'\n');
        self.begun.extend_from_slice(within.get(..found.unwrap_or(reach.min(room))).unwrap_or_default());
        match found {
            Some(at) => {
                self.chunk.advance(at + 1);
                Some(self.take())
            }
            None => {
                self.chunk.advance(reach.min(room));
                // The remainder belongs to this line, as its end would have been found otherwise.
                (!self.chunk.is_empty()).then(|| self.take_piece())
            }
        }
    }

    fn take(&mut self) -> String {
        let line = std::mem::take(&mut self.begun);
        text(line.strip_suffix(b"\r").unwrap_or(&line))
    }

    /// The part of an overlong line that ends with a complete character.
    fn take_piece(&mut self) -> String {
        let mut piece = std::mem::take(&mut self.begun);
        let cut = last_boundary(&piece);
        self.begun = piece.split_off(cut);
        text(&piece)
    }
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}

/// The start of the last character if it is incomplete, otherwise the end.
fn last_boundary(piece: &[u8]) -> usize {
    let start = piece.iter().rposition(|byte| byte & 0b1100_0000 != 0b1000_0000).unwrap_or_default();
    let last = piece.get(start..).unwrap_or_default();
    match std::str::from_utf8(last) {
        Err(error) if error.error_len().is_none() && start > 0 => start,
        _ => piece.len(),
    }
}

impl<B, E> LogLines<B>
where
    B: Stream<Item = Result<Bytes, E>> + Unpin,
{
    /// The next line; `None` after the last.
    ///
    /// # Errors
    /// Returns an error if the connection breaks.
    pub async fn next_line(&mut self) -> Result<Option<String>, E> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await.transpose()
    }
}

impl<B: Unpin> Unpin for LogLines<B> {}

impl<B, E> Stream for LogLines<B>
where
    B: Stream<Item = Result<Bytes, E>> + Unpin,
{
    type Item = Result<String, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(line) = this.line() {
                return Poll::Ready(Some(Ok(line)));
            }
            if this.ended {
                let rest = !this.begun.is_empty();
                return Poll::Ready(rest.then(|| Ok(this.take())));
            }
            match ready!(Pin::new(&mut this.body).poll_next(cx)) {
                Some(Ok(chunk)) => this.chunk = chunk,
                Some(Err(error)) => {
                    this.ended = true;
                    this.begun.clear();
                    return Poll::Ready(Some(Err(error)));
                }
                None => this.ended = true,
            }
        }
    }
}

impl<B> fmt::Debug for LogLines<B> {
    /// Omits the text, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogLines").finish_non_exhaustive()
    }
}
