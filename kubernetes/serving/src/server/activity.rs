use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use kubernetes_client::sync::lock;
use tokio::sync::Notify;

use crate::clock::{self, Instant};

/// Counts the requests under way on a connection, and knows since when there are none.
#[derive(Clone)]
pub(super) struct Activity {
    state: Arc<Mutex<State>>,
    /// Told when there are no requests any more, for those that wait for an idle connection.
    idle: Arc<Notify>,
}

struct State {
    requests: usize,
    is_used: bool,
    since: Instant,
}

/// A request under way.
pub(super) struct Ongoing {
    activity: Activity,
    counts: bool,
}

impl Activity {
    pub(super) fn new(idle: &Arc<Notify>) -> Self {
        let state = State { requests: 0, is_used: false, since: clock::now() };
        Self { state: Arc::new(Mutex::new(state)), idle: Arc::clone(idle) }
    }

    /// Notes a request that is under way until the returned value is dropped.
    pub(super) fn begin(&self) -> Ongoing {
        lock(&self.state).requests += 1;
        Ongoing { activity: self.clone(), counts: true }
    }

    /// Completes when there was no request for `idle`, or not even a first one for `unused`.
    pub(super) async fn ends(&self, unused: Duration, idle: Duration) {
        while let Some(left) = self.left(unused, idle) {
            clock::sleep(left).await;
        }
    }

    /// The worth of an idle connection, the lowest first: whether it had a request, and since when there was none.
    /// `None` while there is one.
    pub(super) fn idle_since(&self) -> Option<(bool, Instant)> {
        let state = lock(&self.state);
        (state.requests == 0).then_some((state.is_used, state.since))
    }

    fn left(&self, unused: Duration, idle: Duration) -> Option<Duration> {
        let state = lock(&self.state);
        let limit = if state.is_used { idle } else { unused };
        let elapsed = if state.requests > 0 { Duration::ZERO } else { state.since.elapsed() };
        limit.checked_sub(elapsed).filter(|left| !left.is_zero())
    }
}

impl Ongoing {
    /// Notes the status of the response. Requests without a right, or for a path or method that the server does not
    /// have, do not keep a connection: anyone can send them.
    pub(super) fn answered(&mut self, status: StatusCode) {
        const STRANGE: [StatusCode; 3] =
            [StatusCode::UNAUTHORIZED, StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED];
        self.counts = !STRANGE.contains(&status);
    }
}

impl Drop for Ongoing {
    fn drop(&mut self) {
        let mut state = lock(&self.activity.state);
        state.requests -= 1;
        if self.counts {
            state.is_used = true;
            state.since = clock::now();
        }
        let is_idle = state.requests == 0;
        drop(state);
        if is_idle {
            self.activity.idle.notify_one();
        }
    }
}
