use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;
use kubernetes_core::Object;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::{StoreEvent, Subscription};

/// A function that is called for each change, added by [`Informer::on_event`](crate::Informer::on_event).
///
/// Dropping this changes nothing.
#[derive(Clone, Debug)]
pub struct Handler {
    task: AbortHandle,
    removed: Arc<AtomicBool>,
    synced: watch::Receiver<bool>,
}

impl Handler {
    /// Starts a task that calls `function` for each event.
    pub(super) fn start<K: Object>(
        mut events: Subscription<K>,
        mut function: impl FnMut(StoreEvent<K>) + Send + 'static,
    ) -> Self {
        let removed = Arc::new(AtomicBool::new(false));
        let is_removed = Arc::clone(&removed);
        let (sender, synced) = watch::channel(false);
        let task = tokio::spawn(async move {
            // The subscription may be known to be in sync before there is another event.
            while let Some(event) = poll_fn(|context| {
                let event = events.poll_next_unpin(context);
                if events.is_synced() && !*sender.borrow() {
                    sender.send_replace(true);
                }
                event
            })
            .await
            {
                // The task may run for a while before it notices that it has been aborted.
                if is_removed.load(Ordering::Acquire) {
                    return;
                }
                function(event);
                tokio::task::coop::consume_budget().await;
            }
        });
        Self { task: task.abort_handle(), removed, synced }
    }

    /// Removes the handler: it is not called again, although a call on another thread may still be running. Removing it
    /// twice has no effect.
    pub fn remove(&self) {
        self.removed.store(true, Ordering::Release);
        self.task.abort();
    }

    /// Whether the handler has been removed, has panicked, or has received everything after the informer ended.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// Waits until the handler has been called for all objects of the first list, or for those that existed when it was
    /// added, if that was later. Returns `false` if it was removed or has panicked, or if the informer ended before.
    ///
    /// An informer that is [ready](crate::Informer::wait_until_ready) has the objects, but calls of its handlers may
    /// still be pending.
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing is lost: call the function again at any time.
    pub async fn wait_until_synced(&self) -> bool {
        self.synced.clone().wait_for(|synced| *synced).await.is_ok()
    }
}
