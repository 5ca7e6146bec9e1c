use std::any::TypeId;
use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use kubernetes_core::{ApplyRequest, ListRequest, Object, ObjectKey, ObjectMeta, Path, Resource, Watchable};

use super::delete::delete;
use super::error::{Cause, OwnedError};
use super::recreate::{is_immutable, recreate};
use super::{Change, OwnedChange, OwnedSet};
use crate::Context;
use crate::applied::Apply;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The children of one type.
pub(super) trait Children<K: Object>: Send + Sync {
    fn of(&self) -> TypeId;

    fn keys(&self) -> Vec<(TypeId, ObjectKey)>;

    fn apply<'a>(
        &'a mut self,
        set: &'a OwnedSet<'_, K>,
        changes: &'a mut Vec<OwnedChange>,
    ) -> BoxFuture<'a, Result<(), OwnedError>>;

    /// Deletes the children of this type that are not kept.
    fn prune<'a>(
        &'a self,
        set: &'a OwnedSet<'_, K>,
        kept: &'a HashSet<(TypeId, ObjectKey)>,
        changes: &'a mut Vec<OwnedChange>,
    ) -> BoxFuture<'a, Result<(), OwnedError>>;
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
    fn of(&self) -> TypeId {
        TypeId::of::<C>()
    }

    fn keys(&self) -> Vec<(TypeId, ObjectKey)> {
        self.0.iter().map(|child| (TypeId::of::<C>(), ObjectKey::of(child))).collect()
    }

    fn apply<'a>(
        &'a mut self,
        set: &'a OwnedSet<'_, K>,
        changes: &'a mut Vec<OwnedChange>,
    ) -> BoxFuture<'a, Result<(), OwnedError>> {
        Box::pin(async move {
            for child in &mut self.0 {
                let change = apply(child, set).await?;
                changes.push(OwnedChange { kind: C::KIND, key: ObjectKey::of(child), change });
            }
            Ok(())
        })
    }

    fn prune<'a>(
        &'a self,
        set: &'a OwnedSet<'_, K>,
        kept: &'a HashSet<(TypeId, ObjectKey)>,
        changes: &'a mut Vec<OwnedChange>,
    ) -> BoxFuture<'a, Result<(), OwnedError>> {
        Box::pin(async move {
            for metadata in owned::<K, C>(set).await? {
                let key = key_of(&metadata);
                let is_kept = kept.contains(&(TypeId::of::<C>(), key.clone()));
                if is_kept || metadata.deletion_timestamp.is_some() || !is_applied_by(&metadata, &set.manager) {
                    continue;
                }
                delete::<C>(set.context.client(), &key, metadata.uid)
                    .await
                    .map_err(|error| OwnedError::new(C::KIND, &key, Cause::Delete(error)))?;
                changes.push(OwnedChange { kind: C::KIND, key, change: Change::Deleted });
            }
            Ok(())
        })
    }
}

/// Applies a child.
async fn apply<K, C>(child: &mut C, set: &OwnedSet<'_, K>) -> Result<Change, OwnedError>
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
    let current = stored::<K, C>(set.context, &key);
    let path = Path::of::<C>(key.namespace()).object(key.name());
    let request = ApplyRequest::at(path, &*child, set.manager.clone()).force(true);
    // What can't be encoded is an error of the request.
    let body = request.body().unwrap_or_default();
    let apply = Apply { of: TypeId::of::<C>(), key: &key, manager: &set.manager, body: &body };
    let applied = set.context.applied();
    let request = match &current {
        Some(current) if applied.is_unchanged_by(&apply, &**current) => return Ok(Change::Unchanged),
        Some(current) => request.unless_equal(current),
        None => request,
    };
    let client = set.context.client();
    match request.send(client).await {
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
        Err(error) if set.recreates && is_immutable(&error) => recreate(client, child, &set.manager)
            .await
            .map(|()| Change::Recreated)
            .map_err(|error| OwnedError::new(C::KIND, &key, Cause::Recreate(error))),
        Err(error) => Err(OwnedError::new(C::KIND, &key, Cause::Apply(error))),
    }
}

fn stored<K: Object, C: Object>(context: &Context<K>, key: &ObjectKey) -> Option<Arc<C>> {
    context.informers_of::<C>().find_map(|informer| informer.store().get_key(key))
}

/// The metadata of the objects of a type whose controller is the owner: from the stores if there is one, or else from the
/// server.
async fn owned<K, C>(set: &OwnedSet<'_, K>) -> Result<Vec<ObjectMeta>, OwnedError>
where
    K: Object,
    C: Resource + Watchable,
{
    let Some(uid) = set.owner.metadata().uid.as_ref() else { return Ok(Vec::new()) };
    let is_controlled = |metadata: &ObjectMeta| {
        metadata.owner_references.iter().any(|owner| owner.uid == *uid && owner.controller == Some(true))
    };
    if set.context.informers_of::<C>().next().is_some() {
        let objects = set.context.owned::<C>(set.owner).into_iter();
        return Ok(objects.map(|object| object.metadata().clone()).filter(is_controlled).collect());
    }
    let request = ListRequest::<C>::at(Path::of::<C>(set.owner.metadata().namespace.as_deref())).metadata_only();
    let list = request.send(set.context.client()).await;
    let list = list.map_err(|error| OwnedError::new(C::KIND, &ObjectKey::default(), Cause::List(error)))?;
    Ok(list.items.into_iter().map(|object| object.metadata).filter(is_controlled).collect())
}

fn key_of(metadata: &ObjectMeta) -> ObjectKey {
    ObjectKey::new(metadata.namespace.as_deref(), metadata.name.as_deref().unwrap_or_default())
}

/// Whether a manager has applied an object. Where a store keeps no managed fields, the owner is all that is known.
fn is_applied_by(metadata: &ObjectMeta, manager: &str) -> bool {
    metadata.managed_fields.is_empty()
        || metadata
            .managed_fields
            .iter()
            .any(|entry| entry.manager.as_deref() == Some(manager) && entry.operation.as_deref() == Some("Apply"))
}
