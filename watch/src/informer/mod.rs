//! A store that is filled in the background, with handlers for its changes.

mod attempts;
mod builder;
mod changes;
mod handler;
mod health;
mod lenient;
mod members;
mod not_ready;
mod policy;
mod shard;
mod shard_group;
mod shared_stream;
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
pub use shard_group::ShardGroup;

use crate::{Error, Stopped, Store, StoreEvent, Subscription, Watch, clock};
use health::Health;
use skipped::SkippedObjects;

/// Keeps the objects of a resource up to date in memory, and reports changes: the basis of operators.
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
/// Like a [`Reflector`](crate::Reflector), it lists, watches, and lists again when necessary, and fills a [`Store`].
/// Any number of subscriptions and handlers share one watch. An [`ErrorPolicy`] determines the reaction to errors that
/// a retry can't fix: by default the informer ends if it has never been ready, and retries otherwise.
///
/// Dropping the informer ends it: its connections are closed, subscriptions end when they have yielded everything, and
/// stores keep their objects.
#[must_use = "dropping an informer ends it"]
pub struct Informer<K: Object> {
    store: Store<K>,
    watch: Watch,
    health: Health,
    skipped: SkippedObjects,
    tasks: Vec<AbortHandle>,
}

impl<K: Watchable> Informer<K> {
    /// Starts an informer of the objects that `request` lists, with the [builder](Self::builder)'s defaults.
    ///
    /// # Panics
    /// Panics if it is called outside a tokio runtime.
    pub fn start(client: &Client, request: ListRequest<K>) -> Self {
        Self::builder(client, request).start()
    }

    /// Returns a builder for an informer of the objects that `request` lists.
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

    /// Starts a task that calls a function for every change, one by one and in order, beginning with the existing
    /// objects.
    ///
    /// The function should be quick, such as adding to a queue. If it is slow, others are not delayed; its events are
    /// merged ([`Subscription`]). If it panics, it is not called again.
    ///
    /// # Panics
    /// Panics if it is called outside a tokio runtime.
    pub fn on_event(&self, function: impl FnMut(StoreEvent<K>) + Send + 'static) -> Handler {
        Handler::start(self.subscribe(), function)
    }

    /// Waits until the objects have been listed completely.
    ///
    /// # Errors
    /// Returns an error with the cause if the informer has ended before.
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing is lost: call the function again at any time.
    pub async fn wait_until_ready(&self) -> Result<(), Stopped> {
        self.store.wait_until_ready().await
    }

    /// Waits until the objects have been listed completely, for at most `limit`.
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
    /// Returns an error if the time limit is reached, or the informer ended before, with the last failure as the
    /// source.
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing is lost: call the function again at any time.
    pub async fn wait_until_ready_within(&self, limit: Duration) -> Result<(), NotReady> {
        match clock::timeout(limit, self.wait_until_ready()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(stopped)) => Err(NotReady::stopped(stopped.cause().cloned().or_else(|| self.health.last_error()))),
            Err(_) => Err(NotReady::timed_out(limit, self.health.last_error())),
        }
    }

    /// Waits until the informer has ended, and returns the reason, for a program that can't continue without it.
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
    /// If the future is dropped, nothing is lost: call the function again at any time.
    pub async fn wait_until_stopped(&self) -> Stopped {
        self.store.wait_until_stopped().await
    }

    /// The failure that the informer is recovering from, if any; the store may then be out of date.
    ///
    /// This is either an error that the [`ErrorPolicy`] retries, or a transient failure, such as a server that can't be
    /// reached. It is over as soon as the server responds again or, if the watch was silent or its version forgotten,
    /// as soon as the server sends something.
    pub fn error(&self) -> Option<Error> {
        self.health.error()
    }

    /// The objects that can't be decoded, with the reasons; up to 1,000 of them. The store has them in an earlier state
    /// or not at all.
    pub fn undecodable(&self) -> Vec<(ObjectKey, Error)> {
        self.skipped.list()
    }

    /// Ends the informer at once.
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
