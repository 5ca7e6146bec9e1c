use std::fmt;
use std::sync::Arc;

use kubernetes_core::Object;

use super::shared::Shared;
use super::transform::Transform;
use crate::{Index, StoreWriter};

/// The settings of a store, created by [`Store::builder`](crate::Store::builder).
pub struct StoreBuilder<K> {
    indexes: Vec<Index<K>>,
    transform: Option<Transform<K>>,
}

impl<K: Object> StoreBuilder<K> {
    pub(super) fn new() -> Self {
        Self { indexes: Vec::new(), transform: None }
    }

    /// Adds an index.
    #[must_use]
    pub fn index(mut self, index: &Index<K>) -> Self {
        self.indexes.push(index.clone());
        self
    }

    /// Transforms every object before it is stored, for example to save memory. Transforms are applied in the order in
    /// which they were added.
    ///
    /// It must not change name, namespace, uid or resourceVersion. To keep only metadata, request only that:
    /// [`ListRequest::metadata_only`](kubernetes_core::ListRequest::metadata_only).
    #[must_use]
    pub fn transform(mut self, transform: impl Fn(&mut K) + Send + Sync + 'static) -> Self {
        self.transform = Some(match self.transform.take() {
            None => Arc::new(transform),
            Some(before) => Arc::new(move |object| {
                before(object);
                transform(object);
            }),
        });
        self
    }

    /// Drops `metadata.managedFields`, a third of most objects, which hardly any program reads.
    #[must_use]
    pub fn drop_managed_fields(self) -> Self {
        self.transform(|object| object.metadata_mut().managed_fields = Vec::new())
    }

    /// Creates an empty store and its writer.
    pub fn build(self) -> StoreWriter<K> {
        let shared = Arc::new(Shared::new(self.indexes, 1));
        StoreWriter::new(shared, 0, self.transform)
    }

    /// Creates an empty store with several writers, each for its own namespace, selector or shard.
    ///
    /// The store has the objects of all writers; if several have an object, it has the newest state. It is ready when
    /// all writers are; without any writer, it never is.
    ///
    /// Watches are not synchronized. If selectors overlap, an object that no longer matches one of them may disappear
    /// and briefly reappear in an older state, until the other watch has caught up.
    pub fn build_with_writers(self, writers: usize) -> Vec<StoreWriter<K>> {
        let shared = Arc::new(Shared::new(self.indexes, writers));
        (0..writers).map(|source| StoreWriter::new(Arc::clone(&shared), source, self.transform.clone())).collect()
    }
}

impl<K> fmt::Debug for StoreBuilder<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreBuilder")
            .field("indexes", &self.indexes.len())
            .field("transform", &self.transform.is_some())
            .finish()
    }
}
