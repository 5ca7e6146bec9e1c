use tokio::task::AbortHandle;

/// A function that is told what happens, added by [`Informer::on_event`](crate::Informer::on_event).
///
/// Dropping this changes nothing.
#[derive(Clone, Debug)]
pub struct Handler {
    task: AbortHandle,
}

impl Handler {
    pub(super) fn new(task: AbortHandle) -> Self {
        Self { task }
    }

    /// Removes it: no call begins after this one that has not begun before. Removing twice changes nothing.
    pub fn remove(&self) {
        self.task.abort();
    }

    /// Whether it has been removed, has panicked, or has been told all since the informer ended.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }
}
