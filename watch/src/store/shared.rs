use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::task::Waker;

use kubernetes_core::{Object, Str};
use tokio::sync::Notify;

use super::mailbox::{Mailbox, Step};
use super::snapshot::{Objects, Snapshot, Write};
use super::version;
use crate::{Error, Index, ObjectKey, Stopped, StoreEvent};

/// What a store, its writers and its subscriptions share.
///
/// Locks are taken in the order `sources`, `mailboxes`, `snapshot`, or `progress` alone. Functions of a user run under
/// `sources` at most, which nobody but writers takes, and wakers under none.
pub(super) struct Shared<K> {
    indexes: Vec<Index<K>>,
    sources: Mutex<Sources<K>>,
    mailboxes: Mutex<Vec<Arc<Mailbox<K>>>>,
    snapshot: RwLock<Snapshot<K>>,
    progress: Mutex<Progress>,
    ready: AtomicBool,
    /// Set while `mailboxes` is locked, after which nothing is written.
    stopped: AtomicBool,
    /// Signalled after each change.
    pub(super) changed: Notify,
    /// Signalled once, at the end.
    pub(super) ended: Notify,
}

/// What each writer has written.
pub(super) struct Sources<K> {
    /// The objects of each; empty if there is one only, as they are those of the store.
    sources: Vec<Objects<K>>,
    /// Objects that have gone, but whose predecessors of the same name some source still has, as it is behind.
    successors: HashMap<ObjectKey, Arc<K>>,
}

/// How far each writer has come.
#[derive(Default)]
struct Progress {
    sources: Vec<Reached>,
    cause: Option<Arc<Error>>,
}

#[derive(Clone, Default)]
struct Reached {
    listed: bool,
    version: Option<Str>,
    /// Whether the source has nothing, and will not have anything.
    retired: bool,
}

impl<K: Object> Shared<K> {
    pub(super) fn new(indexes: Vec<Index<K>>, sources: usize) -> Self {
        let snapshot = RwLock::new(Snapshot::new(&indexes));
        let progress = Progress { sources: vec![Reached::default(); sources], cause: None };
        let sources = Sources { sources: vec![Objects::new_sync(); sources], successors: HashMap::new() };
        Self {
            indexes,
            sources: Mutex::new(sources),
            mailboxes: Mutex::default(),
            snapshot,
            progress: Mutex::new(progress),
            ready: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            changed: Notify::new(),
            ended: Notify::new(),
        }
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Snapshot<K>> {
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn sources(&self) -> MutexGuard<'_, Sources<K>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn mailboxes(&self) -> MutexGuard<'_, Vec<Arc<Mailbox<K>>>> {
        self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready.load(Acquire)
    }

    /// The objects of a source.
    pub(super) fn objects_of(&self, source: usize) -> Objects<K> {
        let sources = self.sources();
        match &*sources.sources {
            [_] => self.read().objects().clone(),
            several => several.get(source).cloned().unwrap_or_default(),
        }
    }

    /// Takes in a new state of an object, or that it has gone, with its last state.
    pub(super) fn change(&self, source: usize, key: ObjectKey, new: Option<Arc<K>>, last: Option<Arc<K>>) {
        let mut sources = self.sources();
        let version = new.as_deref().or(last.as_deref()).and_then(|object| object.metadata().resource_version.clone());
        let current = self.read().get_key(&key);
        let new = sources.settle(source, &key, new, current.as_ref());
        let mut steps = Vec::new();
        // What is replaced is dropped after the locks are released.
        let _old = current.clone();
        let mut wakers = Vec::new();
        if compare(&mut steps, current.clone(), new.clone(), last) {
            let write = Write::new(self.indexes.iter(), key, current.as_deref(), new);
            let mailboxes = self.mailboxes();
            if self.is_stopped() {
                return;
            }
            self.snapshot.write().unwrap_or_else(PoisonError::into_inner).apply(write);
            wakers = self.deliver(&mailboxes, &steps);
        }
        drop(sources);
        wakers.into_iter().for_each(Waker::wake);
        self.progressed(source, version);
    }

    /// Takes in all objects of a source, as of a list.
    pub(super) fn replace(&self, source: usize, before: &Objects<K>, objects: Objects<K>) {
        let mut sources = self.sources();
        let (next, steps) = if sources.sources.len() == 1 && self.indexes.is_empty() {
            (Snapshot::of(objects.clone()), differences(before, &objects))
        } else {
            self.merge(&mut sources, source, before, &objects)
        };
        let mailboxes = self.mailboxes();
        if self.is_stopped() {
            return;
        }
        let replaced = std::mem::replace(&mut *self.snapshot.write().unwrap_or_else(PoisonError::into_inner), next);
        let wakers = self.deliver(&mailboxes, &steps);
        drop(mailboxes);
        drop(sources);
        drop(replaced);
        wakers.into_iter().for_each(Waker::wake);
        self.listed(source);
    }

    /// What the store is to have when a source has these objects, and the steps to it.
    fn merge(
        &self,
        sources: &mut Sources<K>,
        source: usize,
        before: &Objects<K>,
        objects: &Objects<K>,
    ) -> (Snapshot<K>, Vec<Step<K>>) {
        let mut next = self.read().clone();
        let mut steps = Vec::new();
        let gone = before.keys().filter(|key| !objects.contains_key(key)).map(|key| (key, None));
        let come = objects.iter().filter(|(key, new)| !before.get(key).is_some_and(|old| Arc::ptr_eq(old, new)));
        for (key, new) in gone.chain(come.map(|(key, new)| (key, Some(Arc::clone(new))))) {
            let current = next.get_key(key);
            let new = sources.settle(source, key, new, current.as_ref());
            if compare(&mut steps, current.clone(), new.clone(), None) {
                next.apply(Write::new(self.indexes.iter(), key.clone(), current.as_deref(), new));
            }
        }
        (next, steps)
    }

    /// Adds to what subscriptions are to be told; returns those to wake once no lock is held.
    fn deliver(&self, mailboxes: &[Arc<Mailbox<K>>], steps: &[Step<K>]) -> Vec<Waker> {
        mailboxes.iter().filter_map(|mailbox| mailbox.deliver(steps, || self.read().objects().clone())).collect()
    }

    /// Takes in that a source has been listed.
    fn listed(&self, source: usize) {
        self.note(source, |reached| reached.listed = true);
    }

    /// Goes on without a source.
    pub(super) fn retire(&self, source: usize) {
        self.note(source, |reached| reached.retired = true);
    }

    /// Takes in that a source has seen everything up to a version.
    pub(super) fn progressed(&self, source: usize, version: Option<Str>) {
        self.note(source, |reached| {
            if version.is_some() {
                reached.version = version;
            }
        });
    }

    /// Notes how far a source has come, and tells those who wait.
    fn note(&self, source: usize, how: impl FnOnce(&mut Reached)) {
        let mut progress = self.progress();
        if let Some(reached) = progress.sources.get_mut(source) {
            how(reached);
        }
        let ready = progress.sources.iter().all(|reached| reached.listed || reached.retired);
        drop(progress);
        if ready && !self.ready.swap(true, AcqRel) {
            let wakers: Vec<_> = self.mailboxes().iter().filter_map(|mailbox| mailbox.lock().synced()).collect();
            wakers.into_iter().for_each(Waker::wake);
        }
        self.changed.notify_waiters();
    }

    /// Whether all sources have come to `version`; for those that mean any state, whether all have been listed.
    pub(super) fn has_reached(&self, version: &str) -> bool {
        if matches!(version, "" | "0") {
            return self.is_ready();
        }
        let seen = |reached: &Reached| version::compare(reached.version.as_deref()?, version);
        let progress = self.progress();
        let mut sources = progress.sources.iter().filter(|reached| !reached.retired);
        sources.all(|reached| seen(reached).is_some_and(Ordering::is_ge))
    }

    /// Ends what waits: nothing will change any more.
    pub(super) fn stop(&self, cause: Option<Error>) {
        let mailboxes = self.mailboxes();
        if self.is_stopped() {
            return;
        }
        // Whoever sees that it has stopped is told why.
        self.progress().cause = cause.map(Arc::new);
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

    /// Why it has stopped.
    pub(super) fn ending(&self) -> Stopped {
        Stopped { cause: self.progress().cause.clone() }
    }

    pub(super) fn stopped(&self) -> Result<(), Stopped> {
        if self.is_stopped() { Err(self.ending()) } else { Ok(()) }
    }
}

impl<K: Object> Sources<K> {
    /// Notes what a source now has of an object, and says what the store is to have: what is newest among its sources.
    fn settle(
        &mut self,
        index: usize,
        key: &ObjectKey,
        new: Option<Arc<K>>,
        current: Option<&Arc<K>>,
    ) -> Option<Arc<K>> {
        if self.sources.len() == 1 {
            return new;
        }
        let objects = self.sources.get_mut(index)?;
        let before = objects.get(key).cloned();
        match &new {
            Some(new) => objects.insert_mut(key.clone(), Arc::clone(new)),
            None => {
                objects.remove_mut(key);
            }
        }
        let current_is_own = match (&before, current) {
            (Some(before), Some(current)) => Arc::ptr_eq(before, current) || is_same_state(&**before, &**current),
            (_, current) => current.is_none(),
        };
        if let Some(successor) = self.successors.get(key) {
            let mut of_sources = self.sources.iter().filter_map(|objects| objects.get(key));
            if !of_sources.any(|object| precedes(object, successor)) {
                self.successors.remove(key);
            } else if new.as_ref().is_some_and(|new| precedes(new, successor)) {
                return current.cloned();
            }
        }
        match new {
            Some(new) if current_is_own => Some(new),
            Some(new) => Some(newer(current.cloned(), new)),
            None => {
                let others = self.sources.iter().filter_map(|objects| objects.get(key));
                let newest = others.cloned().fold(None, |newest, object| Some(newer(newest, object)))?;
                match current.filter(|current| is_newer(current, &newest)) {
                    // A source that has fallen behind has an older state: that is no reason to go back to it.
                    Some(current) if current.metadata().uid == newest.metadata().uid => Some(Arc::clone(current)),
                    // It has one that another of the same name has followed, and will go on telling of it for a while.
                    Some(current) => {
                        self.successors.insert(key.clone(), Arc::clone(current));
                        None
                    }
                    None => Some(newest),
                }
            }
        }
    }
}

/// Whether an object must have been deleted before another of the same name was created.
fn precedes<K: Object>(object: &Arc<K>, successor: &Arc<K>) -> bool {
    let (one, other) = (object.metadata(), successor.metadata());
    let (Some(version), Some(later)) = (&one.resource_version, &other.resource_version) else { return false };
    one.uid != other.uid && version::compare(version, later).is_some_and(|order| order.is_lt())
}

/// The newer of two states; the second where they have no order.
fn newer<K: Object>(one: Option<Arc<K>>, other: Arc<K>) -> Arc<K> {
    one.filter(|one| is_newer(one, &other)).unwrap_or(other)
}

fn is_newer<K: Object>(one: &Arc<K>, other: &Arc<K>) -> bool {
    let version = |object: &Arc<K>| object.metadata().resource_version.clone().unwrap_or_default();
    version::compare(&version(one), &version(other)).is_some_and(|order| order.is_gt())
}

/// The steps from what the store has to the objects of its only source.
fn differences<K: Object>(before: &Objects<K>, objects: &Objects<K>) -> Vec<Step<K>> {
    let mut steps = Vec::new();
    for (_, old) in before.iter().filter(|(key, _)| !objects.contains_key(*key)) {
        compare(&mut steps, Some(Arc::clone(old)), None, None);
    }
    for (key, new) in objects.iter() {
        compare(&mut steps, before.get(key).cloned(), Some(Arc::clone(new)), None);
    }
    steps
}

/// Adds the steps that lead from one state of an object to another; whether there are any.
pub(super) fn compare<K: Object>(
    steps: &mut Vec<Step<K>>,
    old: Option<Arc<K>>,
    new: Option<Arc<K>>,
    last: Option<Arc<K>>,
) -> bool {
    let last = last.filter(|last| old.as_ref().is_some_and(|old| old.metadata().uid == last.metadata().uid));
    let observed = last.is_some();
    match (old, new) {
        (None, None) => return false,
        (None, Some(new)) => steps.push(Step { old: None, event: StoreEvent::Added(new) }),
        (Some(old), None) => {
            let object = last.unwrap_or_else(|| Arc::clone(&old));
            steps.push(Step { old: Some(old), event: StoreEvent::Deleted { object, observed } });
        }
        (Some(old), Some(new)) if is_same_state(&*old, &*new) => return false,
        (Some(old), Some(new)) if old.metadata().uid == new.metadata().uid => {
            steps.push(Step { old: Some(Arc::clone(&old)), event: StoreEvent::Updated { old, new } });
        }
        (Some(old), Some(new)) => {
            let object = Arc::clone(&old);
            steps.push(Step { old: Some(old), event: StoreEvent::Deleted { object, observed: false } });
            steps.push(Step { old: None, event: StoreEvent::Added(new) });
        }
    }
    true
}

/// Whether the server sent the same state twice.
pub(super) fn is_same_state<K: Object>(one: &K, other: &K) -> bool {
    let (one, other) = (one.metadata(), other.metadata());
    one.uid == other.uid && one.resource_version == other.resource_version && one.resource_version.is_some()
}
