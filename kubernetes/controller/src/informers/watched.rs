use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use kubernetes_core::{GroupVersionResource, Object, ObjectKey, ObjectMeta, Path, Str};
use kubernetes_watch::{Error, Index, Informer, Stopped, Store};

use super::latency::Latency;
use super::scope::Scope;

/// An informer that controllers share, with an index of owners.
pub(crate) struct SharedInformer<K: Object> {
    pub(crate) informer: Informer<K>,
    pub(crate) by_owner: Index<K>,
    pub(super) indexes: Vec<Index<K>>,
    pub(crate) resource: GroupVersionResource,
    /// Those of its requests, in the order of the store's writers.
    pub(super) scopes: Vec<Scope>,
    pub(crate) latency: Latency,
    pub(super) id: InformerId,
}

/// Tells an informer from all others of the process, earlier ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct InformerId(u64);

impl InformerId {
    pub(super) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        Self(COUNT.fetch_add(1, Ordering::Relaxed))
    }
}

impl<K: Object> SharedInformer<K> {
    pub(crate) fn store(&self) -> Store<K> {
        self.informer.store()
    }

    pub(super) fn has_indexes(&self, indexes: &[Index<K>]) -> bool {
        indexes.iter().all(|index| self.indexes.iter().any(|own| own.is(index)))
    }

    /// Like [`Scope::covers`], for any of the requests.
    pub(crate) fn covers(&self, key: &ObjectKey, metadata: &ObjectMeta) -> bool {
        self.scopes.iter().any(|scope| scope.covers(key, metadata))
    }

    /// Like [`Scope::covers_all`], for any of the requests.
    pub(crate) fn covers_all(&self, namespace: Option<&str>) -> bool {
        self.scopes.iter().any(|scope| scope.covers_all(namespace))
    }

    /// Whether it has a shard of the objects.
    pub(crate) fn has_shard(&self) -> bool {
        self.scopes.iter().any(Scope::has_shard)
    }

    /// The path of an object.
    pub(crate) fn path(&self, key: &ObjectKey) -> Path {
        self.resource.path(key.namespace()).object(key.name())
    }

    /// The stores of its requests.
    pub(crate) fn stores(self: &Arc<Self>) -> impl Iterator<Item = Arc<dyn WatchedStore>> {
        self.scopes.iter().cloned().enumerate().map(|(writer, scope)| -> Arc<dyn WatchedStore> {
            Arc::new(WatchedRequest { informer: Arc::clone(self), writer, scope })
        })
    }
}

/// One of the requests of an informer. The store has the objects of all of them; a write is awaited where it is seen.
pub(crate) struct WatchedRequest<K: Object> {
    pub(crate) informer: Arc<SharedInformer<K>>,
    writer: usize,
    scope: Scope,
}

impl<K: Object> WatchedRequest<K> {
    /// Whether it is the first of the informer's requests.
    pub(crate) fn is_first(&self) -> bool {
        self.writer == 0
    }
}

/// A [`WatchedRequest`] of any type.
pub(crate) trait WatchedStore: Any + Send + Sync {
    fn scope(&self) -> &Scope;

    /// The informer, and which of its requests this is.
    fn place(&self) -> (InformerId, usize);

    /// The uid of the object of this key, if there is one, whichever of the informer's requests has selected it.
    fn uid_of(&self, key: &ObjectKey) -> Option<Str>;

    /// Whether it has an object of this key that the request may select.
    fn has_selected(&self, key: &ObjectKey) -> bool;

    /// Like [`Store::has_seen`], of the objects of the request.
    fn has_seen(&self, key: &ObjectKey, version: &str) -> bool;

    /// Like [`Store::wait_for`].
    fn wait_for<'a>(&'a self, condition: &'a (dyn Fn() -> bool + Sync)) -> BoxFuture<'a, Result<(), Stopped>>;

    fn wait_until_stopped(&self) -> BoxFuture<'_, Stopped>;

    fn is_ready(&self) -> bool;

    /// Like [`Informer::error`].
    fn error(&self) -> Option<Error>;
}

impl<K: Object> WatchedStore for WatchedRequest<K> {
    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn place(&self) -> (InformerId, usize) {
        (self.informer.id, self.writer)
    }

    fn uid_of(&self, key: &ObjectKey) -> Option<Str> {
        self.informer.store().get_key(key).map(|object| object.metadata().uid.clone().unwrap_or_default())
    }

    fn has_selected(&self, key: &ObjectKey) -> bool {
        // Another of the requests may have selected it.
        self.informer.store().get_key(key).is_some_and(|object| self.scope.may_select(key, object.metadata()))
    }

    fn has_seen(&self, key: &ObjectKey, version: &str) -> bool {
        self.informer.store().writer_has_seen(self.writer, key, version)
    }

    fn wait_for<'a>(&'a self, condition: &'a (dyn Fn() -> bool + Sync)) -> BoxFuture<'a, Result<(), Stopped>> {
        let store = self.informer.store();
        Box::pin(async move { store.wait_for(|_| condition()).await })
    }

    fn wait_until_stopped(&self) -> BoxFuture<'_, Stopped> {
        let store = self.informer.store();
        Box::pin(async move { store.wait_until_stopped().await })
    }

    fn is_ready(&self) -> bool {
        self.informer.store().is_ready()
    }

    fn error(&self) -> Option<Error> {
        self.informer.informer.error()
    }
}
