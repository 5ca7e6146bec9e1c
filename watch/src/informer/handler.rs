use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;
use kubernetes_core::Object;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::{StoreEvent, Subscription};

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
