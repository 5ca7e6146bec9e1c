//! The controller.

mod action;
mod context;
mod counts;
mod error;
mod failure;
mod finalizer;
mod monitor;
mod monitors;
mod predicate;
mod reason;
mod runner;
mod settings;
mod source;
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
use kubernetes_core::{ListRequest, ObjectKey, Str, Watchable};
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
pub use reason::Reason;
pub use runner::Runner;
pub use source::{Source, Trigger};
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

/// Calls a function for each object of a resource when something about it has changed, so that it can bring the cluster to
/// the state that the object describes.
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
/// # What it promises
///
/// - **One run at a time for an object**, and another after it if something has changed meanwhile. Several triggers
///   become one run.
/// - **A run sees what earlier runs for the same object have written**: it starts when all stores that should have these
///   writes have seen them; other objects go on meanwhile. See [`consistency_timeout`](Self::consistency_timeout).
/// - **Errors are retried** after 5 ms, doubling up to 1,000 s, until a run succeeds. Triggers do not come earlier, nor do
///   they make the wait longer, but for those that may have cured the failure, which start over at once: a change of what
///   the object wants (its generation), and see [`Source::ends_backoff`]. A [`Terminal`] error waits for a change.
/// - **A panic or a timeout** is an error of that run.
/// - **Order**: objects of the initial list and resyncs after others; each namespace in turn. See [`Queue`](crate::Queue).
/// - **A resource that does not exist yet is waited for**, and so is one whose definition is deleted: the store keeps its
///   objects meanwhile.
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
    /// A controller of the objects of a source, which may be a [`ListRequest`].
    pub fn new(client: &Client, objects: impl Into<Source<K>>) -> Self {
        let primary = objects.into();
        Self {
            client: client.clone(),
            settings: Settings::new(name_of(&primary.request)),
            primary,
            indexes: Vec::new(),
            sources: Vec::new(),
            informers: None,
        }
    }

    /// Runs for the owner when an object that it owns as its controller is created, changed or deleted.
    ///
    /// Owners are found by group, kind and name, in whatever version, and by their uid. An object that changes its owner
    /// concerns both.
    pub fn owns<O: Watchable>(self, objects: impl Into<Source<O>>) -> Self {
        self.source(Owned { source: objects.into(), any_owner: false })
    }

    /// As [`owns`](Self::owns), for each owner of an object, and not just its controller. (controller-runtime's
    /// `MatchEveryOwner`.)
    pub fn owns_by_any_reference<O: Watchable>(self, objects: impl Into<Source<O>>) -> Self {
        self.source(Owned { source: objects.into(), any_owner: true })
    }

    /// Runs for the objects to which `map` leads when an object of another kind is created, changed or deleted.
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
    /// After a change, it is called with the object as it was and as it is.
    pub fn watches<O, I>(self, objects: impl Into<Source<O>>, map: impl Fn(&O) -> I + Send + 'static) -> Self
    where
        O: Watchable,
        I: IntoIterator<Item = ObjectKey> + 'static,
    {
        self.watches_with(objects, move |object, _| map(object))
    }

    /// As [`watches`](Self::watches), with a function that looks the controller's objects up, by an
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

    /// Keeps an index of the controller's objects, for [`watches_with`](Self::watches_with) and
    /// [`Context::store`].
    ///
    /// Controllers share an [informer](Self::informers) if it has the indexes of both: those that share should have clones of
    /// one index.
    pub fn index(mut self, index: &Index<K>) -> Self {
        self.indexes.push(index.clone());
        self
    }

    /// Runs for the keys that a stream yields, as of something outside of Kubernetes: [`Trigger`]s, or keys. The controller
    /// goes on when it ends.
    pub fn stream<T: Into<Trigger> + 'static>(
        self,
        triggers: impl futures_core::Stream<Item = T> + Send + 'static,
    ) -> Self {
        self.source(Stream(Box::pin(triggers.map(Into::into))))
    }

    /// Runs for all objects, with low priority, whenever a stream yields: when the program's own settings have changed, say.
    /// Of those whose runs have failed, these are first attempts.
    pub fn reconcile_all_on(self, triggers: impl futures_core::Stream<Item = ()> + Send + 'static) -> Self {
        self.source(All(Box::pin(triggers)))
    }

    fn source(mut self, source: impl AnySource<K> + 'static) -> Self {
        self.sources.push(Box::new(source));
        self
    }

    /// Adds a finalizer to each object before its first run, and calls `cleanup` when the object is being deleted, in place
    /// of the reconcile function. The object is gone when that returns [`Cleanup::Complete`] and no other finalizer is left.
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
    /// With several finalizers, all are called, one after the other, though one fails or panics, and each is removed as soon
    /// as it is complete, whatever else has changed meanwhile. The [`run_timeout`](Self::run_timeout) is for all of them
    /// together. When an object that is being deleted has none of them any more, nothing is called for it.
    pub fn finalizer<F, R, E>(mut self, name: impl Into<Str>, cleanup: F) -> Self
    where
        F: Fn(Arc<K>, Context<K>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Cleanup, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        self.settings.finalizers.push(Finalizer { name: name.into(), cleanup: boxed(cleanup) });
        self
    }

    /// Calls a function with the last state of each object that was deleted.
    ///
    /// It is not called for objects that were deleted while the program did not run: to miss none, use a
    /// [`finalizer`](Self::finalizer). Of an object that was created and deleted several times since the last run, it gets
    /// the last state.
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

    /// Works on the objects of a shard only, which [`Shards`](kubernetes_election::Shards) hand out.
    /// [`Manager::sharded`](crate::Manager::sharded) does this.
    ///
    /// The server selects them (`shardSelector`, an alpha feature of Kubernetes 1.36); where it does not know how, the
    /// others are left out here.
    pub fn shard(mut self, shard: &HeldShard) -> Self {
        self.settings.take_shard(shard);
        self
    }

    /// Runs until a source ends, which none does by itself.
    ///
    /// # Errors
    /// If a source can't start, or has ended, as by a panic.
    ///
    /// # Cancel safety
    /// Dropping the future ends the runs that are under way, wherever they are; their objects are reconciled again when the
    /// controller next starts. To let them end, use [`run_until`](Self::run_until).
    pub async fn run<F, R, E>(self, reconcile: F) -> Result<(), ControllerError>
    where
        F: Fn(Arc<K>, Context<K>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Action, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        self.run_until(std::future::pending(), reconcile).await
    }

    /// Runs until `shutdown` completes; then it starts no more runs, and waits for those that are under way, up to the
    /// [`shutdown_timeout`](Self::shutdown_timeout).
    ///
    /// # Errors
    /// As [`run`](Self::run).
    ///
    /// # Cancel safety
    /// As [`run`](Self::run).
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

    /// The controller with its function, to be started in steps: see [`Runner`].
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

/// The resource that a request is about: `crontabs.stable.example.com`.
fn name_of<K>(request: &ListRequest<K>) -> Arc<str> {
    match crate::informers::Scope::of(request, None) {
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
