use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Index, IndexMut};

use thin_vec::ThinVec;

use crate::Str;
use crate::json::{DecodeError, Place, Reader, Value, Writer};

/// A sorted map with string keys, as used by models. The map itself takes one word.
///
/// It is a vector of pairs.
///
/// ```
/// use kubernetes_core::{Map, Str};
///
/// let mut labels: Map<Str> = [("tier", "web"), ("app", "shop")].into();
/// labels.insert("app", "store");
/// assert_eq!(labels.get("app").map(Str::as_str), Some("store"));
/// assert_eq!(labels.keys().collect::<Vec<_>>(), ["app", "tier"]);
/// ```
///
/// Labels, annotations and the like have a handful of entries: a sorted vector is smaller than a tree and as fast.
/// Inserting is linear in the number of entries that sort after the new one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Map<V>(ThinVec<(Str, V)>);

impl<V> Map<V> {
    /// Creates an empty map.
    pub const fn new() -> Self {
        Self(ThinVec::new())
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the map is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value at `key`.
    pub fn get(&self, key: &str) -> Option<&V> {
        self.find(key).ok().map(|at| &self.0[at].1)
    }

    /// The value at `key`, mutably.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        self.find(key).ok().map(|at| &mut self.0[at].1)
    }

    /// Whether the map has an entry at `key`.
    pub fn contains_key(&self, key: &str) -> bool {
        self.find(key).is_ok()
    }

    /// Sets the value at `key`, and returns the previous one.
    pub fn insert(&mut self, key: impl Into<Str>, value: impl Into<V>) -> Option<V> {
        let (key, value) = (key.into(), value.into());
        match self.position_for(&key) {
            Ok(at) => Some(std::mem::replace(&mut self.0[at].1, value)),
            Err(at) => {
                self.0.insert(at, (key, value));
                None
            }
        }
    }

    /// Removes the entry at `key`, and returns its value.
    pub fn remove(&mut self, key: &str) -> Option<V> {
        self.find(key).ok().map(|at| self.0.remove(at).1)
    }

    /// The entry at `key`, to insert a value or change it in place.
    ///
    /// ```
    /// use kubernetes_core::Map;
    ///
    /// let mut words = Map::<i32>::new();
    /// for word in ["pod", "node", "pod"] {
    ///     *words.entry(word).or_insert(0) += 1;
    /// }
    /// assert_eq!(words["pod"], 2);
    /// ```
    pub fn entry(&mut self, key: impl Into<Str>) -> Entry<'_, V> {
        let key = key.into();
        let position = self.position_for(&key);
        Entry { map: self, key, position }
    }

    /// Keeps the entries for which `keep` returns `true`.
    pub fn retain(&mut self, mut keep: impl FnMut(&Str, &mut V) -> bool) {
        self.0.retain_mut(|(key, value)| keep(key, value));
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The entries, by key.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Str, &V)> + ExactSizeIterator {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The entries, by key, with mutable values.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&Str, &mut V)> + ExactSizeIterator {
        self.0.iter_mut().map(|(key, value)| (&*key, value))
    }

    /// The keys, sorted.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Str> + ExactSizeIterator {
        self.0.iter().map(|(key, _)| key)
    }

    /// The values, by key.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator {
        self.0.iter().map(|(_, value)| value)
    }

    fn sort(&mut self) {
        let keys: Vec<&str> = self.0.iter().map(|(key, _)| key.as_str()).collect();
        let (exchanges, length) = exchanges(&keys);
        for (a, b) in exchanges {
            self.0.swap(a, b);
        }
        self.0.truncate(length);
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(probe, _)| probe.as_str().cmp(key))
    }

    /// Like [`find`](Self::find), but fast for a key that sorts after all others: servers write maps sorted.
    fn position_for(&self, key: &str) -> Result<usize, usize> {
        match self.0.last() {
            Some((last, _)) if last.as_str() >= key => self.find(key),
            _ => Err(self.0.len()),
        }
    }
}

/// A place in a [`Map`], which may have a value; see [`Map::entry`].
#[derive(Debug)]
pub struct Entry<'a, V> {
    map: &'a mut Map<V>,
    key: Str,
    position: Result<usize, usize>,
}

impl<'a, V> Entry<'a, V> {
    /// The key of the entry.
    pub fn key(&self) -> &Str {
        &self.key
    }

    /// Changes the value, if there is one.
    #[must_use]
    pub fn and_modify(self, change: impl FnOnce(&mut V)) -> Self {
        if let Ok(at) = self.position {
            change(&mut self.map.0[at].1);
        }
        self
    }

    /// Inserts `value` if the entry is vacant, and returns the value.
    pub fn or_insert(self, value: impl Into<V>) -> &'a mut V {
        self.or_insert_with(|| value.into())
    }

    /// Inserts the result of `make` if the entry is vacant, and returns the value.
    pub fn or_insert_with(self, make: impl FnOnce() -> V) -> &'a mut V {
        let at = match self.position {
            Ok(at) => at,
            Err(at) => {
                self.map.0.insert(at, (self.key, make()));
                at
            }
        };
        &mut self.map.0[at].1
    }

    /// Inserts the default value if the entry is vacant, and returns the value.
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }
}

impl<V> Default for Map<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V: fmt::Debug> fmt::Debug for Map<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<V> Index<&str> for Map<V> {
    type Output = V;

    /// # Panics
    /// Panics if there is no entry at `key`; use [`Map::get`] if it may be missing.
    fn index(&self, key: &str) -> &V {
        match self.get(key) {
            Some(value) => value,
            None => panic!("no entry {key:?} in the map"),
        }
    }
}

impl<V> IndexMut<&str> for Map<V> {
    /// # Panics
    /// Panics if there is no entry at `key`; use [`Map::get_mut`] or [`Map::entry`] if it may be missing.
    fn index_mut(&mut self, key: &str) -> &mut V {
        match self.get_mut(key) {
            Some(value) => value,
            None => panic!("no entry {key:?} in the map"),
        }
    }
}

// Only in this direction: otherwise `map == [("app", "shop")].into()` would be ambiguous.
impl<K: AsRef<str>, T: PartialEq<V>, V> PartialEq<Map<V>> for BTreeMap<K, T> {
    fn eq(&self, other: &Map<V>) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|((a, x), (b, y))| a.as_ref() == b && x == y)
    }
}

impl<K: Into<Str>, T: Into<V>, V> FromIterator<(K, T)> for Map<V> {
    /// Of entries with the same key, the last one stays.
    fn from_iter<I: IntoIterator<Item = (K, T)>>(entries: I) -> Self {
        let mut map = Self(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect());
        if !map.0.is_sorted_by(|(key, _), (next, _)| key < next) {
            map.sort();
        }
        map
    }
}

/// How to sort entries with these keys: the swaps to make in turn, and how many of the first entries remain.
///
/// Of entries with the same key, the last one stays. It does not depend on the type of the values, so it is compiled
/// once.
fn exchanges(keys: &[&str]) -> (Vec<(usize, usize)>, usize) {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_unstable_by_key(|at| (keys[*at], Reverse(*at)));
    order.dedup_by_key(|at| keys[*at]);
    let mut entry_at: Vec<usize> = (0..keys.len()).collect();
    let mut place_of = entry_at.clone();
    let exchange = |(to, entry): (usize, &usize)| {
        let (from, other) = (place_of[*entry], entry_at[to]);
        (entry_at[from], place_of[other]) = (other, from);
        (entry_at[to], place_of[*entry]) = (*entry, to);
        (to, from)
    };
    (order.iter().enumerate().map(exchange).collect(), order.len())
}

impl<K: Into<Str>, T: Into<V>, V> Extend<(K, T)> for Map<V> {
    fn extend<I: IntoIterator<Item = (K, T)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: Into<Str>, T: Into<V>, V, const N: usize> From<[(K, T); N]> for Map<V> {
    fn from(entries: [(K, T); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<K: Into<Str>, T: Into<V>, V> From<BTreeMap<K, T>> for Map<V> {
    fn from(entries: BTreeMap<K, T>) -> Self {
        entries.into_iter().collect()
    }
}

impl<K: Into<Str>, T: Into<V>, V, S> From<std::collections::HashMap<K, T, S>> for Map<V> {
    fn from(entries: std::collections::HashMap<K, T, S>) -> Self {
        entries.into_iter().collect()
    }
}

impl<V> IntoIterator for Map<V> {
    type Item = (Str, V);
    type IntoIter = IntoIter<V>;

    fn into_iter(self) -> Self::IntoIter {
        IntoIter(self.0.into_iter())
    }
}

/// The entries of a map, by key.
#[derive(Debug)]
pub struct IntoIter<V>(thin_vec::IntoIter<(Str, V)>);

impl<V> Iterator for IntoIter<V> {
    type Item = (Str, V);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<V> DoubleEndedIterator for IntoIter<V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back()
    }
}

impl<V> ExactSizeIterator for IntoIter<V> {}

impl<'a, V> IntoIterator for &'a Map<V> {
    type Item = (&'a Str, &'a V);
    type IntoIter = std::iter::Map<std::slice::Iter<'a, (Str, V)>, fn(&'a (Str, V)) -> (&'a Str, &'a V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(key, value)| (key, value))
    }
}

/// The slot for the value of the document's next key.
struct NextEntry<'a, V> {
    entries: &'a mut ThinVec<(Str, V)>,
    key: Str,
}

impl<V> Place<V> for NextEntry<'_, V> {
    #[inline]
    fn put(&mut self, make: impl FnOnce() -> V) -> &mut V {
        let (key, index) = (std::mem::take(&mut self.key), self.entries.len());
        // Values may be large, so they are created in place.
        self.entries.extend(std::iter::once_with(|| (key, make())));
        &mut self.entries[index].1
    }
}

impl<V: Value> Value for Map<V> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        self.clear();
        if reader.null()? {
            return Ok(());
        }
        reader.begin_object()?;
        let (mut sorted, place) = (true, reader.place());
        let expected = reader.expected_length(place, size_of::<(Str, V)>());
        reader.entries(|key, reader| {
            sorted &= self.0.last().is_none_or(|(last, _)| *last < key);
            let index = self.0.len();
            if index == self.0.capacity() {
                let more = if index == 0 { expected } else { index };
                self.0.reserve_exact(reader.charge_elements(more, size_of::<(Str, V)>())?);
            }
            V::decode_into(&mut NextEntry { entries: &mut self.0, key }, reader)
        })?;
        if !sorted {
            self.sort();
        }
        reader.note_length(place, self.0.len());
        // Decoded values are mostly kept unchanged, so spare capacity is released.
        reader.refund((self.0.capacity() - self.0.len()).saturating_mul(size_of::<(Str, V)>()));
        self.0.shrink_to_fit();
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        writer.begin_object();
        for (key, value) in self {
            writer.key(key);
            value.write(writer);
        }
        writer.end_object();
    }

    #[inline]
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

crate::serde_by_json!(Map<V>, V: Value);
