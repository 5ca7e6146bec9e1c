use std::collections::HashMap;

use kubernetes_core::{Object, ObjectMeta, Str};

use crate::wire::EventKind;

/// The objects of an incomplete list.
///
/// A streaming list may mix later changes into the existing objects; these are merged.
#[derive(Debug)]
pub(super) struct InitialObjects<K> {
    objects: Vec<Option<K>>,
    /// The index of each object; created at the first change, as most lists have none.
    positions: Option<Positions>,
}

/// The objects of a complete list, to be delivered one by one.
pub(super) type CompleteList<K> = std::iter::Flatten<std::vec::IntoIter<Option<K>>>;

type Key = (Option<Str>, Option<Str>);

impl<K> Default for InitialObjects<K> {
    fn default() -> Self {
        Self { objects: Vec::new(), positions: None }
    }
}

impl<K: Object> InitialObjects<K> {
    /// Adds a page.
    pub(super) fn extend(&mut self, objects: Vec<K>) {
        self.objects.extend(objects.into_iter().map(Some));
    }

    /// Records an event.
    pub(super) fn apply(&mut self, kind: EventKind, object: K) {
        if kind == EventKind::Added && self.positions.is_none() {
            self.objects.push(Some(object));
            return;
        }
        let objects = &mut self.objects;
        let positions = self.positions.get_or_insert_with(|| {
            let mut positions = Positions::default();
            for (position, object) in objects.iter().enumerate() {
                if let Some(object) = object {
                    positions.insert(key(object.metadata()), position);
                }
            }
            positions
        });
        let key = key(object.metadata());
        if kind == EventKind::Deleted {
            if let Some(slot) = positions.remove(&key).and_then(|position| objects.get_mut(position)) {
                *slot = None;
            }
            return;
        }
        let position = positions.get_or_insert(key, objects.len());
        match objects.get_mut(position) {
            Some(slot) => *slot = Some(object),
            None => objects.push(Some(object)),
        }
    }

    /// Takes all objects.
    pub(super) fn take(&mut self) -> CompleteList<K> {
        std::mem::take(self).objects.into_iter().flatten()
    }
}

fn key(metadata: &ObjectMeta) -> Key {
    (metadata.namespace.clone(), metadata.name.clone())
}

/// Not generic, so that the map is compiled once.
#[derive(Debug, Default)]
struct Positions(HashMap<Key, usize>);

impl Positions {
    fn insert(&mut self, key: Key, position: usize) {
        self.0.insert(key, position);
    }

    fn remove(&mut self, key: &Key) -> Option<usize> {
        self.0.remove(key)
    }

    /// The index of the object, which is at the end if it is new.
    fn get_or_insert(&mut self, key: Key, end: usize) -> usize {
        *self.0.entry(key).or_insert(end)
    }
}
