use kubernetes_core::Str;

use crate::clock::Instant;
use crate::queue::Reasons;
use crate::queue::add::Add;

use super::ready::Turn;

/// An item of a queue.
pub(super) struct Entry<R> {
    pub(super) place: Place<R>,
    /// The group among which workers are shared, if the queue has groups.
    pub(super) group: Option<Str>,
    pub(super) priority: i32,
    /// How often it has failed in a row.
    pub(super) failures: u32,
    pub(super) reasons: Reasons<R>,
}

impl<R: PartialEq> Entry<R> {
    /// Takes in the adds of an item that is handed out again without a failure: it gets their priority. Returns its time.
    pub(super) fn take_in(&mut self, again: Again<R>) -> Instant {
        self.priority = again.priority;
        self.reasons = again.reasons;
        again.due
    }

    /// Keeps the reasons of an item that is handed out again, beside those for which it was added meanwhile.
    pub(super) fn keep_reasons(&mut self, reasons: Reasons<R>, again: Option<Box<Again<R>>>) {
        self.reasons = reasons;
        if let Some(again) = again {
            self.priority = self.priority.max(again.priority);
            self.reasons.extend(again.reasons);
        }
    }
}

/// The place of an item: exactly one.
pub(super) enum Place<R> {
    /// A worker can have it. `since` is `None` if one has put it back before.
    Ready { turn: Turn, since: Option<Instant> },
    /// It becomes ready at a time.
    Waiting { at: Instant, sequence: u64, barrier: Option<Barrier> },
    /// A worker has it; `again` is what was added meanwhile.
    Running { since: Instant, again: Option<Box<Again<R>>> },
}

/// The cause for which an item waits.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Barrier {
    /// It has failed.
    Backoff,
    /// It was requeued: unlike the others, this ends when it is added.
    Requeue,
    /// A worker has put it back until it is released.
    Hold,
}

/// The adds of an item while a worker has it.
pub(super) struct Again<R> {
    pub(super) due: Instant,
    pub(super) priority: i32,
    pub(super) resets_backoff: bool,
    /// The earliest time of those that end the wait of a requeue.
    pub(super) ends_requeue: Option<Instant>,
    pub(super) reasons: Reasons<R>,
}

impl<R: PartialEq> Again<R> {
    pub(super) fn new(add: Add<R>, due: Instant) -> Self {
        let mut reasons = Reasons::default();
        if let Some(reason) = add.reason {
            reasons.insert(reason);
        }
        let ends_requeue = add.ends_requeue.then_some(due);
        Self { due, priority: add.priority, resets_backoff: add.resets_backoff, ends_requeue, reasons }
    }

    /// Both, if there are two.
    pub(super) fn merged(first: Option<Box<Self>>, second: Option<Self>) -> Option<Box<Self>> {
        match (first, second) {
            (Some(mut first), Some(second)) => {
                first.merge(second);
                Some(first)
            }
            (first, second) => first.or(second.map(Box::new)),
        }
    }

    /// Takes in another add.
    pub(super) fn merge(&mut self, other: Self) {
        self.due = self.due.min(other.due);
        self.ends_requeue = [self.ends_requeue, other.ends_requeue].into_iter().flatten().min();
        self.priority = self.priority.max(other.priority);
        self.resets_backoff |= other.resets_backoff;
        self.reasons.extend(other.reasons);
    }
}
