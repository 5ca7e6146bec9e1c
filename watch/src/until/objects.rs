use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use kubernetes_client::sync::lock;
use kubernetes_core::{Object, ObjectKey};

use super::object_condition::Check;
use super::{ObjectCondition, Verdict};

/// The existing objects, ordered by namespace and name.
#[derive(Clone)]
pub struct Objects<K>(BTreeMap<ObjectKey, Entry<K>>);

/// The maximum number of cached verdicts for an object, as each wait may create new conditions.
const MOST_VERDICTS: usize = 8;

/// The verdict of a condition, which is identified by its function.
type CachedVerdict<K> = (Check<K>, Verdict);

/// An object with cached verdicts of conditions, which are discarded when the object is replaced.
struct Entry<K> {
    object: K,
    verdicts: Mutex<Vec<CachedVerdict<K>>>,
}

impl<K> Objects<K> {
    /// The number of objects.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no objects.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All objects.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &K> {
        self.0.values().map(|entry| &entry.object)
    }

    pub(super) fn into_vec(self) -> Vec<K> {
        self.0.into_values().map(|entry| entry.object).collect()
    }

    /// The verdict of a condition on each object.
    pub(super) fn check(&self, condition: &ObjectCondition<K>) -> impl Iterator<Item = Verdict> {
        self.0.iter().map(|(key, entry)| entry.check(condition, key.name()))
    }
}

impl<K> Entry<K> {
    fn new(object: K) -> Self {
        Self { object, verdicts: Mutex::default() }
    }

    fn check(&self, condition: &ObjectCondition<K>, name: &str) -> Verdict {
        let known = |verdicts: &[CachedVerdict<K>]| {
            verdicts.iter().find(|(check, _)| Arc::ptr_eq(check, &condition.check)).map(|(_, verdict)| verdict.clone())
        };
        if let Some(verdict) = known(&lock(&self.verdicts)) {
            return verdict;
        }
        let verdict = condition.check(Some(&self.object)).about(name);
        let mut verdicts = lock(&self.verdicts);
        if verdicts.len() >= MOST_VERDICTS {
            verdicts.remove(0);
        }
        verdicts.push((Arc::clone(&condition.check), verdict.clone()));
        drop(verdicts);
        verdict
    }
}

impl<K: Clone> Clone for Entry<K> {
    fn clone(&self) -> Self {
        Self { object: self.object.clone(), verdicts: Mutex::new(lock(&self.verdicts).clone()) }
    }
}

impl<K: fmt::Debug> fmt::Debug for Objects<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<K: Object> Objects<K> {
    pub(super) fn insert(&mut self, object: K) {
        self.0.insert(ObjectKey::of(&object), Entry::new(object));
    }

    pub(super) fn remove(&mut self, object: &K) {
        self.0.remove(&ObjectKey::of(object));
    }
}

impl<K> Default for Objects<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Object> FromIterator<K> for Objects<K> {
    fn from_iter<I: IntoIterator<Item = K>>(objects: I) -> Self {
        Self(objects.into_iter().map(|object| (ObjectKey::of(&object), Entry::new(object))).collect())
    }
}
