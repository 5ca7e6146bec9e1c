use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use futures_util::StreamExt;
use kubernetes_core::Object;
use kubernetes_watch::{StoreEvent, Subscription};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tracing::error;

use crate::clock;
use crate::informers::Latency;

/// A task that follows a source, until this is dropped.
pub(crate) struct Follower {
    task: AbortHandle,
    synced: watch::Receiver<bool>,
}

impl Follower {
    /// Calls `handle` for each event, and tells it whether the event is one of the initial list. How long that takes counts
    /// in `latency`.
    ///
    /// A panic of it, as in a function of the user, is logged, and the next event is handled all the same.
    pub(super) fn of_events<O: Object>(
        controller: &Arc<str>,
        latency: Latency,
        mut events: Subscription<O>,
        mut handle: impl FnMut(&StoreEvent<O>, bool) + Send + 'static,
    ) -> Self {
        let controller = Arc::clone(controller);
        Self::spawn(|synced| async move {
            let mut was_synced = false;
            // That the subscription is in step may be known before there is another event.
            while let Some(event) = poll_fn(|context| {
                let event = events.poll_next_unpin(context);
                if events.is_synced() && !was_synced {
                    was_synced = true;
                    synced.send_replace(true);
                }
                event
            })
            .await
            {
                let (is_initial, began) = (!was_synced, clock::now());
                if catch_unwind(AssertUnwindSafe(|| handle(&event, is_initial))).is_err() {
                    error!(%controller, ?event, "controller: a function that maps or filters events panicked");
                }
                latency.observe(clock::now().duration_since(began));
                tokio::task::coop::consume_budget().await;
            }
        })
    }

    /// Runs `follow` in a task; it says when all that existed has been handled.
    pub(super) fn spawn<F>(follow: impl FnOnce(watch::Sender<bool>) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (sender, synced) = watch::channel(false);
        Self { task: tokio::spawn(follow(sender)).abort_handle(), synced }
    }

    /// Waits until all that existed has been handled; if the task ends before, its source has stopped or was removed.
    pub(crate) fn synced(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut synced = self.synced.clone();
        async move {
            let _ = synced.wait_for(|synced| *synced).await;
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}
