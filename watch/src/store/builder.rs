use std::fmt;
use std::sync::Arc;

use kubernetes_core::Object;

use super::shared::Shared;
use super::transform::Transform;
use crate::{Index, StoreWriter};

/// Settings of a store, made by [`Store::builder`](crate::Store::builder).
pub struct StoreBuilder<K> {
    indexes: Vec<Index<K>>,
    transform: Option<Transform<K>>,
}

impl<K: Object> StoreBuilder<K> {
    pub(super) fn new() -> Self {
        Self { indexes: Vec::new(), transform: None }
    }

    /// Keeps an index.
    #[must_use]
    pub fn index(mut self, index: &Index<K>) -> Self {
        self.indexes.push(index.clone());
        self
    }

    /// Changes every object before it is stored, such as to save memory. A later transform acts on what the ones before
    /// have made.
    ///
    /// It must leave name, namespace, uid and resourceVersion as they are. To keep nothing but metadata, ask the
    /// server for no more: [`ListRequest::metadata_only`](kubernetes_core::ListRequest::metadata_only).
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

    /// Does not keep `metadata.managedFields`, a third of most objects, which hardly any program reads.
    #[must_use]
    pub fn drop_managed_fields(self) -> Self {
        self.transform(|object| object.metadata_mut().managed_fields = Vec::new())
    }

    /// An empty store, and what fills it.
    pub fn build(self) -> StoreWriter<K> {
        let shared = Arc::new(Shared::new(self.indexes, 1));
        StoreWriter::new(shared, 0, self.transform)
    }

    /// An empty store with several writers, each for its own namespace, selector or shard.
    ///
    /// The store has what any of them has; of an object that several have, the newest state. It is ready when all are.
    /// Without any, it never is.
    ///
    /// Watches are not in step. Where selectors overlap, an object that no longer matches one may go, and come back for
    /// a moment in an older state, until the other has caught up.
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
