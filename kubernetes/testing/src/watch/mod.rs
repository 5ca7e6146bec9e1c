//! Watches, which keep track of the events to send. They do not know about sockets; the history is their buffer.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use crate::object::Object;
use crate::printing::Rendering;
use crate::resources::ServedResource;
use crate::selection::Selection;
use crate::state::State;
use crate::status::{Result, Status};
use crate::store::{Change, ChangeKind, CollectionId, Stored, event_line};

/// The start of a watch.
#[derive(Debug)]
pub(crate) enum Start {
    /// At the existing objects, followed by a bookmark if requested.
    Initial { announces_end: bool },
    /// After a version.
    After(u64),
    /// With an error, which also ends it.
    Failed(Status),
}

/// The options of a watch.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    /// The interval of bookmarks, if they are enabled.
    pub(crate) interval: Option<Duration>,
    pub(crate) timeout_seconds: Option<u64>,
}

/// One watch.
#[derive(Debug)]
pub(crate) struct Watch {
    served: Arc<ServedResource>,
    selection: Selection,
    rendering: Rendering,
    phase: Phase,
    /// All changes up to this revision have been sent or do not concern this watch.
    seen: u64,
    /// The interval of bookmarks, if they are enabled.
    interval: Option<Duration>,
    times: Times,
    is_first: bool,
}

#[derive(Debug)]
enum Phase {
    /// The watch can't start.
    Failed(Status),
    Initial {
        objects: VecDeque<Arc<Stored>>,
        announces_end: bool,
    },
    Following,
    Ended,
}

/// By the server's clock.
#[derive(Clone, Copy, Debug)]
struct Times {
    end: Duration,
    bookmark: Option<Duration>,
}

/// The next lines of a watch.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) lines: Vec<Bytes>,
    pub(crate) has_ended: bool,
    /// Objects that must be converted first.
    pub(crate) wanted: Vec<Arc<Stored>>,
}

/// The default duration of a watch: the minimum that the API server uses.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// The time before the end of a watch at which it gets its last bookmark (`nextBookmarkTime` in
/// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/storage/cacher/cache_watcher.go>).
const BOOKMARK_BEFORE_END: Duration = Duration::from_secs(2);

/// The number of events that are taken at once, which limits the time that a watch holds the lock.
const BATCH: usize = 64;

impl Watch {
    /// Creates a watch that starts now, whenever it is read.
    pub(crate) fn new(
        state: &State,
        served: &Arc<ServedResource>,
        selection: Selection,
        start: Start,
        rendering: Rendering,
        options: Options,
    ) -> Self {
        let Options { interval, timeout_seconds } = options;
        let now = state.clock.elapsed();
        let end = now.saturating_add(timeout_seconds.map_or(DEFAULT_TIMEOUT, Duration::from_secs));
        let times = Times { end, bookmark: next_bookmark(now, interval, end) };
        let (phase, seen) = begin(state, served, &selection, start);
        Self { served: Arc::clone(served), selection, rendering, phase, seen, interval, times, is_first: true }
    }

    pub(crate) fn served(&self) -> &Arc<ServedResource> {
        &self.served
    }

    pub(crate) fn collection(&self) -> CollectionId {
        self.served.collection
    }

    /// The next time at which there is something to do even without a change.
    pub(crate) fn next_time(&self) -> Duration {
        self.times.bookmark.map_or(self.times.end, |bookmark| bookmark.min(self.times.end))
    }

    /// The next events; empty if there are none yet.
    pub(crate) fn advance(&mut self, state: &State) -> Progress {
        let now = state.clock.elapsed();
        if let Phase::Failed(status) = &self.phase {
            let status = status.clone();
            return self.fail(&status);
        }
        let wanted = self.unconverted(state);
        if !wanted.is_empty() {
            return Progress { wanted, ..Progress::default() };
        }
        let mut lines = Vec::new();
        if let Err(status) = self.take(state, &mut lines) {
            let mut progress = self.fail(&status);
            lines.append(&mut progress.lines);
            return Progress { lines, ..progress };
        }
        let is_due = self.times.bookmark.is_some_and(|bookmark| bookmark <= now);
        if is_due && lines.is_empty() && matches!(self.phase, Phase::Following) {
            lines.push(self.bookmark(false));
            self.times.bookmark = next_bookmark(now, self.interval, self.times.end);
        }
        if self.times.end <= now && lines.is_empty() {
            self.phase = Phase::Ended;
        }
        Progress { lines, has_ended: matches!(self.phase, Phase::Ended), wanted: Vec::new() }
    }

    /// The objects of the next events that have not been converted to the version of this watch yet.
    fn unconverted(&self, state: &State) -> Vec<Arc<Stored>> {
        if self.served.webhook.is_none() {
            return Vec::new();
        }
        let conversions = state.conversions.borrow();
        let is_missing = |object: &&Arc<Stored>| conversions.find(object, &self.served).is_none();
        let initial = match &self.phase {
            Phase::Initial { objects, .. } => objects.iter().take(BATCH).filter(is_missing).cloned().collect(),
            _ => Vec::new(),
        };
        if !initial.is_empty() {
            return initial;
        }
        let changes = state.store.collection(self.served.collection).changes_after(self.seen);
        let objects = changes.flat_map(|change| self.shown(change));
        objects.filter(is_missing).take(BATCH).cloned().collect()
    }

    /// The objects of a change that this watch may show.
    fn shown<'a>(&'a self, change: &'a Change) -> impl Iterator<Item = &'a Arc<Stored>> {
        let objects = [Some(&change.object), change.previous.as_ref()].into_iter().flatten();
        objects.filter(|object| self.selection.matches(object))
    }

    /// An object in the version of this watch. The objects of the next events have been converted before.
    fn converted(&self, object: &Arc<Stored>, state: &State) -> Result<Arc<Stored>> {
        let converted = state.conversions.borrow().find(object, &self.served);
        converted.ok_or_else(|| Status::internal(format!("{} is not converted", object.key)))
    }

    /// The next events: of the objects in the beginning, or of changes.
    fn take(&mut self, state: &State, lines: &mut Vec<Bytes>) -> Result<()> {
        self.take_initial(state, lines)?;
        let Phase::Following = self.phase else { return Ok(()) };
        // The watch has been read too slowly if the history no longer reaches back to its position.
        let forgotten = state.store.collection(self.served.collection).forgotten();
        match self.seen < forgotten {
            true => Err(too_old(self.seen, forgotten)),
            false => self.take_changes(state, lines),
        }
    }

    fn take_initial(&mut self, state: &State, lines: &mut Vec<Bytes>) -> Result<()> {
        let Phase::Initial { objects, announces_end } = &mut self.phase else { return Ok(()) };
        let (announces_end, count) = (*announces_end, objects.len().min(BATCH));
        let batch: Vec<_> = objects.drain(..count).collect();
        let is_complete = objects.is_empty();
        for object in &batch {
            lines.push(self.line(ChangeKind::Added, object, state)?);
        }
        if is_complete {
            self.phase = Phase::Following;
            if announces_end {
                lines.push(self.bookmark(true));
            }
        }
        Ok(())
    }

    /// The changes that concern this watch, at most [`BATCH`] of them.
    fn take_changes(&mut self, state: &State, lines: &mut Vec<Bytes>) -> Result<()> {
        let collection = state.store.collection(self.served.collection);
        for change in collection.changes_after(self.seen) {
            let is_missing = |object: &Arc<Stored>| state.conversions.borrow().find(object, &self.served).is_none();
            if lines.len() >= BATCH || self.shown(change).any(is_missing) {
                return Ok(());
            }
            self.seen = change.revision();
            if let Some(line) = self.event(change, state)? {
                lines.push(line);
            }
        }
        // Changes of other resources come later: a bookmark may include them.
        self.seen = self.seen.max(state.store.revision());
        Ok(())
    }

    /// The event of a change with regard to the selectors: an object that enters the selection is added, and one that
    /// leaves it is deleted, as in `convertToWatchEvent` of
    /// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/storage/cacher/cache_watcher.go>.
    fn event(&mut self, change: &Change, state: &State) -> Result<Option<Bytes>> {
        let is = change.kind != ChangeKind::Deleted && self.selection.matches(&change.object);
        let was = change.previous.as_ref().is_some_and(|previous| self.selection.matches(previous));
        let kind = match (was, is) {
            (false, false) => return Ok(None),
            (false, true) => ChangeKind::Added,
            (true, true) => ChangeKind::Modified,
            (true, false) => ChangeKind::Deleted,
        };
        match &change.previous {
            Some(previous) if kind == ChangeKind::Deleted && change.kind != ChangeKind::Deleted => {
                // The previous object, with the version of the change.
                let mut object = Object::of(&*self.converted(previous, state)?);
                object.set("resourceVersion", change.revision().to_string());
                let left = Arc::new(self.served.stored(object, change.revision()));
                Ok(Some(self.converted_line(kind, &left, state)))
            }
            _ => self.change_line(kind, change, state).map(Some),
        }
    }

    fn change_line(&mut self, kind: ChangeKind, change: &Change, state: &State) -> Result<Bytes> {
        if self.rendering == Rendering::Whole && kind == change.kind && !self.served.converts(&change.object) {
            return Ok(change.line(&self.served.head));
        }
        self.line(kind, &change.object, state)
    }

    fn line(&mut self, kind: ChangeKind, object: &Arc<Stored>, state: &State) -> Result<Bytes> {
        let object = self.converted(object, state)?;
        Ok(self.converted_line(kind, &object, state))
    }

    /// Like [`line`](Self::line), but for an object in the version of this watch.
    fn converted_line(&mut self, kind: ChangeKind, object: &Arc<Stored>, state: &State) -> Bytes {
        if self.rendering == Rendering::Whole {
            return event_line(kind.event_type(), object, &self.served.head);
        }
        let is_first = std::mem::take(&mut self.is_first);
        let object = self.rendering.event_object(self.served.printer(), object, state.clock.now(), is_first);
        line(kind.event_type(), &object)
    }

    /// A bookmark at the current position.
    fn bookmark(&mut self, ends_initial_events: bool) -> Bytes {
        let mut metadata = json!({"resourceVersion": self.seen.to_string()});
        if ends_initial_events {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let is_first = std::mem::take(&mut self.is_first);
        line("BOOKMARK", &self.rendering.bookmark(self.served.printer(), &metadata, is_first))
    }

    /// Ends the watch with an error.
    pub(crate) fn fail(&mut self, status: &Status) -> Progress {
        self.phase = Phase::Ended;
        Progress { lines: vec![line("ERROR", status)], has_ended: true, wanted: Vec::new() }
    }
}

/// The first phase of a watch, and the revision up to which it ignores changes.
fn begin(state: &State, served: &ServedResource, selection: &Selection, start: Start) -> (Phase, u64) {
    match start {
        Start::Failed(failure) => (Phase::Failed(failure), 0),
        Start::After(revision) => {
            let oldest = state.store.oldest(served.collection);
            if revision < oldest {
                return (Phase::Failed(too_old(revision, oldest)), revision);
            }
            (Phase::Following, revision)
        }
        Start::Initial { announces_end } => {
            let objects = state.store.collection(served.collection).objects(selection.namespace.as_deref());
            let objects = objects.filter(|object| selection.matches(object)).cloned().collect();
            (Phase::Initial { objects, announces_end }, state.store.revision())
        }
    }
}

/// The time of the next bookmark, if there is one before the end.
fn next_bookmark(now: Duration, interval: Option<Duration>, end: Duration) -> Option<Duration> {
    let last = end.saturating_sub(BOOKMARK_BEFORE_END);
    (now < last).then(|| interval.map(|interval| now.saturating_add(interval).min(last)))?
}

fn too_old(revision: u64, oldest: u64) -> Status {
    Status::expired(format!("too old resource version: {revision} ({oldest})"))
}

/// An event, with a line feed.
fn line(event_type: &str, object: &dyn std::fmt::Display) -> Bytes {
    format!("{{\"type\":\"{event_type}\",\"object\":{object}}}\n").into()
}

/// An event that reports a forgotten version.
pub(crate) fn gone_line() -> Bytes {
    line("ERROR", &too_old(1, 2))
}
