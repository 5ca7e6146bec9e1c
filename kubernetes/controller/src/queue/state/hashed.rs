use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};

/// An item with its hash. An item is looked up several times between its add and its outcome, and to hash the key of an
/// object takes longer than the rest of a lookup.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::queue) struct Hashed<T> {
    hash: u64,
    item: T,
}

impl<T: Hash> Hashed<T> {
    /// An item with its hash by a hasher that must be the same for all items of a map.
    pub(super) fn new(item: T, hasher: &impl BuildHasher) -> Self {
        Self { hash: hasher.hash_one(&item), item }
    }
}

impl<T> Hashed<T> {
    pub(in crate::queue) fn item(&self) -> &T {
        &self.item
    }
}

impl<T> Hash for Hashed<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// A map of items that have their hashes.
pub(super) type HashedMap<T, V> = HashMap<Hashed<T>, V, BuildHasherDefault<Precomputed>>;

/// Takes a number as its own hash.
#[derive(Default)]
pub(super) struct Precomputed(u64);

impl Hasher for Precomputed {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
