use kubernetes_client::{Client, Error};
use kubernetes_core::{ApplyRequest, CreateRequest, Object, ObjectKey, Path, Resource};

use super::error::{Cause, OwnedError};
use super::requests::{delete, path, read_metadata};
use super::{Change, Set};

/// The words by which servers refuse a change of a field that can't be changed. There is no reason of its own for that.
const REFUSALS: [&str; 5] = [
    // apimachinery's `ValidateImmutableField`, claims and volumes of storage, and rules in CEL by convention
    "immutable",
    // Services
    "may not change once set",
    // "pod updates may not change fields other than …"
    "updates may not change fields",
    // role bindings
    "cannot change roleref",
    // priority classes
    "may not be changed in an update",
];

/// Whether the server refused a change because of fields that can't be changed, and for no other reason.
pub(super) fn is_immutable(error: &Error) -> bool {
    let Some(status) = error.status().filter(|status| status.is_invalid()) else { return false };
    let causes = status.details.iter().flat_map(|details| &details.causes).filter_map(|cause| cause.message.as_deref());
    let mut causes = causes.peekable();
    match causes.peek() {
        Some(_) => causes.all(is_refusal),
        None => status.message.as_deref().is_some_and(is_refusal),
    }
}

fn is_refusal(message: &str) -> bool {
    let message = message.to_lowercase();
    // As of workloads and StorageClasses: "Forbidden: updates to statefulset spec for fields other than …"
    let is_forbidden_update = || message.contains("forbidden") && message.contains("updates to ");
    REFUSALS.iter().any(|refusal| message.contains(refusal)) || is_forbidden_update()
}

/// Deletes a child whose change was refused with an error, and creates it as it should be, if it is one of the set.
pub(super) async fn recreate<K, C>(child: &C, set: &Set<'_, K>, refusal: Error) -> Result<Change, OwnedError>
where
    K: Object,
    C: Resource + Clone,
{
    let (client, key) = (set.context.client(), ObjectKey::of(child));
    let current = read_metadata::<K, C>(set, &key).await?;
    if current.as_ref().is_some_and(|current| !set.has_applied(current)) {
        return Err(OwnedError::new(C::KIND, &key, Cause::Apply(refusal)));
    }
    let recreated = async {
        check(client, child, &key).await?;
        if let Some(current) = current {
            delete::<C>(client, &key, current.uid).await?;
        }
        ApplyRequest::at(path::<C>(&key), child, set.manager.clone()).force(true).send(client).await
    };
    match recreated.await {
        Ok(_) => Ok(Change::Recreated),
        Err(error) => Err(OwnedError::new(C::KIND, &key, Cause::Recreate(error))),
    }
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

#[cfg(test)]
mod tests {
    use super::is_refusal;

    /// As the API server of Kubernetes 1.37 words them.
    #[test]
    fn immutable_fields_are_known_by_the_words_of_servers() {
        for message in [
            // Jobs, the selector of a Deployment
            "Invalid value: {\"containers\":[]}: field is immutable",
            "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals' are forbidden",
            "Invalid value: [\"10.0.0.2\"]: may not change once set",
            "Forbidden: spec is immutable after creation except resources.requests for bound claims",
            "Forbidden: spec.persistentvolumesource is immutable after creation",
            "Forbidden: field is immutable when `immutable` is set",
            "Forbidden: updates to parameters are forbidden.",
            "Invalid value: {\"kind\":\"Role\",\"name\":\"b\"}: cannot change roleRef",
            "Forbidden: pod updates may not change fields other than `spec.containers[*].image`",
            "Forbidden: may not be changed in an update.",
            // A rule in CEL
            "Invalid value: \"object\": Value is immutable",
        ] {
            assert!(is_refusal(message), "{message}");
        }
        for message in [
            "Invalid value: 2: must be odd",
            "Forbidden: field can not be less than status.capacity",
            "Required value",
            "Only one reference can have Controller set to true. Found \"true\" in references for Widget a and Widget b",
            "Invalid value: {\"app\":\"a\"}: `selector` does not match template `labels`",
        ] {
            assert!(!is_refusal(message), "{message}");
        }
    }
}
