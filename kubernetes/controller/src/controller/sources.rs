use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use kubernetes_client::sync::lock;
use kubernetes_core::{Object, ObjectKey, Str, Watchable};
use kubernetes_watch::Store;

use super::error::{Cause, ControllerError};
use super::source::{AnySource, Enqueuer, Mapped, Owned, Source, Started};
use crate::informers::WatchedRequest;

/// How many sources may be added.
const MAX_ADDED: usize = 1_000;

/// The sources that are added to a controller, and removed from it, while it runs: of kinds that it learns of at run time.
/// Available as [`Context::sources`](crate::Context::sources) and [`Runner::sources`](crate::Runner::sources).
///
/// ```
/// # kubernetes_core::doc_test_resource!(Pod);
/// # use Pod as Claim;
/// # use Pod as Bucket;
/// use std::sync::Arc;
///
/// use kubernetes_controller::{Action, Context, ControllerError};
/// use kubernetes_core::ListRequest;
///
/// async fn reconcile(claim: Arc<Claim>, context: Context<Claim>) -> Result<Action, ControllerError> {
///     // The first claim starts the watch.
///     context.sources().owns("buckets", ListRequest::<Bucket>::all_namespaces())?;
///     println!("{} has {} buckets", claim.name(), context.owned::<Bucket>(&*claim).len());
///     Ok(Action::await_change())
/// }
/// ```
///
/// Each has a name; to add one again changes nothing, so that every run may do so. A source that was added behaves as one
/// that the controller has from the start: it shares the [informer](crate::Informers) of its requests, the controller runs
/// for the objects that exist already, a resource that is missing is awaited, and runs wait until they see writes that were
/// made since. So add a source before you write its objects. Runs do not wait for its first list: until then,
/// [`Context::owned`](crate::Context::owned) finds none of its objects, and its [store](Self::store) is not
/// [ready](Store::is_ready).
///
/// When the resource of a source is deleted, its watch is retried until the source is [removed](Self::remove).
///
/// They may be added from any thread, and run where the controller does. A controller may have 1,000 of these sources. They
/// end with it. In a [shard](crate::Manager::sharded), they are those of the shard's controller. A clone refers to the same
/// sources.
pub struct Sources<K: Object>(Arc<Shared<K>>);

struct Shared<K: Object> {
    controller: Arc<str>,
    state: Mutex<State<K>>,
}

enum State<K: Object> {
    /// The controller has not started.
    New(BTreeMap<Str, Box<dyn AnySource<K>>>),
    Running {
        enqueuer: Arc<Enqueuer<K>>,
        added: BTreeMap<Str, Started>,
    },
    Ended,
}

/// Ends the sources of a controller when it is dropped.
pub(super) struct EndOnDrop<K: Object>(pub(super) Sources<K>);

impl<K: Object> Drop for EndOnDrop<K> {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl<K: Object> State<K> {
    fn len(&self) -> usize {
        match self {
            Self::New(added) => added.len(),
            Self::Running { added, .. } => added.len(),
            Self::Ended => 0,
        }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::New(added) => added.contains_key(name),
            Self::Running { added, .. } => added.contains_key(name),
            Self::Ended => false,
        }
    }
}

impl<K: Watchable> Sources<K> {
    /// Adds a source as [`Controller::owns`](crate::Controller::owns) does, unless there is one of this name. Returns
    /// whether it was added.
    ///
    /// # Errors
    /// Returns an error if the controller has ended or has too many of these sources, or if a request does not name a
    /// resource. If the controller has not started, it fails then.
    pub fn owns<O: Watchable>(
        &self,
        name: impl Into<Str>,
        objects: impl Into<Source<O>>,
    ) -> Result<bool, ControllerError> {
        self.add(name.into(), Owned { source: objects.into(), any_owner: false })
    }

    /// Adds a source as [`Controller::owns_by_any_reference`](crate::Controller::owns_by_any_reference) does.
    ///
    /// # Errors
    /// See [`owns`](Self::owns).
    pub fn owns_by_any_reference<O: Watchable>(
        &self,
        name: impl Into<Str>,
        objects: impl Into<Source<O>>,
    ) -> Result<bool, ControllerError> {
        self.add(name.into(), Owned { source: objects.into(), any_owner: true })
    }

    /// Adds a source as [`Controller::watches`](crate::Controller::watches) does.
    ///
    /// # Errors
    /// See [`owns`](Self::owns).
    pub fn watches<O, I>(
        &self,
        name: impl Into<Str>,
        objects: impl Into<Source<O>>,
        map: impl Fn(&O) -> I + Send + 'static,
    ) -> Result<bool, ControllerError>
    where
        O: Watchable,
        I: IntoIterator<Item = ObjectKey> + 'static,
    {
        self.watches_with(name, objects, move |object, _| map(object))
    }

    /// Adds a source as [`Controller::watches_with`](crate::Controller::watches_with) does.
    ///
    /// # Errors
    /// See [`owns`](Self::owns).
    pub fn watches_with<O, I>(
        &self,
        name: impl Into<Str>,
        objects: impl Into<Source<O>>,
        map: impl Fn(&O, &Store<K>) -> I + Send + 'static,
    ) -> Result<bool, ControllerError>
    where
        O: Watchable,
        I: IntoIterator<Item = ObjectKey> + 'static,
    {
        self.add(name.into(), Mapped { source: objects.into(), map })
    }

    fn add(&self, name: Str, source: impl AnySource<K> + 'static) -> Result<bool, ControllerError> {
        let mut state = lock(&self.0.state);
        if state.has(&name) {
            return Ok(false);
        }
        if state.len() >= MAX_ADDED {
            return Err(ControllerError::new(&self.0.controller, Cause::TooManySources(MAX_ADDED)));
        }
        match &mut *state {
            State::New(added) => drop(added.insert(name, Box::new(source))),
            State::Running { enqueuer, added } => {
                let started = start(Box::new(source), &name, enqueuer)?;
                added.insert(name, started);
            }
            State::Ended => return Err(ControllerError::new(&self.0.controller, Cause::Ended)),
        }
        Ok(true)
    }
}

fn start<K: Object>(
    source: Box<dyn AnySource<K>>,
    name: &str,
    enqueuer: &Arc<Enqueuer<K>>,
) -> Result<Started, ControllerError> {
    let unwatchable = |reason| Cause::Unwatchable { source: Some(format!("source {name}")), reason };
    let _entered = enqueuer.runtime.enter();
    source.start(enqueuer).map_err(|reason| ControllerError::new(&enqueuer.name, unwatchable(reason)))
}

impl<K: Object> Sources<K> {
    pub(super) fn new(controller: &Arc<str>) -> Self {
        Self(Arc::new(Shared { controller: Arc::clone(controller), state: Mutex::new(State::New(BTreeMap::new())) }))
    }

    /// Removes a source: its watch ends, unless another controller or source has the same. Returns whether there was one.
    ///
    /// Runs that were requested already take place, and those that wait until its store has seen a write go on.
    pub fn remove(&self, name: &str) -> bool {
        match &mut *lock(&self.0.state) {
            State::New(added) => added.remove(name).is_some(),
            State::Running { enqueuer, added } => {
                let Some(started) = added.remove(name) else { return false };
                let informers = enqueuer.stores.remove(&started.stores);
                enqueuer.left.add(informers, &enqueuer.informers);
                true
            }
            State::Ended => false,
        }
    }

    /// The objects of a source; `None` if there is none of this name, its objects have another type, or the controller does
    /// not run.
    pub fn store<O: Object>(&self, name: &str) -> Option<Store<O>> {
        let State::Running { enqueuer, added } = &*lock(&self.0.state) else { return None };
        let id = added.get(name)?.stores.first()?;
        let stores = enqueuer.stores.snapshot();
        let request: &WatchedRequest<O> = (&**stores.get(id)? as &dyn Any).downcast_ref()?;
        Some(request.informer.store())
    }

    /// The names of the sources, in order.
    pub fn names(&self) -> Vec<Str> {
        match &*lock(&self.0.state) {
            State::New(added) => added.keys().cloned().collect(),
            State::Running { added, .. } => added.keys().cloned().collect(),
            State::Ended => Vec::new(),
        }
    }

    /// Starts those that were added before.
    pub(super) fn start(&self, enqueuer: &Arc<Enqueuer<K>>) -> Result<(), ControllerError> {
        let mut state = lock(&self.0.state);
        let State::New(waiting) = &mut *state else { return Ok(()) };
        let started = std::mem::take(waiting).into_iter().map(|(name, source)| {
            let started = start(source, &name, enqueuer)?;
            Ok((name, started))
        });
        let added = started.collect::<Result<_, ControllerError>>()?;
        *state = State::Running { enqueuer: Arc::clone(enqueuer), added };
        Ok(())
    }

    /// Waits until the objects of those that there are have been listed, and their keys added.
    pub(super) async fn wait_until_synced(&self) {
        let synced = match &*lock(&self.0.state) {
            State::Running { added, .. } => added.values().map(|started| started.follower.synced()).collect(),
            State::New(_) | State::Ended => Vec::new(),
        };
        join_all(synced).await;
    }

    /// Ends all of them, and takes no more.
    pub(super) fn end(&self) {
        let before = std::mem::replace(&mut *lock(&self.0.state), State::Ended);
        if let State::Running { enqueuer, added } = before {
            added.values().for_each(|started| drop(enqueuer.stores.remove(&started.stores)));
        }
    }
}

impl<K: Object> Clone for Sources<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Object> fmt::Debug for Sources<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").field("names", &self.names()).finish()
    }
}
