use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;
use tokio::task::AbortHandle;

/// A function that is told what happens, added by [`Informer::on_event`](crate::Informer::on_event).
///
/// Dropping this changes nothing.
#[derive(Clone, Debug)]
pub struct Handler {
    task: AbortHandle,
    removed: Arc<AtomicBool>,
    synced: watch::Receiver<bool>,
}

impl Handler {
    pub(super) fn new(task: AbortHandle, removed: Arc<AtomicBool>, synced: watch::Receiver<bool>) -> Self {
        Self { task, removed, synced }
    }

    /// Removes it: it is told no more, but for a call that is just under way on another thread. Removing twice changes
    /// nothing.
    pub fn remove(&self) {
        self.removed.store(true, Ordering::Release);
        self.task.abort();
    }

    /// Whether it has been removed, has panicked, or has been told all since the informer ended.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// Waits until it has been told of the objects that the first list brought, or that there were when it was added
    /// if that was later, and has returned from each call; whether that is so. It never will be if it was removed, has
    /// panicked, or the informer ended before.
    ///
    /// An informer that is [ready](crate::Informer::wait_until_ready) has the objects, but its handlers may still be
    /// about to be told.
    ///
    /// # Cancel safety
    /// It can be given up and called again at any time.
    pub async fn wait_until_synced(&self) -> bool {
        self.synced.clone().wait_for(|synced| *synced).await.is_ok()
    }
}
