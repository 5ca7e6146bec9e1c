use std::fmt;
use std::hash::Hash;
use std::ops::Deref;
use std::time::Duration;

use super::add::Add;
use super::state::{Hashed, Outcome, Taken};
use super::{Queue, Reasons};

/// An item that a worker has taken from a [`Queue`], until it reports the outcome of the attempt.
///
/// No other worker gets the item in that time; if it is added, it is handed out again afterwards. If the delivery is
/// dropped, for example by a panic, the attempt has [failed](Self::retry).
#[must_use = "an item that is dropped has failed, and is retried"]
pub struct Delivery<T: Clone + Eq + Hash, R: PartialEq = ()> {
    queue: Queue<T, R>,
    /// `None` once its outcome is known.
    taken: Option<Taken<T, R>>,
    item: Hashed<T>,
}

impl<T: Clone + Eq + Hash, R: PartialEq> Delivery<T, R> {
    pub(super) fn new(queue: Queue<T, R>, taken: Taken<T, R>) -> Self {
        Self { queue, item: taken.item.clone(), taken: Some(taken) }
    }

    /// The item.
    pub fn item(&self) -> &T {
        self.item.item()
    }

    /// The number of this attempt: 1, and one more after each that has failed.
    pub fn attempt(&self) -> u32 {
        self.taken.as_ref().map_or(1, |taken| taken.attempt)
    }

    /// The priority that the item had.
    pub fn priority(&self) -> i32 {
        self.taken.as_ref().map_or(0, |taken| taken.priority)
    }

    /// The reasons why the item was added.
    pub fn reasons(&self) -> Reasons<R>
    where
        R: Clone,
    {
        self.taken.as_ref().map(|taken| taken.reasons.clone()).unwrap_or_default()
    }

    /// The attempt succeeded: failures are forgotten.
    pub fn done(mut self) {
        self.finish(|_| Outcome::Done(None));
    }

    /// The attempt succeeded, and the item is added again.
    pub fn done_and_add(mut self, add: Add<R>) {
        self.finish(|_| Outcome::Done(Some(add)));
    }

    /// The attempt succeeded, but the outcome is not ready yet: the item is added again after its backoff, which grows
    /// as after failures.
    ///
    /// If it is added before, it is handed out at once, and the backoff does not grow for that.
    pub fn requeue(mut self, add: Add<R>) {
        self.finish(|_| Outcome::Requeued(add));
    }

    /// The attempt failed: the item is handed out again after a backoff, with the same reasons and those that are added.
    ///
    /// If it is added before, it is not handed out earlier, unless that [resets the backoff](Add::reset_backoff).
    pub fn retry(mut self) {
        self.finish(|taken| Outcome::Failed { reasons: taken.reasons, priority: taken.priority });
    }

    /// Like [`retry`](Self::retry), with another priority.
    pub fn retry_with_priority(mut self, priority: i32) {
        self.finish(|taken| Outcome::Failed { reasons: taken.reasons, priority });
    }

    /// Puts the item back until it is [released](Queue::release), or `limit` is over: this does not count as an
    /// attempt.
    ///
    /// If it is added before, it is not handed out earlier.
    pub fn hold(mut self, limit: Duration) {
        self.finish(|taken| Outcome::Held { reasons: taken.reasons, limit });
    }

    fn finish(&mut self, outcome: impl FnOnce(Taken<T, R>) -> Outcome<R>) {
        if let Some(taken) = self.taken.take() {
            self.queue.finish(self.item.clone(), outcome(taken));
        }
    }
}

impl<T: Clone + Eq + Hash, R: PartialEq> Drop for Delivery<T, R> {
    fn drop(&mut self) {
        self.finish(|taken| Outcome::Failed { reasons: taken.reasons, priority: taken.priority });
    }
}

impl<T: Clone + Eq + Hash, R: PartialEq> Deref for Delivery<T, R> {
    type Target = T;

    fn deref(&self) -> &T {
        self.item()
    }
}

impl<T: Clone + Eq + Hash + fmt::Debug, R: PartialEq> fmt::Debug for Delivery<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery").field("item", self.item()).field("attempt", &self.attempt()).finish_non_exhaustive()
    }
}
