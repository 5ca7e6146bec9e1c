use std::any::Any;
use std::fmt;
use std::sync::{Arc, Once};

use kubernetes_client::Client;
use kubernetes_core::{Object, ObjectKey, Path, Str};
use kubernetes_election::Leadership;
use kubernetes_watch::Store;

use super::CurrentLeadership;
use super::reason::Reason;
use super::sources::Sources;
use crate::applied::Applied;
use crate::events::{Event, Recorder};
use crate::informers::{SharedInformer, WatchedRequest, WatchedStores};
use crate::queue::Reasons;

/// The second argument of a reconcile function: the client, the stores, and the reasons of the run.
///
/// Clones refer to the same run.
pub struct Context<K: Object> {
    pub(super) client: Client,
    pub(super) stores: Arc<Stores<K>>,
    pub(super) key: ObjectKey,
    pub(super) attempt: u32,
    pub(super) reasons: Arc<Reasons<Reason>>,
    pub(super) run: u64,
}

/// The stores of a controller.
pub(crate) struct Stores<K: Object> {
    pub(super) controller: Arc<str>,
    pub(super) field_manager: Option<Str>,
    pub(super) primary: Arc<SharedInformer<K>>,
    pub(super) all: Arc<WatchedStores>,
    pub(super) added: Sources<K>,
    pub(super) recorder: Option<Recorder>,
    pub(super) leadership: Option<CurrentLeadership>,
    pub(super) applied: Applied,
    /// Done once [`Context::owned`] has been asked for a type without a source.
    pub(super) has_no_source: Once,
}

impl<K: Object> Context<K> {
    /// The client to use in this run.
    ///
    /// It records its writes, so that the next run for the object starts only when the stores have seen them. Otherwise
    /// it is the controller's client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The key of the object.
    pub fn key(&self) -> &ObjectKey {
        &self.key
    }

    /// The number of this attempt: 1, and one more after each that failed.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The reasons for this run.
    pub fn reasons(&self) -> &Reasons<Reason> {
        &self.reasons
    }

    /// A number that is unique among the runs of this controller, for logs.
    pub fn run_id(&self) -> u64 {
        self.run
    }

    /// The name of the controller.
    pub fn controller_name(&self) -> &str {
        &self.stores.controller
    }

    /// The field manager of [`apply_owned`](Self::apply_owned): the [name](crate::Controller::named) of the controller, in
    /// a [`Manager`](crate::Manager) after that of the manager and a slash. `None` if the controller has no name of its
    /// own: other programs may have controllers of the same resource.
    pub fn field_manager(&self) -> Option<&str> {
        self.stores.field_manager.as_deref()
    }

    /// The controller's objects.
    pub fn store(&self) -> Store<K> {
        self.stores.primary.store()
    }

    /// The objects of the first source of this type, as [`Controller::owns`](crate::Controller::owns) and
    /// [`watches`](crate::Controller::watches) add them; `None` if there is none.
    pub fn store_of<O: Object>(&self) -> Option<Store<O>> {
        self.informers_of::<O>().first().map(|informer| informer.store())
    }

    /// The objects of this type that `owner` owns, as controller or not: those in the stores, ordered by namespace and
    /// name.
    ///
    /// ```
    /// # kubernetes_core::doc_test_resource!(Pod);
    /// # use kubernetes_controller::{Action, Context};
    /// # use std::sync::Arc;
    /// async fn reconcile(web: Arc<Pod>, context: Context<Pod>) -> Result<Action, kubernetes_client::Error> {
    ///     println!("{} owns {}", web.name(), context.owned::<Pod>(&*web).len());
    ///     Ok(Action::await_change())
    /// }
    /// ```
    ///
    /// It needs a source of this type ([`Controller::owns`](crate::Controller::owns)); without one, it logs a warning.
    pub fn owned<O: Object>(&self, owner: &K) -> Vec<Arc<O>> {
        let Some(uid) = owner.metadata().uid.as_deref() else { return Vec::new() };
        let mut found: Vec<Arc<O>> = Vec::new();
        let informers = self.informers_of::<O>();
        for informer in &informers {
            let more = informer.store().by_index(&informer.by_owner, uid);
            if found.is_empty() {
                found = more;
            } else {
                // Sources may overlap.
                let is_new = |object: &Arc<O>| !found.iter().any(|known| known.metadata().uid == object.metadata().uid);
                let more: Vec<_> = more.into_iter().filter(is_new).collect();
                found.extend(more);
            }
        }
        if informers.is_empty() {
            let (controller, of_type) = (self.controller_name(), std::any::type_name::<O>());
            self.stores.has_no_source.call_once(|| {
                tracing::warn!(
                    controller,
                    of_type,
                    "controller: owned objects are not known without a source: add `owns`"
                );
            });
        }
        found.sort_by_cached_key(|object| ObjectKey::of(&**object));
        found
    }

    /// The sources that are added and removed while the controller runs.
    pub fn sources(&self) -> &Sources<K> {
        &self.stores.added
    }

    /// The token of leadership, or of the shard, to be asked before an effect outside of Kubernetes; `None` without an
    /// election, and for a controller without a [`Manager`](crate::Manager).
    pub fn leadership(&self) -> Option<Leadership> {
        self.stores.leadership.as_ref().and_then(|current| current())
    }

    /// The recorder of events that the [controller](crate::Controller::recorder) has.
    pub fn recorder(&self) -> Option<&Recorder> {
        self.stores.recorder.as_ref()
    }

    /// Records an event about an object, if there is a [recorder](Self::recorder).
    pub fn record(&self, regarding: &impl Object, event: Event) {
        if let Some(recorder) = self.recorder() {
            recorder.record(regarding, event);
        }
    }

    /// The path of the object on the server.
    pub fn path(&self) -> Path {
        self.stores.primary.path(&self.key)
    }

    pub(crate) fn applied(&self) -> &Applied {
        &self.stores.applied
    }

    /// The informers of the sources of this type, in their order.
    pub(crate) fn informers_of<O: Object>(&self) -> Vec<Arc<SharedInformer<O>>> {
        let stores = self.stores.all.snapshot();
        let requests = stores.values().filter_map(|store| (&**store as &dyn Any).downcast_ref());
        let requests = requests.filter(|request: &&WatchedRequest<O>| request.is_first());
        requests.map(|request| Arc::clone(&request.informer)).collect()
    }
}

impl<K: Object> Clone for Context<K> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            stores: Arc::clone(&self.stores),
            key: self.key.clone(),
            attempt: self.attempt,
            reasons: Arc::clone(&self.reasons),
            run: self.run,
        }
    }
}

impl<K: Object> fmt::Debug for Context<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("key", &self.key)
            .field("attempt", &self.attempt)
            .field("reasons", &self.reasons)
            .finish_non_exhaustive()
    }
}
