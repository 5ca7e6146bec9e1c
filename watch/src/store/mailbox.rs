use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use kubernetes_core::Object;

use super::snapshot::Objects;
use crate::StoreEvent;

/// How many events may wait for one subscription: few in tests of this crate, so that they come to exceed it.
pub(super) const BACKLOG: usize = if cfg!(test) { 8 } else { 1024 };

/// What one subscription has still to be told.
pub(super) struct Mailbox<K>(Mutex<Waiting<K>>);

pub(super) struct Waiting<K> {
    queue: VecDeque<Entry<K>>,
    /// What the subscription has been told of, if it is so far behind that it is to be told the difference.
    pub(super) told: Option<Objects<K>>,
    resync: bool,
    /// Whether the difference leads to what there was at first.
    synced: bool,
    pub(super) waker: Option<Waker>,
}

/// An event, and what the object was before it.
pub(super) struct Step<K> {
    pub(super) old: Option<Arc<K>>,
    pub(super) event: StoreEvent<K>,
}

pub(super) enum Entry<K> {
    Step(Step<K>),
    /// All of these objects again.
    Resync(Objects<K>),
    /// What comes before is what there was when the store became ready, or the subscription began.
    Synced,
}

impl<K: Object> Mailbox<K> {
    /// Of a subscription that has been told nothing, to a store that has `now`.
    pub(super) fn new(now: &Objects<K>) -> Self {
        let told = (!now.is_empty()).then(Objects::new_sync);
        Self(Mutex::new(Waiting { queue: VecDeque::new(), told, resync: false, synced: false, waker: None }))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Waiting<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds events, after which the store has `now`. Who is to be woken is returned.
    pub(super) fn deliver(&self, steps: &[Step<K>], now: impl FnOnce() -> Objects<K>) -> Option<Waker> {
        let mut waiting = self.lock();
        if waiting.told.is_none() {
            if waiting.queue.len() + steps.len() <= BACKLOG {
                waiting.queue.extend(steps.iter().cloned().map(Entry::Step));
            } else {
                waiting.fall_behind(steps, now());
            }
        }
        waiting.waker.take()
    }
}

impl<K: Object> Waiting<K> {
    pub(super) fn pop(&mut self) -> Option<Entry<K>> {
        let entry = self.queue.pop_front();
        if self.queue.is_empty() && self.queue.capacity() > 64 {
            self.queue = VecDeque::new();
        }
        entry
    }

    /// Has all objects told again, after what is waiting.
    pub(super) fn resync(&mut self, now: Objects<K>) {
        if self.told.is_some() {
            self.resync = true;
        } else if !self.queue.iter().any(|entry| matches!(entry, Entry::Resync(_))) {
            self.queue.push_back(Entry::Resync(now));
        }
    }

    /// Marks the end of what there was at first. Who is to be woken is returned.
    pub(super) fn synced(&mut self) -> Option<Waker> {
        if self.told.is_some() {
            self.synced = true;
        } else {
            self.queue.push_back(Entry::Synced);
        }
        self.waker.take()
    }

    /// Ends the state of being behind: from the returned objects the subscription is to be told the way to `now`.
    pub(super) fn catch_up(&mut self, now: &Objects<K>) -> Option<Objects<K>> {
        let told = self.told.take()?;
        if std::mem::take(&mut self.synced) {
            self.queue.push_back(Entry::Synced);
        }
        if std::mem::take(&mut self.resync) {
            self.queue.push_back(Entry::Resync(now.clone()));
        }
        Some(told)
    }

    /// Finds what was told before all that waits, and forgets the latter.
    fn fall_behind(&mut self, steps: &[Step<K>], now: Objects<K>) {
        let mut told = now;
        for step in steps.iter().rev() {
            undo(&mut told, step);
        }
        for entry in std::mem::take(&mut self.queue).iter().rev() {
            match entry {
                Entry::Step(step) => undo(&mut told, step),
                Entry::Resync(_) => self.resync = true,
                Entry::Synced => self.synced = true,
            }
        }
        self.told = Some(told);
    }
}

fn undo<K: Object>(objects: &mut Objects<K>, step: &Step<K>) {
    let key = step.event.key();
    match &step.old {
        Some(old) => objects.insert_mut(key, Arc::clone(old)),
        None => {
            objects.remove_mut(&key);
        }
    }
}

// Not derived: it only refers to objects.
impl<K> Clone for Step<K> {
    fn clone(&self) -> Self {
        Self { old: self.old.clone(), event: self.event.clone() }
    }
}
