//! The sources of a controller: they turn events into keys of its objects.

mod all;
mod follow;
mod mapped;
mod owned;
mod primary;
mod related;
mod stream;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use kubernetes_client::Client;
use kubernetes_core::{ListRequest, Object, ObjectKey, Watchable};
use kubernetes_watch::StoreEvent;

pub(crate) use all::All;
pub(crate) use follow::Follower;
pub(crate) use mapped::Mapped;
pub(crate) use owned::Owned;
pub(crate) use primary::start as start_primary;
pub(crate) use stream::Stream;

use super::Predicate;
use super::reason::Reason;
use super::tombstones::Tombstones;
use crate::consistency::Writes;
use crate::informers::{Informers, SharedInformer, WatchedStore};
use crate::queue::{Add, Queue};

/// Objects that a controller watches, and which of their events count.
///
/// ```
/// # kubernetes_core::doc_test_resource!(Pod);
/// use kubernetes_controller::{Predicate, Source};
/// use kubernetes_core::ListRequest;
///
/// let pods = Source::new(ListRequest::<Pod>::all_namespaces().label_selector("app=web"))
///     .filter(Predicate::resource_version_changed())
///     .drop_managed_fields();
/// ```
///
/// A [`ListRequest`] is a source of all events.
#[must_use = "a source does nothing until it is given to a controller"]
pub struct Source<K> {
    pub(crate) request: ListRequest<K>,
    pub(crate) predicate: Option<Predicate<K>>,
    pub(crate) drops_managed_fields: bool,
}

impl<K: Watchable> Source<K> {
    /// All events of the objects that `request` lists.
    pub fn new(request: ListRequest<K>) -> Self {
        Self { request, predicate: None, drops_managed_fields: false }
    }

    /// Leaves out events that do not pass. Several predicates must all pass.
    pub fn filter(mut self, predicate: Predicate<K>) -> Self {
        self.predicate = Some(match self.predicate {
            None => predicate,
            Some(first) => first.and(predicate),
        });
        self
    }

    /// Does not keep `metadata.managedFields`, a third of most objects. `apply_owned` then sends a child that another has
    /// changed, or that it has not applied since the program began, as it can't tell whether the child is as it should be.
    pub fn drop_managed_fields(mut self) -> Self {
        self.drops_managed_fields = true;
        self
    }

    fn informer(&self, informers: &Informers, client: &Client) -> Option<Arc<SharedInformer<K>>> {
        informers.get(client, &self.request, self.drops_managed_fields, None)
    }
}

impl<K> Source<K> {
    fn passes(&self, event: &StoreEvent<K>) -> bool
    where
        K: Object,
    {
        self.predicate.as_ref().is_none_or(|predicate| predicate.passes(event))
    }
}

impl<K: Watchable> From<ListRequest<K>> for Source<K> {
    fn from(request: ListRequest<K>) -> Self {
        Self::new(request)
    }
}

impl<K> fmt::Debug for Source<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("request", &self.request).finish_non_exhaustive()
    }
}

/// The receiver of the keys that sources find.
pub(crate) struct Target<K: Object> {
    pub(crate) name: Arc<str>,
    pub(crate) client: Client,
    pub(crate) informers: Informers,
    pub(crate) queue: Queue<ObjectKey, Reason>,
    pub(crate) primary: Arc<SharedInformer<K>>,
    pub(crate) writes: Arc<Writes>,
    pub(crate) tombstones: Option<Arc<Tombstones<K>>>,
    /// Whether runs have started. Before that, as in a replica that waits for leadership, deletions are another's.
    pub(crate) has_begun: AtomicBool,
}

impl<K: Object> Target<K> {
    /// Adds a key for an event of a related object.
    fn add(&self, key: ObjectKey, reason: Reason, is_low: bool) {
        // Of the controllers of several shards, that of the object's shard runs; when it comes, so does its own event.
        if self.primary.scope.has_shard() && self.primary.store().get_key(&key).is_none() {
            return;
        }
        let add = Add::new().reason(reason);
        self.queue.add_with(key, if is_low { add.priority(Add::<()>::LOW) } else { add });
    }
}

/// A source of any kind, for a controller of `K`.
pub(crate) trait AnySource<K: Object>: Send {
    /// Starts to watch; `None` if that is not possible.
    fn start(self: Box<Self>, target: &Arc<Target<K>>) -> Option<Started>;
}

/// A source that watches.
pub(crate) struct Started {
    /// The objects that it watches.
    pub(crate) store: Option<Arc<dyn WatchedStore>>,
    pub(crate) follower: Follower,
}

/// Whether an event is not about a change: work for it can wait.
fn is_low<K>(event: &StoreEvent<K>, is_initial: bool) -> bool {
    event.is_resync() || is_initial && matches!(event, StoreEvent::Added(_))
}
