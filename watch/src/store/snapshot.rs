use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

use kubernetes_core::{Object, ObjectKey, Str};
use rpds::RedBlackTreeMapSync;

use crate::Index;

/// A map that is cloned in constant time: clones share unchanged parts.
pub(super) type Objects<K> = RedBlackTreeMapSync<ObjectKey, Arc<K>>;
type Entries<K> = RedBlackTreeMapSync<(Str, ObjectKey), Arc<K>>;

/// The state of a [`Store`](crate::Store) at one moment, including its indexes.
///
/// The cost of taking and cloning it does not depend on the number of objects. It never changes, and keeps its objects
/// in memory.
pub struct Snapshot<K> {
    objects: Objects<K>,
    indexes: Vec<(Index<K>, Entries<K>)>,
}

impl<K> Snapshot<K> {
    /// The object with this name; the namespace is `None` for cluster-scoped objects.
    pub fn get<'a>(&self, namespace: impl Into<Option<&'a str>>, name: &str) -> Option<Arc<K>> {
        self.get_key(&ObjectKey::new(namespace, name))
    }

    /// The object with this key.
    pub fn get_key(&self, key: &ObjectKey) -> Option<Arc<K>> {
        self.objects.get(key).cloned()
    }

    /// The number of objects.
    pub fn len(&self) -> usize {
        self.objects.size()
    }

    /// Whether there are no objects.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// The objects, ordered by namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<K>> {
        self.objects.values()
    }

    /// The objects of a namespace, ordered by name.
    pub fn in_namespace(&self, namespace: &str) -> impl Iterator<Item = &Arc<K>> {
        let first = ObjectKey::new(namespace, "");
        let has_namespace = first.clone();
        self.objects
            .range((Bound::Included(first), Bound::Unbounded))
            .take_while(move |(key, _)| key.namespace() == has_namespace.namespace())
            .map(|(_, object)| object)
    }

    /// The objects with `value` in `index`, ordered by namespace and name.
    ///
    /// An index that was not added to the store works too, but examines every object.
    pub fn by_index(&self, index: &Index<K>, value: &str) -> Vec<Arc<K>> {
        let Some((_, entries)) = self.indexes.iter().find(|(known, _)| known.is(index)) else {
            return self.iter().filter(|object| index.matches(object, value)).cloned().collect();
        };
        let first = (Str::from(value), ObjectKey::default());
        entries
            .range((Bound::Included(first), Bound::Unbounded))
            .take_while(|((each, _), _)| *each == *value)
            .map(|(_, object)| Arc::clone(object))
            .collect()
    }

    /// The distinct values of the objects in `index`, sorted, such as the namespaces that have objects.
    ///
    /// An index that was not added to the store works too, but examines every object.
    pub fn values(&self, index: &Index<K>) -> Vec<Str> {
        let mut values: Vec<Str> = match self.indexes.iter().find(|(known, _)| known.is(index)) {
            Some((_, entries)) => entries.keys().map(|(value, _)| value.clone()).collect(),
            None => self.iter().flat_map(|object| index.values(object)).collect(),
        };
        values.sort_unstable();
        values.dedup();
        values
    }

    pub(super) fn objects(&self) -> &Objects<K> {
        &self.objects
    }
}

impl<K> Snapshot<K> {
    pub(super) fn new(indexes: &[Index<K>]) -> Self {
        let indexes = indexes.iter().map(|index| (index.clone(), Entries::new_sync())).collect();
        Self { objects: Objects::new_sync(), indexes }
    }

    /// These objects with the indexes of this state, of which the changes are yet to be [made](Self::reindex).
    pub(super) fn with_objects(&self, objects: Objects<K>) -> Self {
        Self { objects, indexes: self.indexes.clone() }
    }

    /// Makes a change, without calling user functions, which may take long.
    pub(super) fn apply(&mut self, write: Write<K>) {
        self.reindex(&write);
        match write.object {
            Some(object) => self.objects.insert_mut(write.key, object),
            None => {
                self.objects.remove_mut(&write.key);
            }
        }
    }

    /// Makes a change in the indexes alone.
    pub(super) fn reindex(&mut self, write: &Write<K>) {
        for ((_, entries), values) in self.indexes.iter_mut().zip(&write.values) {
            for value in values.old.iter().filter(|value| values.new.binary_search(value).is_err()) {
                entries.remove_mut(&(value.clone(), write.key.clone()));
            }
            for value in &values.new {
                if let Some(object) = &write.object {
                    entries.insert_mut((value.clone(), write.key.clone()), Arc::clone(object));
                }
            }
        }
    }
}

/// A change of a single object, and of its entries in each index.
pub(super) struct Write<K> {
    pub(super) key: ObjectKey,
    /// The new state, if the object exists.
    pub(super) object: Option<Arc<K>>,
    pub(super) values: Vec<Values>,
}

/// The old and new values of an object in an index, sorted and without duplicates.
pub(super) struct Values {
    pub(super) old: Vec<Str>,
    pub(super) new: Vec<Str>,
}

/// The maximum number of index entries that are changed while readers wait.
const LONG: usize = 64;

impl<K> Write<K> {
    /// Whether the change takes so long that readers should not wait for it.
    pub(super) fn is_long(&self) -> bool {
        self.values.iter().map(|values| values.old.len() + values.new.len()).sum::<usize>() > LONG
    }

    pub(super) fn new<'a>(
        indexes: impl Iterator<Item = &'a Index<K>>,
        key: ObjectKey,
        old: Option<&K>,
        object: Option<Arc<K>>,
    ) -> Self
    where
        K: 'a,
    {
        let values = |index: &Index<K>| Values {
            old: old.map(|old| index.values(old)).unwrap_or_default(),
            new: object.as_deref().map(|new| index.values(new)).unwrap_or_default(),
        };
        Self { values: indexes.map(values).collect(), key, object }
    }
}

// Not derived, so that it does not depend on the type of objects.
impl<K> Clone for Snapshot<K> {
    fn clone(&self) -> Self {
        Self { objects: self.objects.clone(), indexes: self.indexes.clone() }
    }
}

impl<K: Object> fmt::Debug for Snapshot<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.objects.keys().map(tracing::field::display)).finish()
    }
}
