use std::collections::BTreeMap;
use std::time::Duration;

use kubernetes_core::ObjectKey;

use crate::store::CollectionId;

/// The objects that are removed at a time, by the server's clock.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    /// By time, and then in the order in which they were set.
    entries: BTreeMap<(Duration, u64), Deadline>,
    count: u64,
}

impl Deadlines {
    pub(crate) fn set(&mut self, at: Duration, deadline: Deadline) {
        self.count += 1;
        self.entries.insert((at, self.count), deadline);
    }

    /// The time of the first one.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.entries.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the first one, if it is due.
    pub(crate) fn take_due(&mut self, now: Duration) -> Option<Deadline> {
        if self.next()? > now {
            return None;
        }
        self.entries.pop_first().map(|(_, deadline)| deadline)
    }
}

/// An object that is removed at a time.
#[derive(Clone, Debug)]
pub(crate) struct Deadline {
    pub(crate) collection: CollectionId,
    pub(crate) key: ObjectKey,
    pub(crate) uid: Box<str>,
    /// The revision that is removed; `None` for any, since changes do not end a pod's grace period.
    pub(crate) revision: Option<u64>,
}
