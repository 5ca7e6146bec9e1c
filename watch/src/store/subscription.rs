use std::collections::VecDeque;
use std::fmt;
use std::ops::Bound;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::{FusedStream, Stream};
use kubernetes_core::{Object, ObjectKey};

use super::delta;
use super::mailbox::{Entry, Mailbox};
use super::shared::Shared;
use super::snapshot::Objects;
use crate::StoreEvent;
use crate::clock::Timer;

/// The number of objects without an event after which the task yields.
const BUDGET: usize = 128;

/// A stream of the changes of a [`Store`](crate::Store), created by [`Store::subscribe`](crate::Store::subscribe).
///
/// It begins with the current objects as [`StoreEvent::Added`], and continues with every change in order. The store has
/// each change before the subscription yields it.
///
/// **A slow subscriber does not delay others, and memory is bounded**: up to 1,024 events wait for it. If there are
/// more, it receives the difference between the last state that it received and the current state of the store: several
/// changes of an object become one, an object that was created and deleted in between is skipped, and a deletion is not
/// [observed](StoreEvent::Deleted::observed).
///
/// An object that was deleted and created again is yielded as `Deleted` and `Added`, even if the deletion was not
/// observed.
///
/// The stream ends with `None` when the store's writer or informer has ended and everything has been yielded. Dropping
/// it ends the subscription.
///
/// # Cancel safety
/// No event is lost if a future that waits for the next one is dropped.
pub struct Subscription<K: Object> {
    shared: Arc<Shared<K>>,
    mailbox: Arc<Mailbox<K>>,
    replay: Option<Replay<K>>,
    resync: Option<(Duration, Timer)>,
    synced: bool,
    over: bool,
}

impl<K: Object> Subscription<K> {
    pub(super) fn new(shared: Arc<Shared<K>>) -> Self {
        let mut mailboxes = shared.mailboxes();
        let mailbox = Arc::new(Mailbox::new(shared.read().objects()));
        if shared.is_ready() {
            mailbox.lock().synced();
        }
        mailboxes.push(Arc::clone(&mailbox));
        drop(mailboxes);
        Self { shared, mailbox, replay: None, resync: None, synced: false, over: false }
    }

    /// Periodically repeats all objects of the store, as [`StoreEvent::Updated`] with the same object as `old` and
    /// `new`, for programs that compare the actual state with the desired one at intervals. This sends no requests.
    #[must_use]
    pub fn resync_every(mut self, interval: Duration) -> Self {
        self.resync = Some((interval, Timer::default()));
        if let Some((_, timer)) = &mut self.resync {
            timer.set(Some(interval));
        }
        self
    }

    /// Whether it has yielded all objects of the first list, or those that existed when it began if that was later, in
    /// that state or a later one.
    ///
    /// This is known with the event after them, or as soon as there is no event waiting.
    pub fn is_synced(&self) -> bool {
        self.synced
    }

    fn poll_resync(&mut self, context: &mut Context<'_>) {
        let Some((interval, timer)) = &mut self.resync else { return };
        if timer.poll(context).is_ready() {
            timer.set(Some(*interval));
            let _ = timer.poll(context);
            let _order = self.shared.mailboxes();
            let now = self.shared.read().objects().clone();
            self.mailbox.lock().resync(now);
        }
    }

    /// The next event of the mailbox; `None` if there is a state to replay, or a mark was passed.
    fn poll_mailbox(&mut self, context: &mut Context<'_>) -> Poll<Option<StoreEvent<K>>> {
        let mut inbox = self.mailbox.lock();
        if inbox.seen.is_none() {
            match inbox.pop() {
                Some(Entry::Delta(delta)) => return Poll::Ready(Some(delta.event)),
                Some(Entry::Synced) => self.synced = true,
                Some(Entry::Resync(objects)) => self.replay = Some(Replay::Resync { objects, last: None }),
                None => {
                    inbox.waker = Some(context.waker().clone());
                    return Poll::Pending;
                }
            }
            return Poll::Ready(None);
        }
        drop(inbox);
        // No event can occur between reading the state and catching up.
        let _order = self.shared.mailboxes();
        let now = self.shared.read().objects().clone();
        if let Some(seen) = self.mailbox.lock().catch_up(&now) {
            self.replay = Some(Replay::Difference { seen, now, last: None, events: VecDeque::new() });
        }
        Poll::Ready(None)
    }
}

impl<K: Object> Stream for Subscription<K> {
    type Item = StoreEvent<K>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        loop {
            // After it has stopped, nothing more is put into the mailbox.
            let stopped = self.shared.is_stopped();
            if !stopped {
                self.poll_resync(context);
            }
            match self.replay.as_mut().map(Replay::next) {
                Some(Replayed::Event(event)) => return Poll::Ready(Some(event)),
                Some(Replayed::Nothing) => {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Replayed::All) => self.replay = None,
                None => match self.poll_mailbox(context) {
                    Poll::Ready(Some(event)) => return Poll::Ready(Some(event)),
                    Poll::Ready(None) => {}
                    Poll::Pending if stopped => {
                        self.over = true;
                        return Poll::Ready(None);
                    }
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
    }
}

impl<K: Object> FusedStream for Subscription<K> {
    fn is_terminated(&self) -> bool {
        self.over
    }
}

/// No object is pinned: they are only referred to.
impl<K: Object> Unpin for Subscription<K> {}

impl<K: Object> Drop for Subscription<K> {
    fn drop(&mut self) {
        self.shared.mailboxes().retain(|mailbox| !Arc::ptr_eq(mailbox, &self.mailbox));
    }
}

impl<K: Object> fmt::Debug for Subscription<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}

/// Yields objects one by one, from states that are kept until the last object is yielded.
enum Replay<K> {
    /// The difference between two states, some objects at a time; `events` are those up to `last`.
    Difference { seen: Objects<K>, now: Objects<K>, last: Option<ObjectKey>, events: VecDeque<StoreEvent<K>> },
    /// All objects again.
    Resync { objects: Objects<K>, last: Option<ObjectKey> },
}

enum Replayed<K> {
    Event(StoreEvent<K>),
    /// The empty state.
    Nothing,
    /// The previous state.
    All,
}

impl<K: Object> Replay<K> {
    fn next(&mut self) -> Replayed<K> {
        match self {
            Self::Resync { objects, last } => match after(objects, last.as_ref()) {
                Some((key, object)) => {
                    *last = Some(key.clone());
                    Replayed::Event(StoreEvent::Updated { old: Arc::clone(object), new: Arc::clone(object) })
                }
                None => Replayed::All,
            },
            Self::Difference { seen, now, last, events } => {
                if events.is_empty() {
                    let (next, deltas) = delta::after(last.as_ref(), seen, now, BUDGET);
                    if next.is_none() {
                        return Replayed::All;
                    }
                    *last = next;
                    events.extend(deltas.into_iter().map(|delta| delta.event));
                }
                events.pop_front().map_or(Replayed::Nothing, Replayed::Event)
            }
        }
    }
}

/// The first object after a key.
fn after<'a, K>(objects: &'a Objects<K>, last: Option<&ObjectKey>) -> Option<(&'a ObjectKey, &'a Arc<K>)> {
    let bound = last.map_or(Bound::Unbounded, Bound::Excluded);
    objects.range::<ObjectKey, _>((bound, Bound::Unbounded)).next()
}
