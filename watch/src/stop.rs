use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Waker};

use kubernetes_client::sync::lock;

/// Stops one [`WatchStream`](crate::WatchStream), from anywhere.
///
/// It keeps neither the stream nor its connection alive.
#[derive(Clone, Debug)]
pub struct StopHandle(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    stopped: bool,
    waker: Option<Waker>,
}

impl StopHandle {
    /// Ends the stream: a caller that waits for its next event gets `None` at once.
    ///
    /// The connection is closed when the stream is next polled, or dropped.
    pub fn stop(&self) {
        let waker = {
            let mut state = lock(&self.0);
            state.stopped = true;
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whether the stream has been stopped.
    pub fn is_stopped(&self) -> bool {
        lock(&self.0).stopped
    }

    /// Whether the stream has been stopped; if not, the task is woken when it is.
    pub(crate) fn poll_stopped(&self, context: &Context<'_>) -> bool {
        let mut state = lock(&self.0);
        if !state.stopped && !state.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            state.waker = Some(context.waker().clone());
        }
        state.stopped
    }
}

/// The streams of a [`Watch`](crate::Watch) and its clones that have not been stopped.
#[derive(Clone, Debug, Default)]
pub(crate) struct Streams(Arc<Mutex<Vec<Weak<Mutex<State>>>>>);

impl Streams {
    /// Creates a handle for a new stream.
    pub(crate) fn add(&self) -> StopHandle {
        let handle = StopHandle(Arc::default());
        let mut streams = lock(&self.0);
        if streams.len() == streams.capacity() {
            streams.retain(|stream| stream.strong_count() > 0);
        }
        streams.push(Arc::downgrade(&handle.0));
        handle
    }

    /// Stops all streams created so far.
    pub(crate) fn stop(&self) {
        let streams = std::mem::take(&mut *lock(&self.0));
        for stream in streams.iter().filter_map(Weak::upgrade) {
            StopHandle(stream).stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_that_are_gone_are_forgotten() {
        let streams = Streams::default();
        let kept = streams.add();
        for _ in 0..10_000 {
            drop(streams.add());
        }
        assert!(lock(&streams.0).capacity() < 100, "{}", lock(&streams.0).capacity());
        streams.stop();
        assert!(kept.is_stopped());
        assert!(!streams.add().is_stopped());
    }
}
