use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use kubernetes_client::sync::lock;

use bytes::Bytes;

use super::protocol::Channel;
use crate::error::Error;

/// The outputs of a process, between the connection and their readers.
///
/// Each is bounded. When one is full, its reader decides what becomes of the connection, which all outputs share:
///
/// - Bytes for a reader that was dropped are discarded.
/// - A reader that exists blocks the connection.
/// - An output that nobody has taken also blocks the connection, unless a caller already waits for the other output or
///   for the end: then all further bytes are discarded, and counted, so that whoever takes it later gets an error.
#[derive(Debug)]
pub(super) struct Outputs {
    state: Mutex<State>,
    limit: usize,
}

#[derive(Debug, Default)]
struct State {
    stdout: Output,
    stderr: Output,
    /// How many wait for the end of the process.
    waiters: usize,
    /// The connection, while it is blocked.
    source: Option<Waker>,
    /// No more bytes will come, and why.
    end: Option<Result<(), Error>>,
}

#[derive(Debug, Default)]
struct Output {
    chunks: VecDeque<Bytes>,
    /// The size of the chunks.
    held: usize,
    reader: Reader,
    /// Its reader has asked for bytes.
    was_read: bool,
    /// Waits for bytes.
    waker: Option<Waker>,
    /// How many bytes were discarded because nobody had taken the output. Once there are any, all others are too.
    discarded: u64,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Reader {
    /// Nobody has taken the output.
    #[default]
    Untaken,
    Taken,
    Dropped,
}

/// Each chunk counts as so many bytes more, so that small ones are bounded too.
const CHUNK_OVERHEAD: usize = 64;

impl Outputs {
    /// Outputs that hold about `limit` bytes each, and a message of any length.
    pub(super) fn new(limit: usize) -> Self {
        Self { state: Mutex::default(), limit }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that panics runs under the lock.
        lock(&self.state)
    }

    /// Adds the bytes of a message, and takes them from `chunk`.
    pub(super) fn poll_push(&self, channel: Channel, chunk: &mut Bytes, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        let is_other_awaited = state.waiters > 0 || state.output(channel.other()).was_read;
        let output = state.output(channel);
        if output.discarded > 0 {
            // What follows a gap must not look as if it followed the bytes before.
            output.discarded += chunk.len() as u64;
            return Poll::Ready(());
        }
        if output.held < self.limit && output.reader != Reader::Dropped {
            output.push(std::mem::take(chunk));
            return Poll::Ready(());
        }
        match output.reader {
            Reader::Dropped => {}
            Reader::Untaken if is_other_awaited => output.discarded += chunk.len() as u64,
            Reader::Untaken | Reader::Taken => {
                state.source = Some(cx.waker().clone());
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    /// The next bytes of an output; `None` at its end.
    pub(super) fn poll_next(&self, channel: Channel, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        let mut state = self.lock();
        let output = state.output(channel);
        let is_first = !std::mem::replace(&mut output.was_read, true);
        if let Some(chunk) = output.pop() {
            state.wake_source();
            return Poll::Ready(Ok(Some(chunk)));
        }
        if output.discarded > 0 {
            return Poll::Ready(Err(Error::discarded(channel.name(), output.discarded)));
        }
        if let Some(end) = &state.end {
            return Poll::Ready(end.clone().map(|()| None));
        }
        state.output(channel).waker = Some(cx.waker().clone());
        if is_first {
            state.wake_source();
        }
        Poll::Pending
    }

    /// Somebody promises to read an output.
    pub(super) fn take(&self, channel: Channel) {
        self.lock().output(channel).reader = Reader::Taken;
    }

    /// Nobody reads an output any longer.
    pub(super) fn drop_reader(&self, channel: Channel) {
        let mut state = self.lock();
        let output = state.output(channel);
        let chunks = std::mem::take(&mut output.chunks);
        *output = Output { reader: Reader::Dropped, was_read: output.was_read, ..Output::default() };
        state.wake_source();
        drop(state);
        drop(chunks);
    }

    /// Somebody waits for the end of the process until the guard is dropped.
    pub(super) fn wait_for_end(&self) -> EndWaiter<'_> {
        let mut state = self.lock();
        state.waiters += 1;
        state.wake_source();
        EndWaiter(self)
    }

    /// Ends the outputs. The first end stays.
    pub(super) fn end(&self, end: Result<(), Error>) {
        let mut state = self.lock();
        state.end.get_or_insert(end);
        for waker in [state.stdout.waker.take(), state.stderr.waker.take()].into_iter().flatten() {
            waker.wake();
        }
    }
}

/// Somebody who waits for the end of the process.
#[must_use = "nobody waits once it is dropped"]
pub(super) struct EndWaiter<'a>(&'a Outputs);

impl EndWaiter<'_> {
    /// The process has ended: its outputs no longer block others.
    pub(super) fn end(self) {
        std::mem::forget(self);
    }
}

impl Drop for EndWaiter<'_> {
    fn drop(&mut self) {
        self.0.lock().waiters -= 1;
    }
}

impl State {
    fn output(&mut self, channel: Channel) -> &mut Output {
        match channel {
            Channel::Stdout => &mut self.stdout,
            Channel::Stderr => &mut self.stderr,
        }
    }

    fn wake_source(&mut self) {
        if let Some(source) = self.source.take() {
            source.wake();
        }
    }
}

impl Output {
    fn push(&mut self, chunk: Bytes) {
        self.held = self.held.saturating_add(chunk.len() + CHUNK_OVERHEAD);
        self.chunks.push_back(chunk);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn pop(&mut self) -> Option<Bytes> {
        let chunk = self.chunks.pop_front()?;
        self.held = self.held.saturating_sub(chunk.len() + CHUNK_OVERHEAD);
        Some(chunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(outputs: &Outputs, channel: Channel, bytes: &'static [u8]) -> Poll<()> {
        outputs.poll_push(channel, &mut Bytes::from_static(bytes), &mut Context::from_waker(Waker::noop()))
    }

    fn next(outputs: &Outputs, channel: Channel) -> Poll<Result<Option<Bytes>, String>> {
        outputs.poll_next(channel, &mut Context::from_waker(Waker::noop())).map_err(|error| error.to_string())
    }

    use Channel::{Stderr, Stdout};

    #[test]
    fn a_taken_output_holds_up_the_connection_when_it_is_full() {
        let outputs = Outputs::new(100);
        outputs.take(Stdout);
        assert!(push(&outputs, Stdout, b"one").is_ready());
        assert!(push(&outputs, Stdout, b"two").is_ready());
        assert!(push(&outputs, Stdout, b"three").is_pending());
        assert!(next(&outputs, Stderr).is_pending());
        assert!(push(&outputs, Stdout, b"three").is_pending(), "also while the other output is awaited");
        assert_eq!(next(&outputs, Stdout), Poll::Ready(Ok(Some(Bytes::from_static(b"one")))));
        assert!(push(&outputs, Stdout, b"three").is_ready());
        outputs.end(Ok(()));
        assert_eq!(next(&outputs, Stdout), Poll::Ready(Ok(Some(Bytes::from_static(b"two")))));
        assert_eq!(next(&outputs, Stdout), Poll::Ready(Ok(Some(Bytes::from_static(b"three")))));
        assert_eq!(next(&outputs, Stdout), Poll::Ready(Ok(None)));
    }

    #[test]
    fn an_output_that_nobody_took_holds_up_nobody_who_waits() {
        for by_end in [true, false] {
            let outputs = Outputs::new(1);
            assert!(push(&outputs, Stdout, b"first").is_ready());
            assert!(push(&outputs, Stdout, b"second").is_pending(), "nobody waits yet");
            let waiter = by_end.then(|| outputs.wait_for_end());
            if !by_end {
                assert!(next(&outputs, Stderr).is_pending());
            }
            assert!(push(&outputs, Stdout, b"second").is_ready());
            drop(waiter);
            outputs.take(Stdout);
            assert_eq!(next(&outputs, Stdout), Poll::Ready(Ok(Some(Bytes::from_static(b"first")))));
            // There is room again, but what follows a gap must not look as if it followed the bytes before.
            assert!(push(&outputs, Stdout, b"third").is_ready());
            let error = "11 bytes of stdout were discarded: its buffer was full, and the program had not taken the \
                         stream but awaited another one or the end of the process";
            for _ in 0..2 {
                assert_eq!(next(&outputs, Stdout), Poll::Ready(Err(error.to_owned())));
            }
            outputs.end(Ok(()));
            assert_eq!(next(&outputs, Stdout), Poll::Ready(Err(error.to_owned())));
        }
    }

    #[test]
    fn a_dropped_reader_holds_up_nobody() {
        let outputs = Outputs::new(1);
        outputs.take(Stderr);
        assert!(push(&outputs, Stderr, b"first").is_ready());
        assert!(push(&outputs, Stderr, b"second").is_pending());
        outputs.drop_reader(Stderr);
        for _ in 0..3 {
            assert!(push(&outputs, Stderr, b"more").is_ready());
        }
        assert_eq!(outputs.lock().stderr.held, 0);
    }

    #[test]
    fn the_first_end_is_that_of_both_outputs() {
        let outputs = Outputs::new(1);
        outputs.end(Err(Error::cut_short()));
        outputs.end(Ok(()));
        for channel in [Stdout, Stderr] {
            assert_eq!(next(&outputs, channel), Poll::Ready(Err("the connection was lost".to_owned())));
        }
    }
}
