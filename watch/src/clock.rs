//! The only source of time in this crate, which is tokio's, so that a paused clock controls everything.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

pub(crate) use kubernetes_client::clock::now;
use tokio::time::Sleep;
pub(crate) use tokio::time::{Instant, sleep, timeout};

/// A timer that can be reset.
#[derive(Debug, Default)]
pub(crate) struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    /// The duration of the timer; `None` if it never expires.
    limit: Option<Duration>,
}

impl Timer {
    /// Creates a timer that starts now.
    pub(crate) fn after(limit: impl Into<Option<Duration>>) -> Self {
        let mut timer = Self::default();
        timer.set(limit);
        timer
    }

    /// Restarts the timer.
    pub(crate) fn set(&mut self, limit: impl Into<Option<Duration>>) {
        // Some centuries, if the clock can't represent more.
        let limit = limit.into().filter(|limit| now().checked_add(*limit).is_some());
        self.limit = limit;
        match (&mut self.sleep, limit) {
            (_, None) => {}
            (Some(sleep), Some(limit)) => sleep.as_mut().reset(now() + limit),
            (slot @ None, Some(limit)) => *slot = Some(Box::pin(sleep(limit))),
        }
    }

    /// Ready with the duration once it has elapsed.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Duration> {
        match (&mut self.sleep, self.limit) {
            (Some(sleep), Some(limit)) => {
                ready!(sleep.as_mut().poll(context));
                Poll::Ready(limit)
            }
            _ => Poll::Pending,
        }
    }
}
