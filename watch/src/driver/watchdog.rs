use std::task::{Context, Poll};
use std::time::Duration;

use crate::clock::Timer;
use crate::error::Cause;

/// The grace period after which the client ends a watch that the server has not ended.
const GRACE: Duration = Duration::from_secs(10);

/// Limits the silence and the duration of a watch.
///
/// Only events and bookmarks count, as white space only shows that a proxy is alive.
#[derive(Debug)]
pub(super) struct Watchdog {
    silence: Timer,
    lifetime: Timer,
    /// The time that it may be silent from the next poll on: the caller's time between polls does not count.
    restart: Option<Option<Duration>>,
}

impl Watchdog {
    /// Creates the limits for a watch that starts now, which the server should end after `lifetime`.
    pub(super) fn new(silence: Option<Duration>, lifetime: Duration) -> Self {
        Self { silence: Timer::after(silence), lifetime: Timer::after(lifetime.saturating_add(GRACE)), restart: None }
    }

    /// Records a sign of life: from now on, the watch may be silent for this long.
    pub(super) fn heard(&mut self, silence: Option<Duration>) {
        self.restart = Some(silence);
    }

    /// Allows this much silence from now on, whenever it is polled.
    pub(super) fn limit_silence(&mut self, silence: Duration) {
        self.restart = None;
        self.silence.set(silence);
    }

    /// Ready when the watch should be closed.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Cause> {
        if let Some(silence) = self.restart.take() {
            self.silence.set(silence);
        }
        if let Poll::Ready(limit) = self.silence.poll(context) {
            return Poll::Ready(Cause::Silent(limit));
        }
        self.lifetime.poll(context).map(Cause::Overdue)
    }
}
