//! The objects that a reflector has seen, which can be read from anywhere.

mod builder;
mod delta;
mod event;
mod index;
mod mailbox;
mod progress;
mod shared;
mod snapshot;
mod sources;
mod stopped;
mod subscription;
mod transform;
mod version;
mod writer;

use std::fmt;
use std::sync::Arc;

use kubernetes_core::{Object, ObjectKey, Str};

pub use builder::StoreBuilder;
pub use event::StoreEvent;
pub use index::Index;
pub use snapshot::Snapshot;
pub use stopped::Stopped;
pub use subscription::Subscription;
pub use writer::StoreWriter;

use shared::Shared;

/// The existing objects, kept up to date in memory.
///
/// ```no_run
/// # use serde::{Deserialize, Serialize};
/// # use kubernetes_client::Client;
/// # use kubernetes_core::{ListRequest, ObjectMeta, resource};
/// # #[derive(Clone, Debug, Default, Serialize, Deserialize)]
/// # struct CronTab { metadata: ObjectMeta }
/// # resource!(CronTab: "stable.example.com" / "v1" / "CronTab", "crontabs", namespaced, watch, serde);
/// use kubernetes_watch::{Reflector, Store};
///
/// # async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
/// let mut writer = Store::builder().drop_managed_fields().build();
/// let store = writer.store();
/// let changes = Reflector::new(client).stream(ListRequest::<CronTab>::namespaced("shop"));
/// tokio::spawn(async move { writer.follow(changes).await });
///
/// store.wait_until_ready().await?;
/// println!("{} objects, web: {:?}", store.len(), store.get("shop", "web"));
/// # Ok(())
/// # }
/// ```
///
/// An [`Informer`](crate::Informer) does the same in one step.
///
/// # Guarantees for readers
///
/// - Each read sees one consistent state, including indexes. For several reads of the same state, take a
///   [`snapshot`](Self::snapshot), which is as cheap as a `get`.
/// - No lock outlives a call, and no reader's lock is held while a caller's code runs, so neither waits for the other.
/// - The store lags behind the server by the latency of the watch. It never goes back: a list replaces everything at
///   once, and is never older than the previous state (except for a first list with version `0`).
/// - Objects are shared, not copied. Do not keep them longer than needed.
///
/// A clone is the same store.
pub struct Store<K> {
    shared: Arc<Shared<K>>,
}

impl<K: Object> Store<K> {
    /// Returns a builder for a store.
    pub fn builder() -> StoreBuilder<K> {
        StoreBuilder::new()
    }

    fn of(shared: &Arc<Shared<K>>) -> Self {
        Self { shared: Arc::clone(shared) }
    }

    /// The object with this name; the namespace is `None` for cluster-scoped objects.
    pub fn get<'a>(&self, namespace: impl Into<Option<&'a str>>, name: &str) -> Option<Arc<K>> {
        self.get_key(&ObjectKey::new(namespace, name))
    }

    /// The object with this key.
    pub fn get_key(&self, key: &ObjectKey) -> Option<Arc<K>> {
        self.shared.read().get_key(key)
    }

    /// All objects, ordered by namespace and name.
    pub fn list(&self) -> Vec<Arc<K>> {
        self.snapshot().iter().cloned().collect()
    }

    /// The objects of a namespace, ordered by name.
    pub fn in_namespace(&self, namespace: &str) -> Vec<Arc<K>> {
        self.snapshot().in_namespace(namespace).cloned().collect()
    }

    /// The objects with `value` in `index`, ordered by namespace and name.
    pub fn by_index(&self, index: &Index<K>, value: &str) -> Vec<Arc<K>> {
        self.snapshot().by_index(index, value)
    }

    /// The number of objects.
    pub fn len(&self) -> usize {
        self.shared.read().len()
    }

    /// Whether there are no objects, as before the store is [ready](Self::is_ready).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The current state of the store.
    pub fn snapshot(&self) -> Snapshot<K> {
        self.shared.read().clone()
    }

    /// Whether the objects have been listed completely.
    pub fn is_ready(&self) -> bool {
        self.shared.is_ready()
    }

    /// Waits until the objects have been listed completely.
    ///
    /// # Errors
    /// Returns an error with the cause if that can no longer happen.
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing is lost: call the function again at any time.
    pub async fn wait_until_ready(&self) -> Result<(), Stopped> {
        self.wait_until(|| self.is_ready()).await
    }

    /// Waits until the store has seen everything up to a resourceVersion, such as that of a
    /// [list](kubernetes_core::List::resource_version).
    ///
    /// Versions are compared as guaranteed since Kubernetes 1.35
    /// ([KEP-5504](https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/5504-comparable-resource-version)).
    /// If nothing happens, the server only confirms a version once a minute with a bookmark, so use a timeout. An
    /// aggregated API server may have unordered versions, for which only an equal version ends the wait. For an empty
    /// version and `0`, any state suffices, as in the server, so the wait is for the first list.
    ///
    /// # Errors
    /// Returns an error if the store is no longer updated.
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing is lost: call the function again at any time.
    pub async fn wait_until_version(&self, resource_version: &str) -> Result<(), Stopped> {
        self.wait_until(|| self.shared.has_reached(resource_version)).await
    }

    /// Waits until the store has `object`, which a create, replace or patch has returned, in this state or a later one.
    ///
    /// If the object has been deleted since, or does not match the selectors, it waits until the store has seen
    /// [everything up to its version](Self::wait_until_version).
    ///
    /// # Errors
    /// Returns an error if the store is no longer updated.
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing is lost: call the function again at any time.
    pub async fn wait_until_seen(&self, object: &K) -> Result<(), Stopped> {
        let key = ObjectKey::of(object);
        let version = object.metadata().resource_version.as_deref().unwrap_or_default();
        self.wait_until(|| self.has_seen(&key, version)).await
    }

    /// The resourceVersion up to which the store has seen everything; `None` before the first list, and for several
    /// requests whose versions can't be compared.
    pub fn resource_version(&self) -> Option<Str> {
        self.shared.version()
    }

    /// The number of events that wait for the slowest [subscription](Self::subscribe), at most 1,024.
    pub fn queued_events(&self) -> usize {
        self.shared.mailboxes().iter().map(|mailbox| mailbox.lock().len()).max().unwrap_or_default()
    }

    /// Whether the store has the object with this key at a resourceVersion or later; if the object has been deleted
    /// since or does not match the selectors, whether the store has seen [everything up to that
    /// version](Self::wait_until_version).
    pub fn has_seen(&self, key: &ObjectKey, resource_version: &str) -> bool {
        self.has_version(key, resource_version) || self.shared.has_reached(resource_version)
    }

    /// Like [`has_seen`](Self::has_seen), for an object that only the writer of this number, from 0, can have. The others
    /// may be behind: a namespace in which nothing happens learns of a version once a minute.
    ///
    /// For use by the crates of this SDK.
    #[doc(hidden)]
    pub fn writer_has_seen(&self, writer: usize, key: &ObjectKey, resource_version: &str) -> bool {
        self.has_version(key, resource_version) || self.shared.source_has_reached(writer, resource_version)
    }

    /// Whether the store has the object at this version or later.
    fn has_version(&self, key: &ObjectKey, resource_version: &str) -> bool {
        self.get_key(key).is_some_and(|stored| {
            let stored = stored.metadata().resource_version.as_deref().unwrap_or_default();
            version::compare(stored, resource_version).is_some_and(|order| order.is_ge())
        })
    }

    /// Waits until a condition holds. It is checked at once and after each change and bookmark, so it should be quick.
    ///
    /// # Errors
    /// Returns an error if the store is no longer updated.
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing is lost: call the function again at any time.
    pub async fn wait_for(&self, condition: impl Fn(&Self) -> bool) -> Result<(), Stopped> {
        self.wait_until(|| condition(self)).await
    }

    /// Waits until the store is no longer updated, and returns the cause, for a program that should then end.
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing is lost: call the function again at any time.
    pub async fn wait_until_stopped(&self) -> Stopped {
        let mut ended = std::pin::pin!(self.shared.ended.notified());
        // Later changes are noticed from here on.
        ended.as_mut().enable();
        if !self.shared.is_stopped() {
            ended.await;
        }
        self.shared.ending()
    }

    /// The events of this store from now on, beginning with its current objects.
    ///
    /// There can be any number of subscriptions at any time; they cause no load on the server.
    pub fn subscribe(&self) -> Subscription<K> {
        Subscription::new(Arc::clone(&self.shared))
    }

    /// Tells waiting callers that there will be no further changes.
    pub(crate) fn stop(&self) {
        self.shared.stop(None);
    }

    async fn wait_until(&self, condition: impl Fn() -> bool) -> Result<(), Stopped> {
        let mut changed = std::pin::pin!(self.shared.changed.notified());
        loop {
            // Later changes are noticed from here on.
            changed.as_mut().enable();
            if condition() {
                return Ok(());
            }
            self.shared.stopped()?;
            changed.as_mut().await;
            changed.set(self.shared.changed.notified());
        }
    }
}

// Not derived, so that it does not depend on the type of objects.
impl<K> Clone for Store<K> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<K: Object> fmt::Debug for Store<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("len", &self.len()).field("ready", &self.is_ready()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
