//! The controller.

mod action;
mod context;
mod counts;
mod error;
mod failure;
mod finalizer;
mod monitor;
mod monitors;
mod paused;
mod predicate;
mod program;
mod reason;
mod runner;
mod settings;
mod source;
mod sources;
mod stop_by;
mod terminal;
mod tombstones;

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::StreamExt;
use kubernetes_client::Client;
use kubernetes_core::{ObjectKey, Str, Watchable};
use kubernetes_election::HeldShard;
use kubernetes_watch::{Index, Store};

pub use action::Action;
pub use context::Context;
pub use counts::ControllerCounts;
pub use error::ControllerError;
pub use finalizer::Cleanup;
pub use monitor::Monitor;
pub(crate) use monitors::Monitors;
pub use predicate::Predicate;
pub(crate) use program::{CurrentLeadership, Program};
pub use reason::Reason;
pub use runner::Runner;
pub use source::{Source, Trigger};
pub use sources::Sources;
pub(crate) use stop_by::StopBy;
pub use terminal::Terminal;

use crate::informers::Informers;
use finalizer::Finalizer;
use settings::Settings;
use source::{All, AnySource, Mapped, Owned, Stream};

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;
pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A function that is called for an object.
pub(crate) type ObjectFunction<K, T> = Arc<dyn Fn(Arc<K>, Context<K>) -> BoxFuture<Result<T, BoxError>> + Send + Sync>;

/// Calls a function for each object of a resource when something about it has changed, so that the function can
/// establish the state that the object specifies.
///
/// ```no_run
/// # kubernetes_core::doc_test_resource!(Pod);
/// # use Pod as CronTab;
/// # use Pod as Job;
/// use std::sync::Arc;
///
/// use kubernetes_client::{Client, Error};
/// use kubernetes_controller::{Action, Context, Controller};
/// use kubernetes_core::ListRequest;
///
/// async fn reconcile(tab: Arc<CronTab>, context: Context<CronTab>) -> Result<Action, Error> {
///     let jobs = context.owned::<Job>(&*tab);
///     println!("{} has {} jobs, {:?}", tab.name(), jobs.len(), context.reasons());
///     Ok(Action::await_change())
/// }
///
/// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
/// Controller::new(&client, ListRequest::<CronTab>::all_namespaces())
///     .owns(ListRequest::<Job>::all_namespaces())
///     .concurrency(8)
///     .run(reconcile)
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// # Guarantees
///
/// - **One run at a time for an object**, and another after it if something has changed in the meantime. Several
///   triggers become one run.
/// - **A run sees what earlier runs for the same object have written**: it starts when all stores that should have
///   these writes have seen them, without delaying other objects. See
///   [`consistency_timeout`](Self::consistency_timeout).
/// - **Errors are retried** after 5 ms, doubling up to 1,000 s, until a run succeeds. Triggers that may have cured the
///   failure start over at once: a change of the object's specification (its generation), and see
///   [`Source::ends_backoff`]. Others neither shorten nor prolong the delay. After a [`Terminal`] error, the next run
///   waits for a change.
/// - **A panic or a timeout** is an error of that run.
/// - **Order**: objects of the initial list and resyncs come after others, and namespaces take turns. See
///   [`Queue`](crate::Queue).
/// - **A missing resource is awaited**, even if it disappears later; the store keeps its objects in that time.
#[must_use = "a controller does nothing until it runs"]
pub struct Controller<K: Watchable> {
    client: Client,
    primary: Source<K>,
    indexes: Vec<Index<K>>,
    sources: Vec<Box<dyn AnySource<K>>>,
    /// Its own, if there are none.
    informers: Option<Informers>,
    settings: Settings<K>,
}

impl<K: Watchable> Controller<K> {
    /// Creates a controller of the objects of a source, which may be a [`ListRequest`](kubernetes_core::ListRequest).
    ///
    /// In several namespaces:
    ///
    /// ```
    /// # kubernetes_core::doc_test_resource!(Pod);
    /// # use Pod as CronTab;
    /// # use kubernetes_controller::{Controller, Source};
    /// # use kubernetes_core::ListRequest;
    /// # fn example(client: &kubernetes_client::Client, namespaces: &[String]) {
    /// let tabs: Source<CronTab> = namespaces.iter().map(ListRequest::namespaced).collect();
    /// let controller = Controller::new(client, tabs);
    /// # }
    /// ```
    pub fn new(client: &Client, objects: impl Into<Source<K>>) -> Self {
        let primary = objects.into();
        Self {
            client: client.clone(),
            settings: Settings::new(name_of(&primary)),
            primary,
            indexes: Vec::new(),
            sources: Vec::new(),
            informers: None,
        }
    }

    /// Runs for the owner when an object that it owns as its controller is created, changed or deleted.
    ///
    /// Owners are found by group, kind and name, in any version, and by uid. If an object changes its owner, both run.
    pub fn owns<O: Watchable>(self, objects: impl Into<Source<O>>) -> Self {
        self.source(Owned { source: objects.into(), any_owner: false })
    }

    /// Like [`owns`](Self::owns), but for each owner of an object, not just its controller. (controller-runtime's
    /// `MatchEveryOwner`.)
    pub fn owns_by_any_reference<O: Watchable>(self, objects: impl Into<Source<O>>) -> Self {
        self.source(Owned { source: objects.into(), any_owner: true })
    }

    /// Runs for the objects returned by `map` when an object of another kind is created, changed or deleted.
    ///
    /// ```no_run
    /// # kubernetes_core::doc_test_resource!(Pod);
    /// # use Pod as Secret;
    /// # use kubernetes_controller::Controller;
    /// # use kubernetes_core::{ListRequest, ObjectKey};
    /// # fn example(controller: Controller<Pod>) {
    /// let controller = controller.watches(ListRequest::<Secret>::all_namespaces().metadata_only(), |secret| {
    ///     let user = secret.metadata.annotations.get("example.com/used-by");
    ///     user.map(|name| ObjectKey::new(secret.namespace(), name))
    /// });
    /// # }
    /// ```
    ///
    /// After a change, `map` is called with the old and the new object.
    pub fn watches<O, I>(self, objects: impl Into<Source<O>>, map: impl Fn(&O) -> I + Send + 'static) -> Self
    where
        O: Watchable,
        I: IntoIterator<Item = ObjectKey> + 'static,
    {
        self.watches_with(objects, move |object, _| map(object))
    }

    /// Like [`watches`](Self::watches), with a function that looks the controller's objects up, by an
    /// [`index`](Self::index) of them.
    ///
    /// ```no_run
    /// # kubernetes_core::doc_test_resource!(Pod);
    /// # use Pod as Secret;
    /// # use kubernetes_controller::Controller;
    /// # use kubernetes_core::{ListRequest, Object, ObjectKey};
    /// # use kubernetes_watch::Index;
    /// # fn example(controller: Controller<Pod>) {
    /// let by_secret = Index::new(|pod: &Pod| pod.metadata.annotations.get("example.com/secret").cloned());
    /// let controller = controller.index(&by_secret).watches_with(
    ///     ListRequest::<Secret>::all_namespaces().metadata_only(),
    ///     move |secret, pods| -> Vec<_> {
    ///         let users = pods.by_index(&by_secret, secret.name()).into_iter();
    ///         users.filter(|pod| pod.namespace() == secret.namespace()).map(|pod| ObjectKey::of(&*pod)).collect()
    ///     },
    /// );
    /// # }
    /// ```
    ///
    /// An object that is not in the store yet, or has other values there, runs for its own event.
    pub fn watches_with<O, I>(
        self,
        objects: impl Into<Source<O>>,
        map: impl Fn(&O, &Store<K>) -> I + Send + 'static,
    ) -> Self
    where
        O: Watchable,
        I: IntoIterator<Item = ObjectKey> + 'static,
    {
        self.source(Mapped { source: objects.into(), map })
    }

    /// Keeps an index of the controller's objects, for [`watches_with`](Self::watches_with) and [`Context::store`].
    ///
    /// Controllers share an [informer](Self::informers) only if it has the indexes that they need; give them clones of
    /// one index.
    pub fn index(mut self, index: &Index<K>) -> Self {
        self.indexes.push(index.clone());
        self
    }

    /// Runs for the keys that a stream yields, for example for something outside Kubernetes. The elements are keys or
    /// [`Trigger`]s. The controller continues when the stream ends.
    pub fn stream<T: Into<Trigger> + 'static>(
        self,
        triggers: impl futures_core::Stream<Item = T> + Send + 'static,
    ) -> Self {
        self.source(Stream(Box::pin(triggers.map(Into::into))))
    }

    /// Runs for all objects, with low priority, whenever a stream yields, for example when the program's settings have
    /// changed. Objects whose runs have failed start over.
    pub fn reconcile_all_on(self, triggers: impl futures_core::Stream<Item = ()> + Send + 'static) -> Self {
        self.source(All(Box::pin(triggers)))
    }

    fn source(mut self, source: impl AnySource<K> + 'static) -> Self {
        self.sources.push(Box::new(source));
        self
    }

    /// Adds a finalizer to each object before its first run, and calls `cleanup` instead of the reconcile function when
    /// the object is being deleted. The finalizer is removed once that returns [`Cleanup::Complete`].
    ///
    /// ```
    /// # kubernetes_core::doc_test_resource!(Pod);
    /// # use kubernetes_controller::{Cleanup, Controller};
    /// # fn example(controller: Controller<Pod>) {
    /// let controller = controller.finalizer("example.com/bucket", |tab, _context| async move {
    ///     println!("deletes the bucket of {}", tab.name());
    ///     Ok::<_, kubernetes_client::Error>(Cleanup::Complete)
    /// });
    /// # }
    /// ```
    ///
    /// Several finalizers are called one after the other, even if one fails or panics, and each is removed as soon as
    /// it is complete, whatever else has changed in the meantime. They share the [`run_timeout`](Self::run_timeout).
    /// Nothing is called for an object that is being deleted and has none of them left.
    pub fn finalizer<F, R, E>(mut self, name: impl Into<Str>, cleanup: F) -> Self
    where
        F: Fn(Arc<K>, Context<K>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Cleanup, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        self.settings.finalizers.push(Finalizer { name: name.into(), cleanup: boxed(cleanup) });
        self
    }

    /// Calls a function with the last state of each deleted object.
    ///
    /// It is not called for objects that were deleted while no replica led, or while their shard moved: to miss none,
    /// use a [`finalizer`](Self::finalizer). If an object was created and deleted several times since the last run, it
    /// gets the last state.
    pub fn on_deleted<F, R, E>(mut self, function: F) -> Self
    where
        F: Fn(Arc<K>, Context<K>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Action, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        self.settings.on_deleted = Some(boxed(function));
        self
    }

    /// Shares informers with other controllers. Those of a [`Manager`](crate::Manager) share them by default.
    pub fn informers(mut self, informers: &Informers) -> Self {
        self.informers = Some(informers.clone());
        self
    }

    /// Restricts the controller to the objects of a shard from [`Shards`](kubernetes_election::Shards).
    /// [`Manager::sharded`](crate::Manager::sharded) does this.
    ///
    /// The server selects them (`shardSelector`, an alpha feature of Kubernetes 1.36); if it does not support this, the
    /// controller discards the others.
    pub fn shard(mut self, shard: &HeldShard) -> Self {
        self.settings.take_shard(shard);
        self
    }

    /// Runs until a source ends, which does not happen by itself.
    ///
    /// # Errors
    /// Returns an error if a source can't start, or has ended, for example because of a panic.
    ///
    /// # Cancel safety
    /// Dropping the future aborts the runs in progress at any point; their objects are reconciled again when the
    /// controller next starts. To let them finish, use [`run_until`](Self::run_until).
    pub async fn run<F, R, E>(self, reconcile: F) -> Result<(), ControllerError>
    where
        F: Fn(Arc<K>, Context<K>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Action, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        self.run_until(std::future::pending(), reconcile).await
    }

    /// Runs until `shutdown` completes; then it starts no further runs, and waits for those in progress, up to the
    /// [`shutdown_timeout`](Self::shutdown_timeout).
    ///
    /// # Errors
    /// See [`run`](Self::run).
    ///
    /// # Cancel safety
    /// Like [`run`](Self::run).
    pub async fn run_until<F, R, E>(
        self,
        shutdown: impl Future<Output = ()>,
        reconcile: F,
    ) -> Result<(), ControllerError>
    where
        F: Fn(Arc<K>, Context<K>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Action, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        self.runner(reconcile).run_until(shutdown).await
    }

    /// Combines the controller with its function, to start it in steps; see [`Runner`].
    pub fn runner<F, R, E>(self, reconcile: F) -> Runner<K>
    where
        F: Fn(Arc<K>, Context<K>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Action, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        Runner::new(self, boxed(reconcile))
    }
}

/// Makes functions of all types one type.
fn boxed<K: Watchable, T, F, R, E>(function: F) -> ObjectFunction<K, T>
where
    F: Fn(Arc<K>, Context<K>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<T, E>> + Send + 'static,
    E: Into<BoxError>,
{
    Arc::new(move |object, context| {
        let running = function(object, context);
        Box::pin(async move { running.await.map_err(Into::into) })
    })
}

/// The resource that a source is about: `crontabs.stable.example.com`.
fn name_of<K>(source: &Source<K>) -> Arc<str> {
    match source.requests.first().and_then(|request| crate::informers::Scope::of(request, None)) {
        Some(scope) if scope.resource.group.is_empty() => scope.resource.resource.as_str().into(),
        Some(scope) => format!("{}.{}", scope.resource.resource, scope.resource.group).into(),
        None => "unnamed".into(),
    }
}

impl<K: Watchable> fmt::Debug for Controller<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Controller")
            .field("name", &self.settings.name)
            .field("objects", &self.primary)
            .field("sources", &self.sources.len())
            .finish_non_exhaustive()
    }
}
