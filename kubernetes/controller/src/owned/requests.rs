use kubernetes_client::{Client, Error};
use kubernetes_core::meta::v1::{DeleteOptions, Preconditions};
use kubernetes_core::{DeleteRequest, Object, ObjectKey, ObjectMeta, Path, ReadRequest, Resource, Str};

use super::Set;
use super::error::{Cause, OwnedError};

/// Deletes the object of this uid, and what it owns in the background. An object that does not exist counts as deleted.
pub(super) async fn delete<C: Resource>(client: &Client, key: &ObjectKey, uid: Option<Str>) -> Result<(), Error> {
    let options = DeleteOptions {
        propagation_policy: Some("Background".into()),
        preconditions: Preconditions { uid, ..Preconditions::default() }.into(),
        ..DeleteOptions::default()
    };
    let request = DeleteRequest::<C>::at(path::<C>(key)).options(&options);
    match request.send(client).await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// The metadata of an object on the server; `None` if it does not exist.
pub(super) async fn read_metadata<K, C>(set: &Set<'_, K>, key: &ObjectKey) -> Result<Option<ObjectMeta>, OwnedError>
where
    K: Object,
    C: Resource,
{
    let object = ReadRequest::<C>::at(path::<C>(key)).metadata_only().send_opt(set.context.client()).await;
    Ok(object.map_err(|error| OwnedError::new(C::KIND, key, Cause::Read(error)))?.map(|object| object.metadata))
}

/// The path of an object.
pub(super) fn path<C: Resource>(key: &ObjectKey) -> Path {
    Path::of::<C>(key.namespace()).object(key.name())
}
