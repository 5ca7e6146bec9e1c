use std::time::Duration;

/// Options for adding an item to a [`Queue`](crate::Queue) with [`Queue::add_with`](crate::Queue::add_with).
///
/// ```
/// use std::time::Duration;
///
/// use kubernetes_controller::{Add, Queue};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let queue = Queue::<&str, &str>::new();
/// queue.add_with("web", Add::new().after(Duration::from_secs(30)).priority(Add::<()>::LOW).reason("resync"));
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "it does nothing until it is passed to a queue"]
pub struct Add<R = ()> {
    pub(super) after: Duration,
    pub(super) priority: i32,
    pub(super) resets_backoff: bool,
    pub(super) ends_requeue: bool,
    pub(super) reason: Option<R>,
}

impl<R> Add<R> {
    /// The priority of work that can wait: of the objects of a first list, and of those that are looked at again
    /// without a change. Others have 0. (controller-runtime's `LowPriority`.)
    pub const LOW: i32 = -100;

    /// Adds at once, with priority 0 and without a reason.
    pub fn new() -> Self {
        Self { after: Duration::ZERO, priority: 0, resets_backoff: false, ends_requeue: true, reason: None }
    }

    /// Adds after a time. If the item is already queued, the earlier time applies.
    pub fn after(mut self, delay: Duration) -> Self {
        self.after = delay;
        self
    }

    /// Sets the priority: items with a higher one are handed out first. If the item is already queued, the higher
    /// priority applies.
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// Sets the reason, which the worker gets.
    pub fn reason(mut self, reason: R) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Does not end the wait of an item that was [requeued](crate::Delivery::requeue): for a change that the worker itself
    /// has made.
    pub fn keep_requeue(mut self) -> Self {
        self.ends_requeue = false;
        self
    }

    /// Ends the backoff of an item that has failed: it is handed out at its time, as its first attempt. This is for
    /// changes that may have cured the failure.
    pub fn reset_backoff(mut self) -> Self {
        self.resets_backoff = true;
        self
    }
}

impl<R> Default for Add<R> {
    fn default() -> Self {
        Self::new()
    }
}
