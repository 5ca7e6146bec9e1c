use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Reason;
use crate::decode::Change;

/// What the streams of a [`Watch`](crate::Watch) and its clones have seen so far, in numbers: a snapshot of counters
/// that only grow, for a program to export.
///
/// ```
/// # use kubernetes_client::Client;
/// use kubernetes_watch::{Reason, Watch};
///
/// # fn example(client: &Client) {
/// let watch = Watch::new(client);
/// // … make streams, and read them; then, whenever somebody asks:
/// let counts = watch.counts();
/// println!("{} events, {} broken connections", counts.events(), counts.of(Reason::Broken));
/// for (name, value) in counts.iter() {
///     println!("kubernetes_watch_total{{what=\"{name}\"}} {value}");
/// }
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    changes: [u64; CHANGES.len()],
    bookmarks: u64,
    failures: u64,
    transitions: [u64; Reason::ALL.len()],
}

const CHANGES: [Change; 3] = [Change::Added, Change::Modified, Change::Deleted];

impl Counts {
    /// The events but for bookmarks.
    pub fn events(&self) -> u64 {
        self.changes.iter().sum()
    }

    /// The bookmarks, also those which end the initial events.
    pub fn bookmarks(&self) -> u64 {
        self.bookmarks
    }

    /// How often a stream changed its connection for this reason. Those of [`Reason::Listed`] are the lists.
    pub fn of(&self, reason: Reason) -> u64 {
        self.transitions.get(reason as usize).copied().unwrap_or_default()
    }

    /// How often a connection was over, or a request came to nothing, for whatever reason; as a rule, another one follows.
    pub fn reconnects(&self) -> u64 {
        let established = [Reason::Connected, Reason::Listed];
        Reason::ALL.into_iter().filter(|reason| !established.contains(reason)).map(|reason| self.of(reason)).sum()
    }

    /// The errors that streams ended with.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// All counts, each with a name in the style of metrics.
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

/// Counts what happens to the streams of a watch. Its clones count together.
///
/// No order between them is needed, so that counting costs an event next to nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    changes: [AtomicU64; CHANGES.len()],
    bookmarks: AtomicU64,
    failures: AtomicU64,
    transitions: [AtomicU64; Reason::ALL.len()],
}

impl Counters {
    /// An event that is handed over.
    pub(crate) fn changed(&self, change: Change) {
        increment(self.0.changes.get(change as usize));
    }

    /// A bookmark that is handed over.
    pub(crate) fn bookmarked(&self) {
        increment(Some(&self.0.bookmarks));
    }

    /// A stream that ends with an error.
    pub(crate) fn failed(&self) {
        increment(Some(&self.0.failures));
    }

    /// What an observer is told of.
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
        CHANGES.into_iter().for_each(|change| counters.changed(change));
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
