//! Time. It is tokio's, and nothing else in this crate asks for it, so that a paused clock controls everything.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

pub(crate) use kubernetes_client::clock::now;
use tokio::time::Sleep;
pub(crate) use tokio::time::{Instant, sleep, timeout};

/// A timer that can be set again and again.
#[derive(Debug, Default)]
pub(crate) struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    /// The time that it was set to; `None` if it never goes off.
    limit: Option<Duration>,
}

impl Timer {
    /// A timer that starts to count now.
    pub(crate) fn after(limit: impl Into<Option<Duration>>) -> Self {
        let mut timer = Self::default();
        timer.set(limit);
        timer
    }

    /// Starts to count anew.
    pub(crate) fn set(&mut self, limit: impl Into<Option<Duration>>) {
        // Some centuries, where the clock can count no further.
        let limit = limit.into().filter(|limit| now().checked_add(*limit).is_some());
        self.limit = limit;
        match (&mut self.sleep, limit) {
            (_, None) => {}
            (Some(sleep), Some(limit)) => sleep.as_mut().reset(now() + limit),
            (slot @ None, Some(limit)) => *slot = Some(Box::pin(sleep(limit))),
        }
    }

    /// Ready with the time that it was set to, once that is over.
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
