use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use kubernetes_core::ObjectKey;

use crate::store::CollectionId;

/// The times at which objects are removed, by the server's clock.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    /// Sorted by time, and then by the order in which they were set.
    entries: BTreeMap<(Duration, u64), Deadline>,
    /// Each object has at most one deadline.
    of_objects: HashMap<(CollectionId, ObjectKey), (Duration, u64)>,
    count: u64,
}

impl Deadlines {
    /// Sets the deadline of an object, replacing an earlier one.
    pub(crate) fn set(&mut self, at: Duration, deadline: Deadline) {
        self.remove(deadline.collection, &deadline.key);
        self.count += 1;
        self.of_objects.insert((deadline.collection, deadline.key.clone()), (at, self.count));
        self.entries.insert((at, self.count), deadline);
    }

    /// Removes the deadline of an object.
    pub(crate) fn remove(&mut self, collection: CollectionId, key: &ObjectKey) {
        if let Some(entry) = self.of_objects.remove(&(collection, key.clone())) {
            self.entries.remove(&entry);
        }
    }

    /// The time of the first deadline.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.entries.first_key_value().map(|((at, _), _)| *at)
    }

    /// Removes the first deadline if it is due.
    pub(crate) fn take_due(&mut self, now: Duration) -> Option<Deadline> {
        if self.next()? > now {
            return None;
        }
        let (_, deadline) = self.entries.pop_first()?;
        self.of_objects.remove(&(deadline.collection, deadline.key.clone()));
        Some(deadline)
    }
}

/// An object that is removed at a time.
#[derive(Clone, Debug)]
pub(crate) struct Deadline {
    pub(crate) collection: CollectionId,
    pub(crate) key: ObjectKey,
    pub(crate) uid: Box<str>,
    /// The revision to remove; `None` for any, since changes do not end a pod's grace period.
    pub(crate) revision: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn an_object_has_one_deadline() {
        let collection = Store::new(1).add_collection();
        let mut deadlines = Deadlines::default();
        for (second, name) in [(9, "a"), (2, "b"), (5, "a")] {
            let key = ObjectKey::new("default", name);
            let deadline = Deadline { collection, key, uid: "".into(), revision: None };
            deadlines.set(Duration::from_secs(second), deadline);
        }
        deadlines.remove(collection, &ObjectKey::new("default", "b"));
        assert_eq!(deadlines.next(), Some(Duration::from_secs(5)));
        assert_eq!(deadlines.take_due(Duration::from_secs(4)).map(|deadline| deadline.key), None);
        let due = deadlines.take_due(Duration::from_secs(5)).map(|deadline| deadline.key.to_string());
        assert_eq!((due.as_deref(), deadlines.next()), (Some("default/a"), None));
        assert!(deadlines.of_objects.is_empty());
    }
}
