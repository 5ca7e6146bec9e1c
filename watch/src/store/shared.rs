use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::task::Waker;

use kubernetes_client::sync::lock;
use kubernetes_core::{Object, ObjectKey, Str};
use tokio::sync::Notify;

use super::delta::{self, Delta};
use super::mailbox::{self, Mailbox};
use super::progress::{Progress, SourceProgress, Stage};
use super::snapshot::{Objects, Snapshot, Write};
use super::sources::Sources;
use crate::{Error, Index, Stopped};

/// The state that a store shares with its writers and subscriptions.
///
/// Locks are taken in the order `sources`, `mailboxes`, `snapshot`, or `progress` alone. User functions run at most
/// under `sources`, which only writers lock, and wakers under no lock.
pub(super) struct Shared<K> {
    indexes: Vec<Index<K>>,
    sources: Mutex<Sources<K>>,
    mailboxes: Mutex<Vec<Arc<Mailbox<K>>>>,
    snapshot: RwLock<Snapshot<K>>,
    progress: Mutex<Progress>,
    ready: AtomicBool,
    /// Set while `mailboxes` is locked; nothing is written afterwards.
    stopped: AtomicBool,
    /// Signalled after each change.
    pub(super) changed: Notify,
    /// Signalled once, at the end.
    pub(super) ended: Notify,
}

/// A change of the state that is made while readers wait.
enum Update<K> {
    /// A change of one object, in place and without copying.
    Write(Write<K>),
    /// A state that was prepared in advance, since that takes long.
    State(Snapshot<K>),
}

impl<K: Object> Shared<K> {
    pub(super) fn new(indexes: Vec<Index<K>>, sources: usize) -> Self {
        let snapshot = RwLock::new(Snapshot::new(&indexes));
        Self {
            indexes,
            sources: Mutex::new(Sources::new(sources)),
            mailboxes: Mutex::default(),
            snapshot,
            progress: Mutex::new(Progress::new(sources)),
            ready: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            changed: Notify::new(),
            ended: Notify::new(),
        }
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Snapshot<K>> {
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn mailboxes(&self) -> MutexGuard<'_, Vec<Arc<Mailbox<K>>>> {
        lock(&self.mailboxes)
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready.load(Acquire)
    }

    /// The objects of a source.
    pub(super) fn objects_of(&self, source: usize) -> Objects<K> {
        let sources = lock(&self.sources);
        sources.objects_of(source, self.read().objects())
    }

    /// Records a new state of an object, or its deletion with the last state.
    pub(super) fn change(&self, source: usize, key: ObjectKey, new: Option<Arc<K>>, last: Option<Arc<K>>) {
        let mut sources = lock(&self.sources);
        let version = new.as_deref().or(last.as_deref()).and_then(|object| object.metadata().resource_version.clone());
        let current = self.read().get_key(&key);
        let new = sources.settle(source, &key, new, current.as_ref());
        let mut deltas = Vec::new();
        if delta::push(&mut deltas, current.clone(), new.clone(), last) {
            let write = Write::new(self.indexes.iter(), key, current.as_deref(), new);
            let update = if write.is_long() {
                let mut next = self.read().clone();
                next.apply(write);
                Update::State(next)
            } else {
                Update::Write(write)
            };
            if !self.publish(sources, update, &deltas) {
                return;
            }
        }
        self.progressed(source, version);
    }

    /// Updates the store and the subscriptions; returns false if the store has stopped.
    fn publish(&self, sources: MutexGuard<'_, Sources<K>>, update: Update<K>, deltas: &[Delta<K>]) -> bool {
        let mailboxes = self.mailboxes();
        if self.is_stopped() {
            return false;
        }
        let mut snapshot = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
        let replaced = match update {
            Update::Write(write) => {
                snapshot.apply(write);
                None
            }
            Update::State(next) => Some(std::mem::replace(&mut *snapshot, next)),
        };
        drop(snapshot);
        let wakers = self.deliver(&mailboxes, deltas, replaced.as_ref());
        drop(mailboxes);
        drop(sources);
        // Objects are dropped and wakers called without holding a lock.
        drop(replaced);
        wakers.into_iter().for_each(Waker::wake);
        true
    }

    /// Records all objects of a source, such as those of a list.
    pub(super) fn replace(&self, source: usize, before: &Objects<K>, objects: Objects<K>) {
        let mut sources = lock(&self.sources);
        let (next, deltas) = if sources.is_single() {
            let deltas = delta::between_states(before, &objects);
            let mut next = self.read().with_objects(objects);
            if !self.indexes.is_empty() {
                for delta in &deltas {
                    let key = delta.event.key();
                    next.reindex(&Write::new(self.indexes.iter(), key, delta.old.as_deref(), delta.object()));
                }
            }
            (next, deltas)
        } else {
            self.merge(&mut sources, source, before, &objects)
        };
        if self.publish(sources, Update::State(next), &deltas) {
            self.listed(source);
        }
    }

    /// The state of the store when a source has these objects, and the changes that lead to it.
    fn merge(
        &self,
        sources: &mut Sources<K>,
        source: usize,
        before: &Objects<K>,
        objects: &Objects<K>,
    ) -> (Snapshot<K>, Vec<Delta<K>>) {
        let mut next = self.read().clone();
        let mut deltas = Vec::new();
        let gone = before.keys().filter(|key| !objects.contains_key(key)).map(|key| (key, None));
        let come = objects.iter().filter(|(key, new)| !before.get(key).is_some_and(|old| Arc::ptr_eq(old, new)));
        for (key, new) in gone.chain(come.map(|(key, new)| (key, Some(Arc::clone(new))))) {
            let current = next.get_key(key);
            let new = sources.settle(source, key, new, current.as_ref());
            if delta::push(&mut deltas, current.clone(), new.clone(), None) {
                next.apply(Write::new(self.indexes.iter(), key.clone(), current.as_deref(), new));
            }
        }
        (next, deltas)
    }

    /// Adds to the events of subscriptions; returns the wakers to call once no lock is held. `replaced` is the state before
    /// the events, if it was replaced as a whole.
    fn deliver(
        &self,
        mailboxes: &[Arc<Mailbox<K>>],
        deltas: &[Delta<K>],
        replaced: Option<&Snapshot<K>>,
    ) -> Vec<Waker> {
        let before = || match replaced {
            Some(replaced) => replaced.objects().clone(),
            None => {
                let mut objects = self.read().objects().clone();
                deltas.iter().rev().for_each(|delta| mailbox::undo(&mut objects, delta));
                objects
            }
        };
        mailboxes.iter().filter_map(|mailbox| mailbox.deliver(deltas, before)).collect()
    }

    /// Records that a source has been listed.
    fn listed(&self, source: usize) {
        self.note(source, |progress| progress.stage = Stage::Listed);
    }

    /// Continues without a source.
    pub(super) fn retire(&self, source: usize) {
        self.note(source, |progress| progress.stage = Stage::Retired);
    }

    /// Records that a source has seen everything up to a version.
    pub(super) fn progressed(&self, source: usize, version: Option<Str>) {
        self.note(source, |progress| {
            if version.is_some() {
                progress.version = version;
            }
        });
    }

    /// Records the progress of a source, and notifies waiting callers.
    fn note(&self, source: usize, change: impl FnOnce(&mut SourceProgress)) {
        let mut progress = lock(&self.progress);
        progress.of(source).map(change);
        let ready = progress.is_ready();
        drop(progress);
        if ready && !self.ready.swap(true, AcqRel) {
            let wakers: Vec<_> = self.mailboxes().iter().filter_map(|mailbox| mailbox.lock().synced()).collect();
            wakers.into_iter().for_each(Waker::wake);
        }
        self.changed.notify_waiters();
    }

    /// The version that all sources have reached.
    pub(super) fn version(&self) -> Option<Str> {
        lock(&self.progress).version().cloned()
    }

    /// Whether all sources have reached `version`; for a version that means any state, whether all have been listed.
    pub(super) fn has_reached(&self, version: &str) -> bool {
        if matches!(version, "" | "0") {
            return self.is_ready();
        }
        lock(&self.progress).has_reached(version)
    }

    /// Like [`has_reached`](Self::has_reached), but for one source.
    pub(super) fn source_has_reached(&self, source: usize, version: &str) -> bool {
        if matches!(version, "" | "0") {
            return self.is_ready();
        }
        lock(&self.progress).source_has_reached(source, version)
    }

    /// Ends all waits, as there will be no further changes.
    pub(super) fn stop(&self, cause: Option<Error>) {
        let mailboxes = self.mailboxes();
        if self.is_stopped() {
            return;
        }
        // Set first, so that the reason is available once the store has stopped.
        lock(&self.progress).cause = cause;
        self.stopped.store(true, Release);
        let wakers: Vec<_> = mailboxes.iter().filter_map(|mailbox| mailbox.lock().waker.take()).collect();
        drop(mailboxes);
        wakers.into_iter().for_each(Waker::wake);
        self.changed.notify_waiters();
        self.ended.notify_waiters();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Acquire)
    }

    /// The reason why the store has stopped.
    pub(super) fn ending(&self) -> Stopped {
        Stopped::new(lock(&self.progress).cause.clone())
    }

    pub(super) fn stopped(&self) -> Result<(), Stopped> {
        if self.is_stopped() { Err(self.ending()) } else { Ok(()) }
    }
}
