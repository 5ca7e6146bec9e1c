use super::writer::Writer;
use crate::resources::ServedResource;
use crate::semantics::options::DeleteOptions;
use crate::status::{Result, Status};
use crate::store::Stored;

/// Checks the preconditions of a deletion, from `Preconditions.Check` in
/// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/registry/rest/delete.go>.
pub(in crate::semantics) fn check_preconditions(
    served: &ServedResource,
    old: &Stored,
    options: &DeleteOptions,
) -> Result<()> {
    // This error names the kind instead of the resource.
    let conflict = |why: &str| Status::conflict(served.group(), served.kind(), old.key.name(), why);
    if let Some(uid) = options.uid.as_deref().filter(|uid| *uid != &*old.uid) {
        return Err(conflict(&format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({}). \
             The object might have been deleted and then recreated",
            old.uid
        )));
    }
    let revision = old.revision.to_string();
    if let Some(version) = options.resource_version.as_deref().filter(|version| *version != revision) {
        return Err(conflict(&format!(
            "the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record \
             ({revision}). The object might have been modified"
        )));
    }
    Ok(())
}

/// A violated precondition, as the storage reports it: `field` is `UID` or `ResourceVersion`.
pub(in crate::semantics) fn stale(
    writer: &Writer<'_>,
    old: &Stored,
    field: &str,
    expected: &str,
    found: &str,
) -> Status {
    let served = writer.served;
    let directory = match served.group() {
        "" => served.plural.clone(),
        group => format!("{group}/{}", served.plural),
    };
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: /registry/{directory}/{}, ResourceVersion: 0, \
         AdditionalErrorMsg: Precondition failed: {field} in precondition: {expected}, {field} in object meta: {found}",
        old.key
    );
    writer.conflict(&why)
}
