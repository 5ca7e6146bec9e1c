use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use kubernetes_client::sync::lock;
use kubernetes_core::ObjectKey;

/// The last states of objects that were deleted, until a run has handled that.
pub(crate) struct Tombstones<K>(Mutex<HashMap<ObjectKey, Arc<K>>>);

impl<K> Tombstones<K> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    pub(crate) fn insert(&self, key: ObjectKey, last: Arc<K>) {
        lock(&self.0).insert(key, last);
    }

    pub(crate) fn get(&self, key: &ObjectKey) -> Option<Arc<K>> {
        lock(&self.0).get(key).cloned()
    }

    /// Removes a state that was handled, unless the object was created and deleted once more.
    pub(crate) fn remove(&self, key: &ObjectKey, handled: &Arc<K>) {
        let mut tombstones = lock(&self.0);
        if tombstones.get(key).is_some_and(|last| Arc::ptr_eq(last, handled)) {
            tombstones.remove(key);
        }
    }
}
