//! The work queue.

mod add;
mod builder;
mod counts;
mod delivery;
mod reasons;
mod state;

use std::fmt;
use std::hash::Hash;
use std::pin::pin;
use std::sync::{Arc, Mutex};

use futures_util::future::{Either, select};
use kubernetes_client::sync::lock;
use kubernetes_core::Str;
use tokio::sync::Notify;

pub use add::Add;
pub use builder::QueueBuilder;
pub use counts::QueueCounts;
pub use delivery::Delivery;
pub use reasons::Reasons;

use crate::clock::{self, sleep_until};
use state::{Hashed, Next, Outcome, Phase, State};

/// A queue of items to work on, such as the keys of objects to reconcile.
///
/// ```
/// use std::time::Duration;
///
/// use kubernetes_controller::{Add, Queue};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let queue = Queue::<&str>::new();
/// queue.add("web");
/// queue.add("web");
/// queue.add_with("db", Add::new().after(Duration::from_secs(10)));
/// assert_eq!(queue.len(), 1);
///
/// let web = queue.next().await.expect("the queue has not ended");
/// assert_eq!((*web.item(), web.attempt()), ("web", 1));
/// web.retry();
/// let web = queue.next().await.expect("the queue has not ended");
/// assert_eq!((*web.item(), web.attempt()), ("web", 2));
/// web.done();
///
/// queue.drain().await;
/// assert!(queue.next().await.is_none(), "those that wait for a time are forgotten");
/// # }
/// ```
///
/// - **Two workers never have the same item.** An item that is added while a worker has it is handed out again
///   afterwards.
/// - **Adds collapse**: an item is in the queue once, with all [reasons](Reasons), the highest priority and the
///   earliest time.
/// - **Order**: by priority, then in the order in which items became ready; with
///   [`fair_by`](QueueBuilder::fair_by), each group in turn. Of 32 items in a row, one has a lower priority, and
///   of those each has its turn, so that none waits forever.
/// - **Failures**: an item that has [failed](Delivery::retry) is handed out again after its own backoff. Adding it in
///   the meantime neither shortens the backoff nor counts as a failure
///   ([kubernetes#132805](https://github.com/kubernetes/kubernetes/issues/132805)), unless the add
///   [resets](Add::reset_backoff) it.
///
/// Otherwise, the behavior is that of client-go's `workqueue` and controller-runtime's `priorityqueue`. Each operation
/// takes O(log n). Clones refer to the same queue.
pub struct Queue<T, R = ()> {
    shared: Arc<Shared<T, R>>,
}

/// The group of an item, among which workers are shared fairly.
type GroupOf<T> = Arc<dyn Fn(&T) -> Str + Send + Sync>;

struct Shared<T, R> {
    group_of: Option<GroupOf<T>>,
    state: Mutex<State<T, R>>,
    /// Signalled for one worker when there may be something for it.
    changed: Notify,
    /// Signalled after each outcome while the queue drains.
    finished: Notify,
}

impl<T: Clone + Eq + Hash, R: PartialEq> Queue<T, R> {
    /// Creates a queue with the builder's defaults.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Settings of a queue.
    pub fn builder() -> QueueBuilder<T, R> {
        QueueBuilder::new()
    }

    fn of(state: State<T, R>, group_of: Option<GroupOf<T>>) -> Self {
        let (changed, finished) = (Notify::new(), Notify::new());
        Self { shared: Arc::new(Shared { group_of, state: Mutex::new(state), changed, finished }) }
    }

    /// Adds an item, to be handed out at once. Returns false if the queue has ended.
    pub fn add(&self, item: T) -> bool {
        self.add_with(item, Add::new())
    }

    /// Adds an item, as `add` says: after a time, with a priority, for a reason.
    pub fn add_with(&self, item: T, add: Add<R>) -> bool {
        // Not under the lock: the function may panic, or look at the queue.
        let group = self.shared.group_of.as_ref().map(|group_of| group_of(&item));
        let is_added = lock(&self.shared.state).add(item, group, add, clock::now());
        self.shared.changed.notify_one();
        is_added
    }

    /// Waits for the next item; returns `None` after the queue has ended.
    ///
    /// # Cancel safety
    /// No item is lost if the future is dropped.
    pub async fn next(&self) -> Option<Delivery<T, R>> {
        loop {
            let until = match self.poll_next() {
                Next::Item(taken) => return Some(Delivery::new(self.clone(), taken)),
                Next::End => return None,
                Next::Wait(until) => until,
            };
            let watch = until.map(|_| Watch(&self.shared.changed));
            let changed = pin!(self.shared.changed.notified());
            match until {
                None => changed.await,
                Some(until) => match select(changed, pin!(sleep_until(until))).await {
                    Either::Left(_) | Either::Right(_) => {}
                },
            }
            // It looks for itself now.
            if let Some(watch) = watch {
                std::mem::forget(watch);
            }
        }
    }

    /// Takes the next item that can be handed out now.
    pub fn try_next(&self) -> Option<Delivery<T, R>> {
        match self.poll_next() {
            Next::Item(taken) => Some(Delivery::new(self.clone(), taken)),
            Next::End | Next::Wait(_) => None,
        }
    }

    fn poll_next(&self) -> Next<T, R> {
        let mut state = lock(&self.shared.state);
        let next = state.next(clock::now());
        // Another worker keeps watch: over what is left, over the next time, or over the end.
        if !matches!(next, Next::Wait(_)) && state.has_more() {
            self.shared.changed.notify_one();
        }
        next
    }

    fn finish(&self, item: Hashed<T>, outcome: Outcome<R>) {
        lock(&self.shared.state).finish(item, outcome, clock::now());
        self.shared.changed.notify_one();
        self.shared.finished.notify_waiters();
    }

    /// Hands out an item that a worker [holds](Delivery::hold) back; any other is left as it is.
    pub fn release(&self, item: &T) {
        lock(&self.shared.state).release(item.clone(), clock::now());
        self.shared.changed.notify_one();
    }

    /// Removes an item, unless a worker has it.
    pub(crate) fn remove(&self, item: &T) {
        lock(&self.shared.state).remove(item.clone());
        self.shared.finished.notify_waiters();
    }

    /// The number of items that can be handed out now.
    pub fn len(&self) -> usize {
        lock(&self.shared.state).len(clock::now())
    }

    /// Whether no item can be handed out now.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of consecutive failures of an item.
    pub fn failures(&self, item: &T) -> u32 {
        lock(&self.shared.state).failures(item.clone())
    }

    /// Ends the queue: it accepts no further items, discards those that wait for a time, and hands out the rest,
    /// followed by `None`.
    pub fn shut_down(&self) {
        self.end(Phase::ShutDown);
    }

    /// Ends the queue, and waits until workers are done with all items that it had, and with those that were added
    /// while a worker had them.
    ///
    /// # Cancel safety
    /// The queue has ended, whether this is awaited or not.
    pub async fn drain(&self) {
        self.end(Phase::Draining);
        let mut finished = pin!(self.shared.finished.notified());
        loop {
            // What happens from here on is noticed.
            finished.as_mut().enable();
            if lock(&self.shared.state).is_drained() {
                return;
            }
            finished.as_mut().await;
            finished.set(self.shared.finished.notified());
        }
    }

    fn end(&self, phase: Phase) {
        lock(&self.shared.state).end(phase);
        self.shared.changed.notify_one();
        self.shared.finished.notify_waiters();
    }

    /// Whether the queue has ended: it takes no more items.
    pub fn is_shut_down(&self) -> bool {
        lock(&self.shared.state).phase != Phase::Open
    }

    /// The numbers of the queue.
    pub fn counts(&self) -> QueueCounts {
        lock(&self.shared.state).counts(clock::now())
    }
}

/// The watch of a worker over the next time, which another has to take over if the worker is dropped.
struct Watch<'a>(&'a Notify);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl<T: Clone + Eq + Hash, R: PartialEq> Default for Queue<T, R> {
    fn default() -> Self {
        Self::new()
    }
}

// Not derived: a clone is the same queue, whatever is in it.
impl<T, R> Clone for Queue<T, R> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T: Clone + Eq + Hash, R: PartialEq> fmt::Debug for Queue<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
