use std::any::Any;
use std::future::Future;
use std::pin::Pin;

use kubernetes_core::{Object, ObjectKey, Str};
use kubernetes_watch::{Error, Index, Informer, Stopped, Store};

use super::scope::Scope;

/// An informer that controllers share, with an index of owners.
pub(crate) struct SharedInformer<K: Object> {
    pub(crate) informer: Informer<K>,
    pub(crate) by_owner: Index<K>,
    pub(super) indexes: Vec<Index<K>>,
    pub(crate) scope: Scope,
}

impl<K: Object> SharedInformer<K> {
    pub(crate) fn store(&self) -> Store<K> {
        self.informer.store()
    }

    pub(super) fn has_indexes(&self, indexes: &[Index<K>]) -> bool {
        indexes.iter().all(|index| self.indexes.iter().any(|own| own.is(index)))
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A [`SharedInformer`] of any type.
pub(crate) trait WatchedStore: Any + Send + Sync {
    fn scope(&self) -> &Scope;

    /// The uid of the object of this key, if there is one.
    fn uid_of(&self, key: &ObjectKey) -> Option<Str>;

    /// Like [`Store::has_seen`].
    fn has_seen(&self, key: &ObjectKey, version: &str) -> bool;

    /// Like [`Store::wait_for`].
    fn wait_for<'a>(&'a self, condition: &'a (dyn Fn() -> bool + Sync)) -> BoxFuture<'a, Result<(), Stopped>>;

    fn wait_until_stopped(&self) -> BoxFuture<'_, Stopped>;

    fn is_ready(&self) -> bool;

    /// Like [`Informer::error`].
    fn error(&self) -> Option<Error>;
}

impl<K: Object> WatchedStore for SharedInformer<K> {
    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn uid_of(&self, key: &ObjectKey) -> Option<Str> {
        self.store().get_key(key).map(|object| object.metadata().uid.clone().unwrap_or_default())
    }

    fn has_seen(&self, key: &ObjectKey, version: &str) -> bool {
        self.store().has_seen(key, version)
    }

    fn wait_for<'a>(&'a self, condition: &'a (dyn Fn() -> bool + Sync)) -> BoxFuture<'a, Result<(), Stopped>> {
        let store = self.store();
        Box::pin(async move { store.wait_for(|_| condition()).await })
    }

    fn wait_until_stopped(&self) -> BoxFuture<'_, Stopped> {
        let store = self.store();
        Box::pin(async move { store.wait_until_stopped().await })
    }

    fn is_ready(&self) -> bool {
        self.store().is_ready()
    }

    fn error(&self) -> Option<Error> {
        self.informer.error()
    }
}
