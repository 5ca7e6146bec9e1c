//! Time. It is tokio's, and nothing else in this crate asks for it, so that a paused clock controls everything.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

pub(crate) use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio::time::{Interval, MissedTickBehavior, Sleep};

/// The present moment.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Ticks for the first time after `period`, and never twice in less than that.
pub(crate) fn interval(period: Duration) -> Interval {
    let mut interval = tokio::time::interval_at(now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// A timer that can be set again and again.
#[derive(Debug)]
pub(crate) struct Timer(Pin<Box<Sleep>>);

impl Timer {
    /// A timer that goes off after `wait`.
    pub(crate) fn after(wait: Duration) -> Self {
        Self(Box::pin(sleep_until(now() + wait)))
    }

    /// Makes the timer go off after `wait` from now.
    pub(crate) fn set(&mut self, wait: Duration) {
        self.0.as_mut().reset(now() + wait);
    }

    /// Ready once the timer has gone off.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}
