//! The changes made to the server, in order.

use std::collections::BTreeMap;
use std::ops::Bound;

/// All changes, by their versions.
#[derive(Debug, Default)]
pub(crate) struct History(BTreeMap<u64, Change>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) kind: Kind,
    pub(crate) uid: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Added,
    Modified,
    Deleted,
}

impl History {
    pub(crate) fn add(&mut self, version: u64, kind: Kind, uid: String) {
        let before = self.0.insert(version, Change { kind, uid });
        assert_eq!(before, None, "two changes have the version {version}");
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn get(&self, version: u64) -> Option<&Change> {
        self.0.get(&version)
    }

    /// The changes after one version, up to another.
    pub(crate) fn between(&self, after: u64, to: u64) -> impl Iterator<Item = (u64, &Change)> {
        // A stream may end before it has brought a change: the range is empty.
        let versions = (Bound::Excluded(after), Bound::Included(to.max(after)));
        self.0.range(versions).map(|(version, change)| (*version, change))
    }
}
