use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;

use kubernetes_client::sync::lock;
use kubernetes_core::Object;

use super::delta::Delta;
use super::snapshot::Objects;

/// The number of events that may wait for a subscription; small in this crate's tests, so that they exceed it.
pub(super) const BACKLOG: usize = if cfg!(test) { 8 } else { 1024 };

/// The events that a subscription has not received yet.
pub(super) struct Mailbox<K>(Mutex<Inbox<K>>);

pub(super) struct Inbox<K> {
    queue: VecDeque<Entry<K>>,
    /// The state that the subscription has received, if it is so far behind that it will receive the difference.
    pub(super) seen: Option<Objects<K>>,
    resync: bool,
    /// Whether the difference leads to the initial objects.
    synced: bool,
    pub(super) waker: Option<Waker>,
}

/// An entry of a queue.
pub(super) enum Entry<K> {
    Delta(Delta<K>),
    /// All of these objects again.
    Resync(Objects<K>),
    /// The end of the objects that existed when the store became ready, or the subscription began.
    Synced,
}

impl<K: Object> Mailbox<K> {
    /// Creates the mailbox of a new subscription to a store in the state `now`.
    pub(super) fn new(now: &Objects<K>) -> Self {
        let seen = (!now.is_empty()).then(Objects::new_sync);
        Self(Mutex::new(Inbox { queue: VecDeque::new(), seen, resync: false, synced: false, waker: None }))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inbox<K>> {
        lock(&self.0)
    }

    /// Adds events, before which the state of the store was `before`; returns the waker to call.
    pub(super) fn deliver(&self, deltas: &[Delta<K>], before: impl FnOnce() -> Objects<K>) -> Option<Waker> {
        let mut inbox = self.lock();
        if inbox.seen.is_none() {
            if inbox.queue.len() + deltas.len() <= BACKLOG {
                inbox.queue.extend(deltas.iter().cloned().map(Entry::Delta));
            } else {
                inbox.fall_behind(before());
            }
        }
        inbox.waker.take()
    }
}

impl<K: Object> Inbox<K> {
    /// The number of events that wait, at most the backlog.
    pub(super) fn len(&self) -> usize {
        if self.seen.is_some() { BACKLOG } else { self.queue.len() }
    }

    pub(super) fn pop(&mut self) -> Option<Entry<K>> {
        let entry = self.queue.pop_front();
        if self.queue.is_empty() && self.queue.capacity() > 64 {
            self.queue = VecDeque::new();
        }
        entry
    }

    /// Repeats all objects, after the events in the queue.
    pub(super) fn resync(&mut self, now: Objects<K>) {
        if self.seen.is_some() {
            self.resync = true;
        } else if !self.queue.iter().any(|entry| matches!(entry, Entry::Resync(_))) {
            self.queue.push_back(Entry::Resync(now));
        }
    }

    /// Marks the end of the initial objects; returns the waker to call.
    pub(super) fn synced(&mut self) -> Option<Waker> {
        if self.seen.is_some() {
            self.synced = true;
        } else {
            self.queue.push_back(Entry::Synced);
        }
        self.waker.take()
    }

    /// Catches up: the subscription will receive the difference between the returned objects and `now`.
    pub(super) fn catch_up(&mut self, now: &Objects<K>) -> Option<Objects<K>> {
        let seen = self.seen.take()?;
        if std::mem::take(&mut self.synced) {
            self.queue.push_back(Entry::Synced);
        }
        if std::mem::take(&mut self.resync) {
            self.queue.push_back(Entry::Resync(now.clone()));
        }
        Some(seen)
    }

    /// Finds the state before the events in the queue, and drops them; `before` is the state after them.
    fn fall_behind(&mut self, before: Objects<K>) {
        let mut seen = before;
        for entry in std::mem::take(&mut self.queue).iter().rev() {
            match entry {
                Entry::Delta(delta) => undo(&mut seen, delta),
                Entry::Resync(_) => self.resync = true,
                Entry::Synced => self.synced = true,
            }
        }
        self.seen = Some(seen);
    }
}

/// Takes back a change.
pub(super) fn undo<K: Object>(objects: &mut Objects<K>, delta: &Delta<K>) {
    let key = delta.event.key();
    match &delta.old {
        Some(old) => objects.insert_mut(key, Arc::clone(old)),
        None => {
            objects.remove_mut(&key);
        }
    }
}
