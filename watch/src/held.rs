use std::collections::HashMap;

use kubernetes_core::{Object, ObjectMeta, Str};

use crate::decode::Change;

/// The objects of a list that is not complete yet.
///
/// A streaming list may mix later changes into the existing objects: they are folded in.
#[derive(Debug)]
pub(crate) struct Held<K> {
    objects: Vec<Option<K>>,
    /// Where each object is; made when the first change comes, as most lists have none.
    places: Option<Places>,
}

/// The objects of a complete list.
pub(crate) type Released<K> = std::iter::Flatten<std::vec::IntoIter<Option<K>>>;

type Key = (Option<Str>, Option<Str>);

impl<K> Default for Held<K> {
    fn default() -> Self {
        Self { objects: Vec::new(), places: None }
    }
}

impl<K: Object> Held<K> {
    /// Adds a page.
    pub(crate) fn extend(&mut self, objects: Vec<K>) {
        self.objects.extend(objects.into_iter().map(Some));
    }

    /// Takes in an event.
    pub(crate) fn apply(&mut self, change: Change, object: K) {
        if change == Change::Added && self.places.is_none() {
            self.objects.push(Some(object));
            return;
        }
        let objects = &mut self.objects;
        let places = self.places.get_or_insert_with(|| {
            let mut places = Places::default();
            for (place, object) in objects.iter().enumerate() {
                if let Some(object) = object {
                    places.insert(key(object.metadata()), place);
                }
            }
            places
        });
        let key = key(object.metadata());
        if change == Change::Deleted {
            if let Some(slot) = places.remove(&key).and_then(|place| objects.get_mut(place)) {
                *slot = None;
            }
            return;
        }
        let place = places.get_or_insert(key, objects.len());
        match objects.get_mut(place) {
            Some(slot) => *slot = Some(object),
            None => objects.push(Some(object)),
        }
    }

    /// Hands all objects over, and forgets them.
    pub(crate) fn take(&mut self) -> Released<K> {
        std::mem::take(self).objects.into_iter().flatten()
    }
}

fn key(metadata: &ObjectMeta) -> Key {
    (metadata.namespace.clone(), metadata.name.clone())
}

/// Not generic, so that the map is compiled once.
#[derive(Debug, Default)]
struct Places(HashMap<Key, usize>);

impl Places {
    fn insert(&mut self, key: Key, place: usize) {
        self.0.insert(key, place);
    }

    fn remove(&mut self, key: &Key) -> Option<usize> {
        self.0.remove(key)
    }

    /// Where the object is; if it is new, at the end.
    fn get_or_insert(&mut self, key: Key, end: usize) -> usize {
        *self.0.entry(key).or_insert(end)
    }
}
