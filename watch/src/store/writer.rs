use std::fmt;
use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use kubernetes_core::{Object, ObjectKey, ObjectMeta};
use tracing::error;

use super::shared::Shared;
use super::snapshot::Objects;
use super::transform::Transform;
use super::version::is_same_state;
use crate::{Change, Error, Store};

/// Writes the changes that a [`Reflector`](crate::Reflector) yields into a [`Store`].
///
/// When it is dropped, the store, including its other writers, has [stopped](crate::Stopped), but keeps its objects. If
/// the writer is dropped because the task panics, the cause [says so](crate::Error::is_panic).
pub struct StoreWriter<K: Object> {
    shared: Arc<Shared<K>>,
    source: usize,
    transform: Option<Transform<K>>,
    staged: Option<Staged<K>>,
    /// Whether the store continues without this writer.
    retired: bool,
}

/// An incomplete list.
struct Staged<K> {
    /// The objects that the store had before.
    before: Objects<K>,
    objects: Objects<K>,
}

impl<K: Object> StoreWriter<K> {
    pub(super) fn new(shared: Arc<Shared<K>>, source: usize, transform: Option<Transform<K>>) -> Self {
        Self { shared, source, transform, staged: None, retired: false }
    }

    /// The store.
    pub fn store(&self) -> Store<K> {
        Store::of(&self.shared)
    }

    /// Applies a change.
    ///
    /// Readers see all changes between [`Change::RestartBegin`] and [`Change::RestartEnd`] at once, at the end; objects
    /// that have not changed since the previous list stay the same values.
    pub fn apply(&mut self, change: Change<K>) {
        match change {
            Change::RestartBegin => {
                let before = self.shared.objects_of(self.source);
                self.staged = Some(Staged { before, objects: Objects::new_sync() });
            }
            Change::Applied(object) => self.applied(object),
            Change::Deleted(object) => self.deleted(object),
            Change::RestartEnd => {
                if let Some(Staged { before, objects }) = self.staged.take() {
                    self.shared.replace(self.source, &before, objects);
                }
            }
            Change::Bookmark(bookmark) => self.shared.progressed(self.source, Some(bookmark.resource_version)),
        }
    }

    fn applied(&mut self, object: K) {
        let key = ObjectKey::of(&object);
        let known = self.staged.as_ref().and_then(|staged| staged.before.get(&key));
        let object = match known.filter(|known| is_same_state(&***known, &object)) {
            Some(known) => Arc::clone(known),
            None => self.transformed(object),
        };
        match &mut self.staged {
            Some(staged) => staged.objects.insert_mut(key, object),
            None => self.shared.change(self.source, key, Some(object), None),
        }
    }

    fn deleted(&mut self, object: K) {
        let key = ObjectKey::of(&object);
        if let Some(staged) = &mut self.staged {
            staged.objects.remove_mut(&key);
            return;
        }
        let last = self.transformed(object);
        self.shared.change(self.source, key, None, Some(last));
    }

    /// Records that an object exists whose state can't be decoded: the store keeps the previous state.
    pub(crate) fn keep(&mut self, metadata: &ObjectMeta) {
        let key = ObjectKey::new(metadata.namespace.as_deref(), metadata.name.as_deref().unwrap_or_default());
        let is_same = |known: &Arc<K>| known.metadata().uid == metadata.uid;
        match &mut self.staged {
            Some(Staged { before, objects }) => {
                if let Some(known) = before.get(&key).filter(|known| is_same(known)) {
                    objects.insert_mut(key, Arc::clone(known));
                }
            }
            None => {
                let known = self.shared.read().get_key(&key);
                if known.is_some_and(|known| !is_same(&known)) {
                    self.shared.change(self.source, key, None, None);
                }
                self.shared.progressed(self.source, metadata.resource_version.clone());
            }
        }
    }

    /// Records the deletion of an object whose last state can't be decoded.
    pub(crate) fn delete_without_state(&mut self, metadata: &ObjectMeta) {
        let key = ObjectKey::new(metadata.namespace.as_deref(), metadata.name.as_deref().unwrap_or_default());
        match &mut self.staged {
            Some(staged) => {
                staged.objects.remove_mut(&key);
            }
            None => {
                self.shared.change(self.source, key, None, None);
                self.shared.progressed(self.source, metadata.resource_version.clone());
            }
        }
    }

    fn transformed(&self, mut object: K) -> Arc<K> {
        if let Some(transform) = &self.transform {
            transform(&mut object);
        }
        Arc::new(object)
    }

    /// Applies all changes of a stream, until it ends.
    ///
    /// # Errors
    /// Returns the stream's error. The writer can continue with a new stream.
    ///
    /// # Cancel safety
    /// If the future is dropped, every change that was taken from the stream has been applied.
    pub async fn follow(&mut self, changes: impl Stream<Item = Result<Change<K>, Error>>) -> Result<(), Error> {
        let mut changes = std::pin::pin!(changes);
        while let Some(change) = changes.next().await {
            self.apply(change?);
            // Many changes may arrive together, so the task yields between them.
            tokio::task::coop::consume_budget().await;
        }
        Ok(())
    }

    /// Ends a source without objects; the store continues with the others.
    pub(crate) fn retire(mut self) {
        self.retired = true;
        self.shared.retire(self.source);
    }

    /// Stops the store; waiting callers receive the cause. Changes by other writers of the store are no longer applied.
    pub fn stop(self, cause: impl Into<Option<Error>>) {
        self.shared.stop(cause.into());
    }
}

impl<K: Object> Drop for StoreWriter<K> {
    fn drop(&mut self) {
        if !self.retired && !self.shared.is_stopped() {
            let cause = std::thread::panicking().then(|| {
                error!("the task that fills a store has panicked: the store is no longer updated");
                Error::panicked()
            });
            self.shared.stop(cause);
        }
    }
}

impl<K: Object> fmt::Debug for StoreWriter<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreWriter").field("store", &self.store()).finish_non_exhaustive()
    }
}
