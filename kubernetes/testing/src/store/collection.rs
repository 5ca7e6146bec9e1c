use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::{Arc, OnceLock};
use std::task::Waker;

use bytes::Bytes;
use kubernetes_core::ObjectKey;

use super::{Stored, WaiterId};

/// The objects of one resource, and their history.
#[derive(Debug)]
pub(crate) struct Collection {
    /// By `namespace/name`, in etcd's order, which is that of lists.
    objects: BTreeMap<String, Arc<Stored>>,
    /// By strictly increasing revision.
    changes: VecDeque<Arc<Change>>,
    /// The size of the objects in `changes`.
    bytes: usize,
    /// Changes up to this revision may be missing from the history.
    forgotten: u64,
    pub(super) waiting: BTreeMap<WaiterId, Waker>,
}

/// The maximum size of a resource's history: many changes of large objects are forgotten earlier.
const MAX_HISTORY_BYTES: usize = 128 * 1024 * 1024;

impl Collection {
    pub(super) fn new(revision: u64) -> Self {
        Self {
            objects: BTreeMap::new(),
            changes: VecDeque::new(),
            bytes: 0,
            forgotten: revision,
            waiting: BTreeMap::new(),
        }
    }

    pub(super) fn get(&self, key: &ObjectKey) -> Option<&Arc<Stored>> {
        self.objects.get(&key.to_string())
    }

    pub(super) fn insert(&mut self, object: Arc<Stored>) -> Option<Arc<Stored>> {
        self.objects.insert(object.key.to_string(), object)
    }

    pub(super) fn remove(&mut self, key: &ObjectKey) -> Option<Arc<Stored>> {
        self.objects.remove(&key.to_string())
    }

    /// Changes up to this revision may be missing from the history.
    pub(crate) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    pub(super) fn record(&mut self, change: Arc<Change>, limit: usize) {
        self.bytes += change.object.json.len();
        self.changes.push_back(change);
        // The latest change stays, whatever its size.
        while self.changes.len() > limit || (self.bytes > MAX_HISTORY_BYTES && self.changes.len() > 1) {
            let Some(first) = self.changes.pop_front() else { break };
            self.bytes -= first.object.json.len();
            self.forgotten = first.revision();
        }
    }

    /// The objects of a namespace, or all, in the order of their keys.
    pub(crate) fn objects<'a>(&'a self, namespace: Option<&str>) -> impl Iterator<Item = &'a Arc<Stored>> {
        self.entries_after(namespace, None).map(|(_, object)| object)
    }

    /// Like [`objects`](Self::objects), but starting after the key `after`.
    pub(crate) fn objects_after<'a>(
        &'a self,
        namespace: Option<&str>,
        after: Option<&str>,
    ) -> impl Iterator<Item = &'a Arc<Stored>> {
        self.entries_after(namespace, after).map(|(_, object)| object)
    }

    fn entries_after<'a>(
        &'a self,
        namespace: Option<&str>,
        after: Option<&str>,
    ) -> impl Iterator<Item = (&'a String, &'a Arc<Stored>)> {
        let prefix = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let start = match after {
            Some(after) if after >= prefix.as_str() => Bound::Excluded(after),
            _ => Bound::Included(prefix.as_str()),
        };
        let range = self.objects.range::<str, _>((start, Bound::Unbounded));
        range.take_while(move |(key, _)| key.starts_with(&prefix))
    }

    /// The changes after `revision`, oldest first.
    pub(crate) fn changes_after(&self, revision: u64) -> impl DoubleEndedIterator<Item = &Arc<Change>> {
        let start = self.changes.partition_point(|change| change.revision() <= revision);
        self.changes.range(start..)
    }

    /// Like [`objects_after`](Self::objects_after), but with the objects at `revision`, which the history must reach
    /// back to: later changes are reverted.
    pub(crate) fn objects_at<'a>(
        &'a self,
        revision: u64,
        namespace: Option<&str>,
        after: Option<&str>,
    ) -> impl Iterator<Item = &'a Arc<Stored>> {
        let is_in = |key: &ObjectKey| namespace.is_none_or(|namespace| key.namespace() == Some(namespace));
        let mut undone: BTreeMap<String, Option<&'a Arc<Stored>>> = BTreeMap::new();
        for change in self.changes_after(revision).rev().filter(|change| is_in(&change.object.key)) {
            undone.insert(change.object.key.to_string(), change.previous.as_ref());
        }
        let is_shown = |key: &str| after.is_none_or(|after| key > after);
        let restored = undone.iter().filter(|(key, _)| is_shown(key));
        let restored = restored.filter_map(|(key, object)| Some((key.clone(), (*object)?)));
        let mut restored = restored.collect::<Vec<_>>().into_iter().peekable();
        let current = self.entries_after(namespace, after);
        let mut current = current.filter(move |(key, _)| !undone.contains_key(*key)).peekable();
        // Both are sorted by key.
        std::iter::from_fn(move || match (current.peek(), restored.peek()) {
            (Some((now, _)), Some((then, _))) if then < *now => restored.next().map(|(_, object)| object),
            (None, _) => restored.next().map(|(_, object)| object),
            _ => current.next().map(|(_, object)| object),
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Added,
    Modified,
    Deleted,
}

impl ChangeKind {
    /// The type of a watch event.
    pub(crate) fn event_type(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
        }
    }
}

/// A change of one object.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) kind: ChangeKind,
    /// The object after the change, or the last state for a deletion.
    pub(crate) object: Arc<Stored>,
    /// The object before the change.
    pub(crate) previous: Option<Arc<Stored>>,
    /// The event in one version, shared by all watches.
    line: OnceLock<(Arc<str>, Bytes)>,
}

impl Change {
    pub(super) fn new(kind: ChangeKind, object: Arc<Stored>, previous: Option<Arc<Stored>>) -> Self {
        Self { kind, object, previous, line: OnceLock::new() }
    }

    pub(crate) fn revision(&self) -> u64 {
        self.object.revision
    }

    /// The event's line, created once for all watches, in the version that is requested first.
    pub(crate) fn line(&self, head: &Arc<str>) -> Bytes {
        let make = || event_line(self.kind.event_type(), &self.object, head);
        let (made_for, line) = self.line.get_or_init(|| (Arc::clone(head), make()));
        if made_for == head { line.clone() } else { make() }
    }
}

/// An event as a line of JSON; `head` is the beginning of the object, with its kind and version.
pub(crate) fn event_line(event_type: &str, object: &Stored, head: &str) -> Bytes {
    let mut line = Vec::with_capacity(object.json.len() + head.len() + 40);
    line.extend_from_slice(b"{\"type\":\"");
    line.extend_from_slice(event_type.as_bytes());
    line.extend_from_slice(b"\",\"object\":");
    object.write_with_head(head, &mut line);
    line.extend_from_slice(b"}\n");
    line.into()
}
