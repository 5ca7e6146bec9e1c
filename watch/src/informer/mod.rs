//! A store that is filled in the background, and functions that are called for its changes.

mod builder;
mod handler;
mod health;
mod lenient;
mod not_ready;
mod policy;
mod shard;
mod skipped;

mod worker;

use std::fmt;
use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::{ListRequest, Object, ObjectKey, Watchable};
use tokio::task::AbortHandle;

pub use builder::InformerBuilder;
pub use handler::Handler;
pub use not_ready::NotReady;
pub use policy::{ErrorPolicy, UndecodablePolicy};
pub use shard::Shard;

use crate::{Error, Stopped, Store, StoreEvent, Subscription, Watch, clock};
use health::Health;
use skipped::SkippedObjects;

/// Keeps the objects of a resource in memory, up to date, and reports changes: the basis of operators.
///
/// ```no_run
/// # use serde::{Deserialize, Serialize};
/// # use kubernetes_client::Client;
/// # use kubernetes_core::{ListRequest, ObjectMeta, resource};
/// # #[derive(Clone, Debug, Default, Serialize, Deserialize)]
/// # struct CronTab { metadata: ObjectMeta }
/// # resource!(CronTab: "stable.example.com" / "v1" / "CronTab", "crontabs", namespaced, watch, serde);
/// use futures_util::StreamExt;
/// use kubernetes_watch::{Index, Informer};
///
/// # async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
/// let by_owner = Index::owner();
/// let informer = Informer::builder(client, ListRequest::<CronTab>::all_namespaces()).index(&by_owner).start();
/// informer.wait_until_ready().await?;
///
/// let store = informer.store();
/// let mut events = informer.subscribe();
/// while let Some(event) = events.next().await {
///     let key = event.key();
///     match store.get_key(&key) {
///         Some(tab) => println!("{key} is {tab:?}"),
///         None => println!("{key} is gone"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// It lists, watches, and lists again when it must, as a [`Reflector`](crate::Reflector) does, into a
/// [`Store`]. Any number of subscriptions and handlers share that one watch. What it does after an error that a retry
/// can't cure, an [`ErrorPolicy`] says: by default it ends if it has never been ready, and tries again otherwise.
///
/// Dropping it ends it: its connections are closed, subscriptions end when they have yielded everything, and stores
/// keep their objects.
#[must_use = "dropping an informer ends it"]
pub struct Informer<K: Object> {
    store: Store<K>,
    watch: Watch,
    health: Health,
    skipped: SkippedObjects,
    tasks: Vec<AbortHandle>,
}

impl<K: Watchable> Informer<K> {
    /// Starts an informer of what `request` lists, with the settings that the [builder](Self::builder) has at first.
    ///
    /// # Panics
    /// If it is called outside a tokio runtime.
    pub fn start(client: &Client, request: ListRequest<K>) -> Self {
        Self::builder(client, request).start()
    }

    /// Settings of an informer of what `request` lists.
    pub fn builder(client: &Client, request: ListRequest<K>) -> InformerBuilder<K> {
        InformerBuilder::new(client, request)
    }
}

impl<K: Object> Informer<K> {
    /// The objects.
    pub fn store(&self) -> Store<K> {
        self.store.clone()
    }

    /// Returns the changes, beginning with the existing objects.
    pub fn subscribe(&self) -> Subscription<K> {
        self.store.subscribe()
    }

    /// Calls a function for every change, beginning with the existing objects, one by one and in order, in a task of its
    /// own.
    ///
    /// The function should be quick, such as adding to a queue. If it is slow, others are not delayed; its events are
    /// merged ([`Subscription`]). If it panics, it is not called again.
    ///
    /// # Panics
    /// If it is called outside a tokio runtime.
    pub fn on_event(&self, function: impl FnMut(StoreEvent<K>) + Send + 'static) -> Handler {
        Handler::start(self.subscribe(), function)
    }

    /// Waits until the objects have been listed completely.
    ///
    /// # Errors
    /// If the informer has ended before, with the cause.
    ///
    /// # Cancel safety
    /// Dropping the future is safe: call it again at any time.
    pub async fn wait_until_ready(&self) -> Result<(), Stopped> {
        self.store.wait_until_ready().await
    }

    /// Waits until the objects have been listed completely, but no longer than `limit`.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # kubernetes_core::doc_test_resource!(Pod);
    /// # async fn example(client: &kubernetes_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// # use kubernetes_core::ListRequest;
    /// # use kubernetes_watch::Informer;
    /// let pods = Informer::start(client, ListRequest::<Pod>::namespaced("shop"));
    /// pods.wait_until_ready_within(Duration::from_secs(30)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the time is over, or the informer has ended before, with the last failure as the source.
    ///
    /// # Cancel safety
    /// Dropping the future is safe: call it again at any time.
    pub async fn wait_until_ready_within(&self, limit: Duration) -> Result<(), NotReady> {
        match clock::timeout(limit, self.wait_until_ready()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(stopped)) => Err(NotReady::stopped(stopped.cause().cloned().or_else(|| self.health.last_error()))),
            Err(_) => Err(NotReady::timed_out(limit, self.health.last_error())),
        }
    }

    /// Waits until the informer has ended, and returns the reason: for a program that can't continue without it.
    ///
    /// ```no_run
    /// # kubernetes_core::doc_test_resource!(Pod);
    /// # async fn work() {}
    /// # async fn example(client: &kubernetes_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// # use kubernetes_core::ListRequest;
    /// # use kubernetes_watch::Informer;
    /// let pods = Informer::start(client, ListRequest::<Pod>::namespaced("shop"));
    /// tokio::select! {
    ///     stopped = pods.wait_until_stopped() => Err(stopped.into()),
    ///     () = work() => Ok(()),
    /// }
    /// # }
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the future is safe: call it again at any time.
    pub async fn wait_until_stopped(&self) -> Stopped {
        self.store.wait_until_stopped().await
    }

    /// The failure that the informer is trying to get over, if there is one: the store may not be up to date then.
    ///
    /// That is an error that a retry can't cure at once, which the [`ErrorPolicy`] has it get over, or a failure that
    /// is likely to pass, as when the server can't be reached. It is over as soon as the server answers again; where the
    /// watch was silent or its version was forgotten, as soon as it sends something.
    pub fn error(&self) -> Option<Error> {
        self.health.error()
    }

    /// The objects that the store does not have, or has in an earlier state, because they can't be decoded, each with
    /// the reason; up to 1,000 of them.
    pub fn undecodable(&self) -> Vec<(ObjectKey, Error)> {
        self.skipped.list()
    }

    /// Ends the informer, at once.
    pub fn stop(&self) {
        self.watch.stop();
        self.tasks.iter().for_each(AbortHandle::abort);
        self.store.stop();
    }
}

impl<K: Object> Drop for Informer<K> {
    fn drop(&mut self) {
        self.stop();
    }
}

impl<K: Object> fmt::Debug for Informer<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Informer").field("store", &self.store).field("error", &self.error()).finish_non_exhaustive()
    }
}
