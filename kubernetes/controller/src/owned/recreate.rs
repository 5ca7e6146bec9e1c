use kubernetes_client::{Client, Error};
use kubernetes_core::{ApplyRequest, CreateRequest, ObjectKey, Path, ReadRequest, Resource};

use super::delete::delete;

/// Whether the server refused a change because of a field that can't be changed.
///
/// There is no reason of its own for that: these are the words of apimachinery's `ValidateImmutableField` and rules in CEL
/// by convention, of workloads ("updates to statefulset spec for fields other than …"), and of Services.
pub(super) fn is_immutable(error: &Error) -> bool {
    let Some(status) = error.status().filter(|status| status.is_invalid()) else { return false };
    let causes = status.details.iter().flat_map(|details| &details.causes).filter_map(|cause| cause.message.as_deref());
    let messages = causes.chain(status.message.as_deref());
    messages.map(str::to_lowercase).any(|message| {
        message.contains("immutable")
            || message.contains("may not change once set")
            || message.contains("updates to") && message.contains("forbidden")
    })
}

/// Deletes an object, and creates it as it should be.
pub(super) async fn recreate<C: Resource + Clone>(client: &Client, child: &C, manager: &str) -> Result<(), Error> {
    let key = ObjectKey::of(child);
    check(client, child, &key).await?;
    let path = || Path::of::<C>(key.namespace()).object(key.name());
    let current = ReadRequest::<C>::at(path()).metadata_only().send_opt(client).await?;
    if let Some(current) = current {
        delete::<C>(client, &key, current.metadata.uid).await?;
    }
    ApplyRequest::at(path(), child, manager).force(true).send(client).await.map(drop)
}

/// Fails if the server would not create the object: it must not be deleted then. It is asked for another name, as this one
/// is taken.
async fn check<C: Resource + Clone>(client: &Client, child: &C, key: &ObjectKey) -> Result<(), Error> {
    let mut probe = child.clone();
    let metadata = probe.metadata_mut();
    metadata.generate_name = metadata.name.take().map(|name| format!("{name}-").into());
    let request = CreateRequest::<C>::at(Path::of::<C>(key.namespace()), &probe).dry_run("All");
    request.send(client).await.map(drop)
}
