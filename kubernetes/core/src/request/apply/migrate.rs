use super::{ExtractError, FieldSet};
use crate::json::Tree;
use crate::{JsonPatch, Object, Str};
use kubernetes_apimachinery::meta::v1::ManagedFieldsEntry;

/// The manager of updates by `kubectl apply` without `--server-side`.
pub const CLIENT_SIDE_APPLY_MANAGER: &str = "kubectl-client-side-apply";

/// Moves the fields that client-side apply owns to a manager that uses server-side apply; `None` if it owns none.
///
/// Before this migration, a field that is left out of an apply remains, because its former manager still owns it. Send
/// the patch with the object's name; it fails with a conflict if the object has changed since it was read.
///
/// ```
/// use kubernetes_core::{CLIENT_SIDE_APPLY_MANAGER, Patch, PatchRequest, migrate_client_side_apply, json};
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let pod: Pod = json::from_str(r#"{"metadata": {"name": "web", "resourceVersion": "7", "managedFields": [
///     {"manager": "kubectl-client-side-apply", "operation": "Update", "apiVersion": "v1",
///      "fieldsV1": {"f:metadata": {"f:labels": {"f:tier": {}}}}}]}}"#)?;
/// if let Some(patch) = migrate_client_side_apply(&pod, &[CLIENT_SIDE_APPLY_MANAGER], "shop-operator")? {
///     let patch = Patch::from(&patch);
///     let request = PatchRequest::<Pod>::namespaced("shop", "web", &patch);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Fields that were applied in an API version other than the latest or the manager's lose their owner. The annotation
/// in which kubectl keeps the last applied object moves too, so that the next apply removes it. Equivalent to
/// client-go's `csaupgrade` (<https://github.com/kubernetes/client-go/blob/v0.37.2/util/csaupgrade/upgrade.go>).
///
/// # Errors
/// Returns an error if the managed fields can't be read.
pub fn migrate_client_side_apply<K: Object>(
    object: &K,
    former_managers: &[&str],
    manager: impl Into<Str>,
) -> Result<Option<JsonPatch>, ExtractError> {
    let manager = manager.into();
    let metadata = object.metadata();
    let is_former = |entry: &ManagedFieldsEntry| {
        entry.operation.as_deref() == Some("Update")
            && entry.subresource.as_deref().unwrap_or_default().is_empty()
            && entry.manager.as_deref().is_some_and(|name| former_managers.contains(&name))
    };
    let (former, mut entries): (Vec<_>, Vec<_>) = metadata.managed_fields.iter().cloned().partition(is_former);
    // The latest entry determines the version, as in client-go.
    let Some(latest) = former.iter().max_by_key(|entry| entry.time.as_ref().map(|time| time.timestamp())) else {
        return Ok(None);
    };
    let is_applied = |entry: &ManagedFieldsEntry| {
        entry.operation.as_deref() == Some("Apply")
            && entry.subresource.as_deref().unwrap_or_default().is_empty()
            && entry.manager.as_ref() == Some(&manager)
    };
    let place = entries.iter().position(is_applied).unwrap_or_else(|| {
        entries.push(ManagedFieldsEntry {
            manager: Some(manager.clone()),
            operation: Some("Apply".into()),
            ..latest.clone()
        });
        entries.len() - 1
    });
    let applied = &mut entries[place];
    let mut fields = read(applied)?;
    // Paths of another version may not exist in this one: as in client-go, they are discarded.
    for entry in former.iter().filter(|entry| entry.api_version == applied.api_version) {
        fields = fields.union(&read(entry)?);
    }
    applied.fields_v1 = Some(fields.to_fields_v1());
    let mut patch = JsonPatch::new();
    patch.push_value(
        "replace",
        "/metadata/managedFields".into(),
        &Tree::from_value(&entries).map_err(ExtractError::encode)?,
    );
    if let Some(version) = &metadata.resource_version {
        patch.push_value("replace", "/metadata/resourceVersion".into(), &Tree::String(version.clone()));
    }
    Ok(Some(patch))
}

fn read(entry: &ManagedFieldsEntry) -> Result<FieldSet, ExtractError> {
    entry.fields_v1.as_ref().map_or_else(|| Ok(FieldSet::new()), FieldSet::from_fields_v1).map_err(ExtractError::decode)
}
