use std::any::TypeId;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use kubernetes_core::{
    ApplyRequest, ListRequest, Object, ObjectKey, ObjectMeta, Path, ReadRequest, Resource, Watchable,
};
use tracing::warn;

use super::error::{Cause, OwnedError};
use super::recreate::{is_immutable, recreate};
use super::requests::{delete, path, read_metadata};
use super::{Change, OwnedChange, Set};
use crate::applied::Apply;

/// The progress of a set.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) changes: Vec<OwnedChange>,
    /// The children that have been applied.
    pub(super) kept: BTreeSet<(TypeId, ObjectKey)>,
    /// The types with children that no store covers.
    uncovered: BTreeSet<TypeId>,
}

/// The children of one type.
pub(super) trait Children<K: Object>: Send + Sync {
    fn type_id(&self) -> TypeId;

    fn keys(&self) -> Vec<(TypeId, ObjectKey)>;

    fn apply<'a>(
        &'a mut self,
        set: &'a Set<'_, K>,
        progress: &'a mut Progress,
    ) -> BoxFuture<'a, Result<(), OwnedError>>;

    /// Deletes the children of this type that are not kept.
    fn prune<'a>(&'a self, set: &'a Set<'_, K>, progress: &'a mut Progress) -> BoxFuture<'a, Result<(), OwnedError>>;
}

pub(super) struct ChildrenOf<C>(Vec<C>);

impl<C: Resource> ChildrenOf<C> {
    pub(super) fn new(children: impl IntoIterator<Item = C>) -> Self {
        Self(children.into_iter().collect())
    }
}

impl<K, C> Children<K> for ChildrenOf<C>
where
    K: Object,
    C: Resource + Watchable + Clone + PartialEq,
{
    fn type_id(&self) -> TypeId {
        TypeId::of::<C>()
    }

    fn keys(&self) -> Vec<(TypeId, ObjectKey)> {
        self.0.iter().map(|child| (TypeId::of::<C>(), ObjectKey::of(child))).collect()
    }

    fn apply<'a>(
        &'a mut self,
        set: &'a Set<'_, K>,
        progress: &'a mut Progress,
    ) -> BoxFuture<'a, Result<(), OwnedError>> {
        Box::pin(async move {
            for child in &mut self.0 {
                let change = apply(child, set).await?;
                let key = ObjectKey::of(child);
                let informers = set.context.informers_of::<C>();
                let mut covering =
                    informers.iter().filter(|informer| informer.covers(&key, child.metadata())).peekable();
                let is_unselected = covering.peek().is_none();
                if !covering.any(|informer| informer.store().is_ready()) {
                    progress.uncovered.insert(TypeId::of::<C>());
                    if is_unselected && change != Change::Unchanged && !informers.is_empty() {
                        let (controller, kind) = (set.context.controller_name(), C::KIND);
                        warn!(controller, kind, %key, "controller: no source selects a child, so its changes start no run");
                    }
                }
                progress.kept.insert((TypeId::of::<C>(), key.clone()));
                progress.changes.push(OwnedChange { kind: C::KIND, key, change });
            }
            Ok(())
        })
    }

    fn prune<'a>(&'a self, set: &'a Set<'_, K>, progress: &'a mut Progress) -> BoxFuture<'a, Result<(), OwnedError>> {
        Box::pin(async move {
            for metadata in no_longer_wanted::<K, C>(set, progress).await? {
                // Boxed, or each apply of a set would be allocated with room for it.
                let key = Box::pin(delete_applied::<K, C>(set, metadata)).await?;
                progress.changes.extend(key.map(|key| OwnedChange { kind: C::KIND, key, change: Change::Deleted }));
            }
            Ok(())
        })
    }
}

/// Applies a child.
async fn apply<K, C>(child: &mut C, set: &Set<'_, K>) -> Result<Change, OwnedError>
where
    K: Object,
    C: Resource + Watchable + Clone + PartialEq,
{
    let metadata = child.metadata_mut();
    if metadata.namespace.is_none() {
        metadata.namespace = set.owner.metadata().namespace.clone();
    }
    let key = ObjectKey::of(child);
    child.set_controller(set.owner).map_err(|error| OwnedError::new(C::KIND, &key, Cause::Owner(error)))?;
    let current = current(child, &key, set).await?;
    let request = ApplyRequest::at(path::<C>(&key), &*child, set.manager.clone()).force(true);
    // The request fails if the child can't be encoded.
    let body = request.body().unwrap_or_default();
    let apply = Apply { of: TypeId::of::<C>(), key: &key, manager: &set.manager, body: &body };
    let applied = set.context.applied();
    let request = match &current {
        Some(current) if applied.is_unchanged_by(&apply, &**current) => return Ok(Change::Unchanged),
        Some(current) => request.unless_equal(current),
        None => request,
    };
    match request.send(set.context.client()).await {
        Ok(answer) => {
            if let Some(store) = set.context.store_of::<C>() {
                applied.note(&apply, &answer, store.len());
            }
            Ok(match current {
                None => Change::Created,
                Some(current) if current.metadata().resource_version == answer.metadata().resource_version => {
                    Change::Unchanged
                }
                Some(_) => Change::Updated,
            })
        }
        Err(error) if set.recreates && is_immutable(&error) => Box::pin(recreate(child, set, error)).await,
        Err(error) => Err(OwnedError::new(C::KIND, &key, Cause::Apply(error))),
    }
}

/// A child as it is: in a store, or on the server if no store covers it.
async fn current<K, C>(child: &C, key: &ObjectKey, set: &Set<'_, K>) -> Result<Option<Arc<C>>, OwnedError>
where
    K: Object,
    C: Resource + Watchable,
{
    let mut is_covered = false;
    for informer in set.context.informers_of::<C>() {
        if let Some(current) = informer.store().get_key(key) {
            return Ok(Some(current));
        }
        is_covered |= informer.store().is_ready() && informer.covers(key, child.metadata());
    }
    if is_covered {
        return Ok(None);
    }
    let current = ReadRequest::<C>::at(path::<C>(key)).send_opt(set.context.client()).await;
    Ok(current.map_err(|error| OwnedError::new(C::KIND, key, Cause::Read(error)))?.map(Arc::new))
}

/// Deletes an object, if the set has applied it, and returns its key then.
async fn delete_applied<K, C>(set: &Set<'_, K>, metadata: ObjectMeta) -> Result<Option<ObjectKey>, OwnedError>
where
    K: Object,
    C: Resource,
{
    let key = key_of(&metadata);
    // The store may keep no managed fields.
    let metadata = match metadata.managed_fields.is_empty() {
        true => read_metadata::<K, C>(set, &key).await?,
        false => Some(metadata),
    };
    let Some(metadata) = metadata.filter(|metadata| set.has_applied(metadata)) else { return Ok(None) };
    match delete::<C>(set.context.client(), &key, metadata.uid).await {
        Ok(()) => Ok(Some(key)),
        Err(error) => Err(OwnedError::new(C::KIND, &key, Cause::Delete(error))),
    }
}

/// The metadata of the objects of a type whose controller is the owner, without those that are kept or being deleted:
/// from the stores if they have all of them, or else from the server.
async fn no_longer_wanted<K, C>(set: &Set<'_, K>, progress: &Progress) -> Result<Vec<ObjectMeta>, OwnedError>
where
    K: Object,
    C: Resource + Watchable,
{
    let namespace = set.owner.metadata().namespace.as_deref();
    let type_id = TypeId::of::<C>();
    let is_obsolete = |metadata: &ObjectMeta| {
        let is_kept = || progress.kept.contains(&(type_id, key_of(metadata)));
        set.controls(metadata) && metadata.deletion_timestamp.is_none() && !is_kept()
    };
    // If sources select all children that there are, they have selected those before.
    let is_selected = progress.kept.iter().any(|(kept, _)| *kept == type_id) && !progress.uncovered.contains(&type_id);
    let mut informers = set.context.informers_of::<C>().into_iter().peekable();
    // Another run may have removed the source since.
    let is_selected = is_selected && informers.peek().is_some();
    if is_selected || informers.any(|informer| informer.store().is_ready() && informer.covers_all(namespace)) {
        let objects = set.context.owned::<C>(set.owner);
        let obsolete = objects.iter().map(|object| object.metadata()).filter(|metadata| is_obsolete(metadata));
        return Ok(obsolete.cloned().collect());
    }
    let request = ListRequest::<C>::at(Path::of::<C>(namespace)).metadata_only();
    let list = Box::pin(request.send(set.context.client())).await;
    let list = list.map_err(|error| OwnedError::new(C::KIND, &ObjectKey::default(), Cause::List(error)))?;
    Ok(list.items.into_iter().map(|object| object.metadata).filter(is_obsolete).collect())
}

fn key_of(metadata: &ObjectMeta) -> ObjectKey {
    ObjectKey::new(metadata.namespace.as_deref(), metadata.name.as_deref().unwrap_or_default())
}
