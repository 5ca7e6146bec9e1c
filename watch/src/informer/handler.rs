use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::AbortHandle;

/// A function that is told what happens, added by [`Informer::on_event`](crate::Informer::on_event).
///
/// Dropping this changes nothing.
#[derive(Clone, Debug)]
pub struct Handler {
    task: AbortHandle,
    removed: Arc<AtomicBool>,
}

impl Handler {
    pub(super) fn new(task: AbortHandle, removed: Arc<AtomicBool>) -> Self {
        Self { task, removed }
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
}
