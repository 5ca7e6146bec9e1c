use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Reason;
use crate::wire::EventKind;

/// Counts of events, errors and reconnections of the streams of a [`Watch`](crate::Watch) and its clones: a snapshot of
/// monotonic counters, for a program to export.
///
/// ```
/// # use kubernetes_client::Client;
/// use kubernetes_watch::{Reason, Watch};
///
/// # fn example(client: &Client) {
/// let watch = Watch::new(client);
/// // … create and read streams; then, for each export:
/// let counts = watch.counts();
/// println!("{} events, {} broken connections", counts.events(), counts.of(Reason::Broken));
/// for (name, value) in counts.iter() {
///     println!("kubernetes_watch_total{{what=\"{name}\"}} {value}");
/// }
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    changes: [u64; KINDS.len()],
    bookmarks: u64,
    failures: u64,
    transitions: [u64; Reason::ALL.len()],
}

const KINDS: [EventKind; 3] = [EventKind::Added, EventKind::Modified, EventKind::Deleted];

impl Counts {
    /// The number of events other than bookmarks.
    pub fn events(&self) -> u64 {
        self.changes.iter().sum()
    }

    /// The number of bookmarks, including those that end the initial events.
    pub fn bookmarks(&self) -> u64 {
        self.bookmarks
    }

    /// The number of transitions with this reason. For [`Reason::Listed`], it is the number of lists.
    pub fn of(&self, reason: Reason) -> u64 {
        self.transitions.get(reason as usize).copied().unwrap_or_default()
    }

    /// The number of connections that ended and requests that failed, for any reason; most are followed by another.
    pub fn reconnects(&self) -> u64 {
        let established = [Reason::Connected, Reason::Listed];
        Reason::ALL.into_iter().filter(|reason| !established.contains(reason)).map(|reason| self.of(reason)).sum()
    }

    /// The number of streams that ended with an error.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// All counts, with names in the style of metrics.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let [added, modified, deleted] = self.changes;
        let others = [
            ("added", added),
            ("modified", modified),
            ("deleted", deleted),
            ("bookmarks", self.bookmarks),
            ("failures", self.failures),
        ];
        others.into_iter().chain(Reason::ALL.into_iter().map(|reason| (reason.name(), self.of(reason))))
    }
}

/// The counters of the streams of a watch, which its clones share.
///
/// No ordering between them is needed, so counting is nearly free.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    changes: [AtomicU64; KINDS.len()],
    bookmarks: AtomicU64,
    failures: AtomicU64,
    transitions: [AtomicU64; Reason::ALL.len()],
}

impl Counters {
    /// Counts an event that is delivered.
    pub(crate) fn changed(&self, kind: EventKind) {
        increment(self.0.changes.get(kind as usize));
    }

    /// Counts a bookmark that is delivered.
    pub(crate) fn bookmarked(&self) {
        increment(Some(&self.0.bookmarks));
    }

    /// Counts a stream that ends with an error.
    pub(crate) fn failed(&self) {
        increment(Some(&self.0.failures));
    }

    /// Counts a transition.
    pub(crate) fn transition(&self, reason: Reason) {
        increment(self.0.transitions.get(reason as usize));
    }

    pub(crate) fn snapshot(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            changes: self.0.changes.each_ref().map(read),
            bookmarks: read(&self.0.bookmarks),
            failures: read(&self.0.failures),
            transitions: self.0.transitions.each_ref().map(read),
        }
    }
}

fn increment(counter: Option<&AtomicU64>) {
    if let Some(counter) = counter {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_and_reason_has_a_counter_of_its_own() {
        for (place, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, place, "{reason:?} stands at its place in ALL");
        }
        let counters = Counters::default();
        KINDS.into_iter().for_each(|kind| counters.changed(kind));
        Reason::ALL.into_iter().for_each(|reason| counters.clone().transition(reason));
        counters.bookmarked();
        counters.failed();
        let counts = counters.snapshot();
        assert!(counts.iter().all(|(_, count)| count == 1), "{counts:?}");
        assert_eq!((counts.events(), counts.reconnects()), (3, Reason::ALL.len() as u64 - 2));
        let names: std::collections::BTreeSet<_> = counts.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), counts.iter().count());
    }
}
