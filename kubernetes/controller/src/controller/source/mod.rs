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
pub use stream::Trigger;

use super::Predicate;
use super::reason::Reason;
use super::tombstones::Tombstones;
use crate::consistency::Writes;
use crate::informers::{Informers, Left, SharedInformer, StoreId, Unwatchable, WatchedStores};
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
///
/// A source may have several requests, such as one for each namespace in which the program has a Role. Each has a watch of
/// its own; the controller sees their objects as one set.
///
/// ```
/// # kubernetes_core::doc_test_resource!(Pod);
/// use kubernetes_controller::Source;
/// use kubernetes_core::ListRequest;
///
/// let namespaces = ["shop", "billing"];
/// let pods: Source<Pod> = namespaces.iter().map(|namespace| ListRequest::namespaced(namespace)).collect();
/// ```
///
/// The requests must be for one resource, and a source needs at least one: a controller that has none does not start.
#[must_use = "a source does nothing until it is given to a controller"]
pub struct Source<K> {
    pub(crate) requests: Vec<ListRequest<K>>,
    pub(crate) predicate: Option<Predicate<K>>,
    /// The events that end a backoff, if that is not the default.
    backoff_ends: Option<Predicate<K>>,
    pub(crate) drops_managed_fields: bool,
}

impl<K: Watchable> Source<K> {
    /// All events of the objects that `request` lists.
    pub fn new(request: ListRequest<K>) -> Self {
        Self::from_iter([request])
    }

    /// Adds the objects of another request for the same resource, such as in another namespace or with another selector.
    /// An object that several requests select is watched several times, and known once.
    pub fn and(mut self, request: ListRequest<K>) -> Self {
        self.requests.push(request);
        self
    }

    /// Leaves out events that do not pass. Several predicates must all pass.
    pub fn filter(mut self, predicate: Predicate<K>) -> Self {
        self.predicate = Some(match self.predicate {
            None => predicate,
            Some(first) => first.and(predicate),
        });
        self
    }

    /// Events that may cure a run which has failed, of those that pass the [filter](Self::filter): they start one at once, as
    /// the first attempt. Others leave a backoff alone, as they may be noise, or made by runs.
    ///
    /// ```
    /// # kubernetes_core::doc_test_resource!(Pod);
    /// # use Pod as Secret;
    /// use kubernetes_controller::{Predicate, Source};
    /// use kubernetes_core::ListRequest;
    ///
    /// let passwords = ListRequest::<Secret>::all_namespaces().label_selector("app=db");
    /// let passwords = Source::new(passwords).ends_backoff(Predicate::resource_version_changed());
    /// ```
    ///
    /// By default, these are, of objects that are [watched](crate::Controller::watches), the creations, and of objects that
    /// are [owned](crate::Controller::owns) none, for runs create them. Of the controller's own objects, changes of the
    /// generation and of what has none always do, unless a run has made them.
    pub fn ends_backoff(mut self, events: Predicate<K>) -> Self {
        self.backoff_ends = Some(events);
        self
    }

    /// Does not keep `metadata.managedFields`, a third of most objects. `apply_owned` then sends a child that another has
    /// changed, or that it has not applied since the program began, as it can't tell whether the child is as it should be;
    /// and it reads the metadata of an object of the owner that is not in its set, to see whether it was.
    pub fn drop_managed_fields(mut self) -> Self {
        self.drops_managed_fields = true;
        self
    }

    fn informer<P: Object>(&self, enqueuer: &Enqueuer<P>) -> Result<Arc<SharedInformer<K>>, Unwatchable> {
        let Enqueuer { informers, client, left, .. } = enqueuer;
        informers.get(client, &self.requests, self.drops_managed_fields, None, &[], left)
    }
}

impl<K> Source<K> {
    fn passes(&self, event: &StoreEvent<K>) -> bool
    where
        K: Object,
    {
        self.predicate.as_ref().is_none_or(|predicate| predicate.passes(event))
    }

    fn ends_backoff_by(&self, event: &StoreEvent<K>, default: bool) -> bool
    where
        K: Object,
    {
        self.backoff_ends.as_ref().map_or(default, |events| events.passes(event))
    }
}

impl<K: Watchable> From<ListRequest<K>> for Source<K> {
    fn from(request: ListRequest<K>) -> Self {
        Self::new(request)
    }
}

impl<K: Watchable> FromIterator<ListRequest<K>> for Source<K> {
    fn from_iter<I: IntoIterator<Item = ListRequest<K>>>(requests: I) -> Self {
        let requests = requests.into_iter().collect();
        Self { requests, predicate: None, backoff_ends: None, drops_managed_fields: false }
    }
}

impl<K> fmt::Debug for Source<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("requests", &self.requests).finish_non_exhaustive()
    }
}

/// The receiver of the keys that sources find.
pub(crate) struct Enqueuer<K: Object> {
    pub(crate) name: Arc<str>,
    pub(crate) client: Client,
    pub(crate) informers: Informers,
    pub(crate) queue: Queue<ObjectKey, Reason>,
    pub(crate) primary: Arc<SharedInformer<K>>,
    pub(crate) stores: Arc<WatchedStores>,
    pub(crate) left: Left,
    pub(crate) writes: Arc<Writes>,
    pub(crate) tombstones: Option<Arc<Tombstones<K>>>,
    /// Whether runs have started. Before that, as in a replica that waits for leadership, deletions are another's.
    pub(crate) has_started_runs: AtomicBool,
}

impl<K: Object> Enqueuer<K> {
    /// Adds a key for an event of something else than its object.
    fn add(&self, key: ObjectKey, add: Add<Reason>) {
        // Of the controllers of several shards, that of the object's shard runs; its creation is an event of its own.
        if self.primary.has_shard() && self.primary.store().get_key(&key).is_none() {
            return;
        }
        self.queue.add_with(key, add);
    }
}

/// A source of any kind, for a controller of `K`.
pub(crate) trait AnySource<K: Object>: Send {
    /// Starts to watch.
    fn start(self: Box<Self>, enqueuer: &Arc<Enqueuer<K>>) -> Result<Started, Unwatchable>;
}

/// A source that watches.
pub(crate) struct Started {
    /// The stores of its requests, in the controller's.
    pub(crate) stores: Vec<StoreId>,
    pub(crate) follower: Follower,
}

/// Whether an event is not about a change: work for it can wait.
fn is_low<K>(event: &StoreEvent<K>, is_initial: bool) -> bool {
    event.is_resync() || is_initial && matches!(event, StoreEvent::Added(_))
}
