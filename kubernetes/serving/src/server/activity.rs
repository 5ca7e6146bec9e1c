use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{self, Instant};

/// Counts the requests under way on a connection, and knows since when there are none.
#[derive(Clone)]
pub(super) struct Activity(Arc<Mutex<State>>);

struct State {
    requests: usize,
    is_used: bool,
    since: Instant,
}

/// A request under way.
pub(super) struct Ongoing(Activity);

impl Activity {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State { requests: 0, is_used: false, since: clock::now() })))
    }

    /// Notes a request that is under way until the returned value is dropped.
    pub(super) fn begin(&self) -> Ongoing {
        let mut state = self.lock();
        state.requests += 1;
        state.is_used = true;
        drop(state);
        Ongoing(self.clone())
    }

    /// Completes when there was no request for `idle`, or not even a first one for `unused`.
    pub(super) async fn ends(&self, unused: Duration, idle: Duration) {
        while let Some(left) = self.left(unused, idle) {
            clock::sleep(left).await;
        }
    }

    fn left(&self, unused: Duration, idle: Duration) -> Option<Duration> {
        let state = self.lock();
        let limit = if state.is_used { idle } else { unused };
        let elapsed = if state.requests > 0 { Duration::ZERO } else { state.since.elapsed() };
        limit.checked_sub(elapsed).filter(|left| !left.is_zero())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ongoing {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.requests -= 1;
        state.since = clock::now();
    }
}
