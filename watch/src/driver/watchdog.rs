use std::task::{Context, Poll};
use std::time::Duration;

use crate::clock::Timer;
use crate::error::Cause;

/// How long after its time a watch is given up that the server has not ended.
const GRACE: Duration = Duration::from_secs(10);

/// Limits how long a watch may bring nothing, and how long it may last.
///
/// Only events and bookmarks count, as white space shows no more than that some proxy is alive.
#[derive(Debug)]
pub(super) struct Watchdog {
    silence: Timer,
    lifetime: Timer,
    /// How long it may be silent from the next poll on: the time that the caller takes between two polls does not count.
    restart: Option<Option<Duration>>,
}

impl Watchdog {
    /// For a watch that is asked for now, which the server is to end after `lifetime`.
    pub(super) fn new(silence: Option<Duration>, lifetime: Duration) -> Self {
        Self { silence: Timer::after(silence), lifetime: Timer::after(lifetime.saturating_add(GRACE)), restart: None }
    }

    /// Takes in a sign of life: from now on, the watch may be silent for this long.
    pub(super) fn heard(&mut self, silence: Option<Duration>) {
        self.restart = Some(silence);
    }

    /// Allows this much silence from now on, whenever it is polled.
    pub(super) fn limit_silence(&mut self, silence: Duration) {
        self.restart = None;
        self.silence.set(silence);
    }

    /// Ready when the watch is to be given up.
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
