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
    /// Calls `function` for each event, in a task of its own.
    pub(super) fn start<K: Object>(
        mut events: Subscription<K>,
        mut function: impl FnMut(StoreEvent<K>) + Send + 'static,
    ) -> Self {
        let removed = Arc::new(AtomicBool::new(false));
        let is_removed = Arc::clone(&removed);
        let (sender, synced) = watch::channel(false);
        let task = tokio::spawn(async move {
            // That the subscription is in step may be known before there is another event.
            while let Some(event) = poll_fn(|context| {
                let event = events.poll_next_unpin(context);
                if events.is_synced() && !*sender.borrow() {
                    sender.send_replace(true);
                }
                event
            })
            .await
            {
                // The task may have to go on for a while before it notices that it has been aborted.
                if is_removed.load(Ordering::Acquire) {
                    return;
                }
                function(event);
                tokio::task::coop::consume_budget().await;
            }
        });
        Self { task: task.abort_handle(), removed, synced }
    }

    /// Removes it: it is not called again, though a call on another thread may still be running. Removing it twice
    /// changes nothing.
    pub fn remove(&self) {
        self.removed.store(true, Ordering::Release);
        self.task.abort();
    }

    /// Whether it has been removed, has panicked, or has received everything since the informer ended.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// Waits until it has returned from the calls for the objects of the first list, or for those that existed when it
    /// was added if that was later. Returns `false` if it was removed, has panicked, or the informer ended before.
    ///
    /// An informer that is [ready](crate::Informer::wait_until_ready) has the objects, but calls of its handlers may
    /// still be pending.
    ///
    /// # Cancel safety
    /// Dropping the future is safe: call it again at any time.
    pub async fn wait_until_synced(&self) -> bool {
        self.synced.clone().wait_for(|synced| *synced).await.is_ok()
    }
}
