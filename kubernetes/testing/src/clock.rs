//! The server's clock: it follows tokio's, which a test can pause, and can be advanced by hand.
//!
//! All code of this crate that reads the time or waits is here.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, Sleep, sleep_until};

/// The time of the server and its objects.
#[derive(Debug)]
pub(crate) struct Clock {
    /// The time at `started`.
    origin: Timestamp,
    started: Instant,
    /// The time by which the clock was advanced.
    advanced: Duration,
    /// The time at which the clock is stopped while a request is carried out again.
    held: Option<Duration>,
}

impl Clock {
    /// Creates a clock that starts at `origin`, or else at the system's time.
    pub(crate) fn starting_at(origin: Option<Timestamp>) -> Self {
        let origin = origin.unwrap_or_else(Timestamp::now);
        Self { origin, started: Instant::now(), advanced: Duration::ZERO, held: None }
    }

    /// The time since the server was started.
    pub(crate) fn elapsed(&self) -> Duration {
        self.held.unwrap_or_else(|| self.started.elapsed().saturating_add(self.advanced))
    }

    /// Stops the clock at a time, or lets it continue.
    pub(crate) fn hold(&mut self, at: Option<Duration>) {
        self.held = at;
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.origin.checked_add(self.elapsed()).unwrap_or(Timestamp::MAX)
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.advanced = self.advanced.saturating_add(by);
    }

    /// The current time in the format of objects, to the second.
    pub(crate) fn timestamp(&self) -> String {
        seconds(self.now())
    }
}

/// RFC 3339 to the second, as `metav1.Time` is written.
pub(crate) fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Waits by tokio's clock.
pub(crate) async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// The output of a future; `None` if it takes too long by tokio's clock.
pub(crate) async fn timeout<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    tokio::time::timeout(limit, future).await.ok()
}

/// A timer that can be set again, by tokio's clock.
#[derive(Debug, Default)]
pub(crate) struct Timer(Option<Pin<Box<Sleep>>>);

/// The maximum duration of a timer, since the sum of the current time and the longest duration would overflow.
const LONGEST_SLEEP: Duration = Duration::from_secs(24 * 60 * 60);

impl Timer {
    /// Sets the timer to expire after `wait`; ready if that is zero.
    pub(crate) fn poll_after(&mut self, wait: Duration, cx: &mut Context<'_>) -> Poll<()> {
        let at = Instant::now() + wait.min(LONGEST_SLEEP);
        match &mut self.0 {
            Some(sleep) => sleep.as_mut().reset(at),
            None => self.0 = Some(Box::pin(sleep_until(at))),
        }
        self.0.as_mut().map_or(Poll::Ready(()), |sleep| sleep.as_mut().poll(cx))
    }
}
