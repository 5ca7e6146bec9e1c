//! The state of a queue: it decides, and knows neither tasks nor the clock.

mod entry;
mod hashed;
mod ready;

use std::collections::BTreeMap;
use std::hash::{Hash, RandomState};
use std::time::Duration;

use kubernetes_client::{Backoff, TokenBucket};
use kubernetes_core::Str;

use super::Reasons;
use super::add::Add;
use super::counts::{Counters, QueueCounts};
use crate::clock::{Instant, later};
use entry::{Again, Barrier, Entry, Place};
pub(super) use hashed::Hashed;
use hashed::HashedMap;
use ready::Ready;

/// The items of a queue.
pub(super) struct State<T, R> {
    /// With a random key, since others may choose the names of objects.
    hasher: RandomState,
    items: HashedMap<T, Entry<R>>,
    ready: Ready<Hashed<T>>,
    waiting: BTreeMap<(Instant, u64), Hashed<T>>,
    running: usize,
    sequence: u64,
    pub(super) phase: Phase,
    backoff: Backoff,
    bucket: Option<TokenBucket>,
    counters: Counters,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Phase {
    Open,
    /// Nothing is added any more; workers get what is left, and what was added again before.
    Draining,
    /// Nothing is added any more; workers get what is left.
    ShutDown,
}

/// The next step of a worker.
pub(super) enum Next<T, R> {
    Item(Taken<T, R>),
    /// Nothing before this time, if nothing is added.
    Wait(Option<Instant>),
    End,
}

/// An item that a worker has taken.
pub(super) struct Taken<T, R> {
    pub(super) item: Hashed<T>,
    pub(super) attempt: u32,
    pub(super) priority: i32,
    pub(super) reasons: Reasons<R>,
}

/// The outcome of a worker's attempt.
pub(super) enum Outcome<R> {
    /// Its failures are forgotten; it is handed out again if that was asked for.
    Done(Option<Add<R>>),
    Failed {
        reasons: Reasons<R>,
        priority: i32,
    },
    /// It has not failed, and is handed out again after its backoff, or when it is added before.
    Requeued(Add<R>),
    /// It is handed out again once it is released, or at this time.
    Held {
        reasons: Reasons<R>,
        limit: Duration,
    },
}

/// The time at which an item is handed out again, and the cause for which it waits.
type Due = (Instant, Option<Barrier>);

impl<T: Clone + Eq + Hash, R: PartialEq> State<T, R> {
    pub(super) fn new(backoff: Backoff, bucket: Option<TokenBucket>) -> Self {
        Self {
            hasher: RandomState::new(),
            items: HashedMap::default(),
            ready: Ready::new(),
            waiting: BTreeMap::new(),
            running: 0,
            sequence: 0,
            phase: Phase::Open,
            backoff,
            bucket,
            counters: Counters::default(),
        }
    }

    /// Returns whether the item is taken in: not after the end.
    pub(super) fn add(&mut self, item: T, group: Option<Str>, add: Add<R>, now: Instant) -> bool {
        if self.phase != Phase::Open {
            return false;
        }
        // Those whose time has come are before this one.
        self.promote(now);
        let due = later(now, add.after);
        let add = Again::new(add, due);
        let item = self.hashed(item);
        match self.items.get_mut(&item) {
            None => {
                let Again { due, priority, reasons, .. } = add;
                let place = Place::Running { since: now, again: None };
                let entry = Entry { place, group, priority, failures: 0, reasons };
                self.items.insert(item.clone(), entry);
                self.settle(item, due, None, now);
            }
            Some(Entry { place: Place::Running { again, .. }, .. }) => match again {
                Some(again) => again.merge(add),
                None => *again = Some(Box::new(add)),
            },
            Some(_) => self.merge(item, add, now),
        }
        true
    }

    /// Adds to an item that is ready or waits.
    fn merge(&mut self, item: Hashed<T>, add: Again<R>, now: Instant) {
        let Some(entry) = self.items.get_mut(&item) else { return };
        entry.reasons.extend(add.reasons);
        let priority = entry.priority.max(add.priority);
        let is_raised = priority > entry.priority;
        match entry.place {
            Place::Running { .. } => {}
            Place::Ready { turn, since } if is_raised => {
                self.ready.remove(turn, entry.group.as_ref(), entry.priority);
                entry.priority = priority;
                let turn = self.ready.insert(item, entry.group.clone(), priority, turn.sequence());
                entry.place = Place::Ready { turn, since };
            }
            Place::Ready { .. } => {}
            Place::Waiting { at, sequence, barrier } => {
                entry.priority = priority;
                let ends_at = add.ends_requeue.filter(|_| barrier == Some(Barrier::Requeue));
                let is_early = ends_at.is_some_and(|ends_at| ends_at < at);
                let barrier = barrier.filter(|barrier| match barrier {
                    Barrier::Backoff => !add.resets_backoff,
                    Barrier::Requeue => !add.resets_backoff && !is_early,
                    Barrier::Hold => true,
                });
                if add.resets_backoff {
                    entry.failures = 0;
                } else if is_early {
                    // The wait that it has not had does not lengthen the next one.
                    entry.failures = entry.failures.saturating_sub(1);
                }
                let due = match barrier {
                    Some(_) => at,
                    None => at.min(add.due),
                };
                self.waiting.remove(&(at, sequence));
                self.settle(item, due, barrier, now);
            }
        }
    }

    /// Puts an item that has no place where it belongs.
    fn settle(&mut self, item: Hashed<T>, due: Instant, barrier: Option<Barrier>, now: Instant) {
        let Some(entry) = self.items.get_mut(&item) else { return };
        // It was counted, and its time in the queue observed, before a worker put it back.
        let was_held = matches!(entry.place, Place::Waiting { barrier: Some(Barrier::Hold), .. });
        self.sequence += 1;
        let sequence = self.sequence;
        if due > now {
            entry.place = Place::Waiting { at: due, sequence, barrier };
            self.waiting.insert((due, sequence), item);
        } else {
            let turn = self.ready.insert(item, entry.group.clone(), entry.priority, sequence);
            entry.place = Place::Ready { turn, since: (!was_held).then_some(now) };
            self.counters.adds += u64::from(!was_held);
        }
    }

    fn hashed(&self, item: T) -> Hashed<T> {
        Hashed::new(item, &self.hasher)
    }

    /// Ends the hold of an item, if it has one.
    pub(super) fn release(&mut self, item: T, now: Instant) {
        let item = self.hashed(item);
        if let Some(Entry { place: Place::Waiting { at, sequence, barrier: Some(Barrier::Hold) }, .. }) =
            self.items.get(&item)
            && let Some(item) = self.waiting.remove(&(*at, *sequence))
        {
            self.settle(item, now, None, now);
        }
    }

    /// Removes an item, unless a worker has it.
    pub(super) fn remove(&mut self, item: T) {
        let item = self.hashed(item);
        let Some(entry) = self.items.get(&item) else { return };
        match entry.place {
            Place::Running { .. } => return,
            Place::Ready { turn, .. } => {
                self.ready.remove(turn, entry.group.as_ref(), entry.priority);
            }
            Place::Waiting { at, sequence, .. } => drop(self.waiting.remove(&(at, sequence))),
        }
        self.items.remove(&item);
    }

    pub(super) fn next(&mut self, now: Instant) -> Next<T, R> {
        self.promote(now);
        let items = &self.items;
        let Some(item) = self.ready.pop(|item| items.get(item)?.group.clone()) else {
            return match self.phase {
                Phase::ShutDown => Next::End,
                Phase::Draining if self.running == 0 => Next::End,
                _ => Next::Wait(self.waiting.first_key_value().map(|((at, _), _)| *at)),
            };
        };
        let Some(entry) = self.items.get_mut(&item) else { return Next::Wait(Some(now)) };
        if let Place::Ready { since: Some(since), .. } = entry.place {
            self.counters.queue_duration.observe(now.duration_since(since));
        }
        entry.place = Place::Running { since: now, again: None };
        self.running += 1;
        let reasons = std::mem::take(&mut entry.reasons);
        Next::Item(Taken { item, attempt: entry.failures.saturating_add(1), priority: entry.priority, reasons })
    }

    /// Makes ready the items whose time has come.
    fn promote(&mut self, now: Instant) {
        while let Some(due) = self.waiting.first_entry().filter(|first| first.key().0 <= now) {
            let item = due.remove();
            self.settle(item, now, None, now);
        }
    }

    /// How long an item waits that has failed so often before.
    fn retry_delay(&mut self, failures: u32, now: Instant) -> Duration {
        let shared = self.bucket.as_mut().map_or(Duration::ZERO, |bucket| bucket.take(now));
        self.backoff.delay(failures).max(shared)
    }

    /// Takes in the outcome of an item that a worker has.
    pub(super) fn finish(&mut self, item: Hashed<T>, outcome: Outcome<R>, now: Instant) {
        self.promote(now);
        // Most items are not handed out again, so that they are looked up once.
        let Some(mut entry) = self.items.remove(&item) else { return };
        let Place::Running { since, again } = &mut entry.place else {
            self.items.insert(item, entry);
            return;
        };
        if !matches!(outcome, Outcome::Held { .. }) {
            self.counters.work_duration.observe(now.duration_since(*since));
        }
        self.running -= 1;
        let again = again.take();
        let is_open = self.phase == Phase::Open;
        let due = match outcome {
            Outcome::Done(add) => self.done(&mut entry, add.filter(|_| is_open), again, now),
            Outcome::Failed { reasons, priority } if is_open => {
                Some(self.failed(&mut entry, reasons, priority, again, now))
            }
            Outcome::Requeued(add) if is_open => Some(self.requeued(&mut entry, add, again, now)),
            Outcome::Held { reasons, limit } if is_open => {
                entry.keep_reasons(reasons, again);
                Some((later(now, limit), Some(Barrier::Hold)))
            }
            Outcome::Failed { .. } | Outcome::Requeued(_) | Outcome::Held { .. } => {
                self.done(&mut entry, None, again, now)
            }
        };
        // Nobody waits for times after the end.
        if let Some((due, barrier)) = due.filter(|(due, _)| is_open || *due <= now) {
            self.items.insert(item.clone(), entry);
            self.settle(item, due, barrier, now);
        }
    }

    /// The time at which an item is handed out again after a success, if it is.
    fn done(
        &mut self,
        entry: &mut Entry<R>,
        add: Option<Add<R>>,
        again: Option<Box<Again<R>>>,
        now: Instant,
    ) -> Option<Due> {
        entry.failures = 0;
        // As client-go's, which counts what is added for later.
        self.counters.retries += u64::from(add.as_ref().is_some_and(|add| !add.after.is_zero()));
        let add = add.map(|add| {
            let due = later(now, add.after);
            Again::new(add, due)
        });
        let again = Again::merged(again, add)?;
        Some((entry.take_in(*again), None))
    }

    /// The time at which an item is handed out again after a failure.
    fn failed(
        &mut self,
        entry: &mut Entry<R>,
        reasons: Reasons<R>,
        priority: i32,
        again: Option<Box<Again<R>>>,
        now: Instant,
    ) -> Due {
        self.counters.retries += 1;
        let is_reset = again.as_ref().is_some_and(|again| again.resets_backoff);
        let failures = if is_reset { 0 } else { entry.failures };
        entry.failures = failures.saturating_add(1);
        entry.priority = priority;
        entry.keep_reasons(reasons, again);
        (later(now, self.retry_delay(failures, now)), Some(Barrier::Backoff))
    }

    /// The time at which an item is handed out again that was requeued.
    fn requeued(&mut self, entry: &mut Entry<R>, add: Add<R>, again: Option<Box<Again<R>>>, now: Instant) -> Due {
        self.counters.retries += 1;
        let is_reset = again.as_ref().is_some_and(|again| again.resets_backoff);
        let failures = if is_reset { 0 } else { entry.failures };
        let ends_at = again.as_ref().and_then(|again| again.ends_requeue);
        // The wait that it does not have takes no token of the others.
        let own_delay = self.backoff.delay(failures).max(add.after);
        let due = match ends_at {
            Some(ends_at) if ends_at < later(now, own_delay) => later(now, own_delay),
            _ => later(now, self.retry_delay(failures, now).max(add.after)),
        };
        let ends_at = ends_at.filter(|ends_at| *ends_at < due);
        let is_early = ends_at.is_some();
        // The wait that it does not have does not lengthen the next one.
        entry.failures = if is_early { failures } else { failures.saturating_add(1) };
        let own = Again::new(add, due);
        entry.take_in(match again {
            None => own,
            Some(mut again) => {
                again.merge(own);
                *again
            }
        });
        (ends_at.unwrap_or(due), Some(Barrier::Requeue).filter(|_| !is_early))
    }

    /// Ends the adding of items, and forgets those that wait for a time.
    pub(super) fn end(&mut self, phase: Phase) {
        if self.phase != Phase::ShutDown {
            self.phase = phase;
        }
        for (_, item) in std::mem::take(&mut self.waiting) {
            self.items.remove(&item);
        }
    }

    /// Whether a worker can get something, now or later, without another add.
    pub(super) fn has_more(&self) -> bool {
        self.ready.len() > 0 || !self.waiting.is_empty() || self.phase != Phase::Open
    }

    pub(super) fn is_drained(&self) -> bool {
        self.ready.len() == 0 && self.running == 0
    }

    pub(super) fn len(&mut self, now: Instant) -> usize {
        self.promote(now);
        self.ready.len()
    }

    /// How often an item has failed in a row.
    pub(super) fn failures(&self, item: T) -> u32 {
        self.items.get(&self.hashed(item)).map_or(0, |entry| entry.failures)
    }

    pub(super) fn counts(&mut self, now: Instant) -> QueueCounts {
        self.promote(now);
        let running = self.items.values().filter_map(|entry| match entry.place {
            Place::Running { since, .. } => Some(now.duration_since(since)),
            _ => None,
        });
        let (mut unfinished, mut longest, mut shortest) = (Duration::ZERO, Duration::ZERO, None::<Duration>);
        for running in running {
            unfinished += running;
            longest = longest.max(running);
            shortest = Some(shortest.map_or(running, |shortest| shortest.min(running)));
        }
        QueueCounts {
            depth: self.ready.by_priority(),
            waiting: self.waiting.len(),
            running: self.running,
            adds: self.counters.adds,
            retries: self.counters.retries,
            queue_duration: self.counters.queue_duration.clone(),
            work_duration: self.counters.work_duration.clone(),
            unfinished_work: unfinished,
            longest_running: longest,
            shortest_running: shortest,
        }
    }
}
