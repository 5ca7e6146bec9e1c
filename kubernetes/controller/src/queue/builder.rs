use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use kubernetes_client::{Backoff, TokenBucket};
use kubernetes_core::{ObjectKey, Str};

use super::state::State;
use super::{GroupOf, Queue};

/// From 5 ms to 1,000 s, as client-go's `DefaultTypedControllerRateLimiter`.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(5), Duration::from_secs(1000));

/// Settings of a [`Queue`], created by [`Queue::builder`].
#[must_use = "a builder does nothing until a queue is built"]
pub struct QueueBuilder<T, R = ()> {
    backoff: Backoff,
    bucket: Option<TokenBucket>,
    group_of: Option<GroupOf<T>>,
    types: std::marker::PhantomData<fn() -> R>,
}

impl<T: Clone + Eq + Hash, R: PartialEq> QueueBuilder<T, R> {
    pub(super) fn new() -> Self {
        Self { backoff: BACKOFF, bucket: None, group_of: None, types: std::marker::PhantomData }
    }

    /// How long an item waits after it has failed; by default, 5 ms the first time, doubling up to 1,000 s. Jitter is
    /// not applied.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Limits the retries of all items together to a number per second, after a burst. By default, there is no such
    /// limit.
    ///
    /// An item waits for the longer of this limit and its backoff, as with client-go's
    /// `DefaultTypedControllerRateLimiter` (10 per second after a burst of 100). A rate that is not a positive number
    /// counts as one in a day.
    pub fn retry_limit(mut self, per_second: f64, burst: u32) -> Self {
        let interval = TokenBucket::interval_of(per_second).unwrap_or(Duration::from_secs(24 * 3600));
        self.bucket = Some(TokenBucket::new(interval, burst));
        self
    }

    /// Hands out the items of each group in turn, so that none of them waits for the many of another.
    ///
    /// This applies within a priority.
    pub fn fair_by<G: Into<Str>>(mut self, group: impl Fn(&T) -> G + Send + Sync + 'static) -> Self {
        self.group_of = Some(Arc::new(move |item| group(item).into()));
        self
    }

    /// A queue with these settings.
    pub fn build(self) -> Queue<T, R> {
        Queue::of(State::new(self.backoff, self.bucket), self.group_of)
    }
}

impl<R: PartialEq> QueueBuilder<ObjectKey, R> {
    /// Hands out the objects of each namespace in turn: see [`fair_by`](Self::fair_by).
    pub fn fair_by_namespace(self) -> Self {
        self.fair_by(|key| Str::from(key.namespace().unwrap_or_default()))
    }
}

impl<T, R> fmt::Debug for QueueBuilder<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueBuilder")
            .field("backoff", &self.backoff)
            .field("bucket", &self.bucket)
            .field("fair", &self.group_of.is_some())
            .finish_non_exhaustive()
    }
}
