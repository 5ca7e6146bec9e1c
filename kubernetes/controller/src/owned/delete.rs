use kubernetes_client::{Client, Error};
use kubernetes_core::meta::v1::{DeleteOptions, Preconditions};
use kubernetes_core::{DeleteRequest, ObjectKey, Path, Resource, Str};

/// Deletes the object of this uid, and what it owns in the background. One that is gone is as good.
pub(super) async fn delete<C: Resource>(client: &Client, key: &ObjectKey, uid: Option<Str>) -> Result<(), Error> {
    let options = DeleteOptions {
        propagation_policy: Some("Background".into()),
        preconditions: Preconditions { uid, ..Preconditions::default() }.into(),
        ..DeleteOptions::default()
    };
    let request = DeleteRequest::<C>::at(Path::of::<C>(key.namespace()).object(key.name())).options(&options);
    match request.send(client).await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}
