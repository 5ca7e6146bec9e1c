use kubernetes_core::ObjectReference;
use kubernetes_models::core::v1;

/// The reference as events have it.
pub(super) fn to_model(reference: &ObjectReference) -> v1::ObjectReference {
    let of_type = reference.group_version_kind.as_ref();
    v1::ObjectReference {
        api_version: of_type.map(|of_type| of_type.api_version()),
        kind: of_type.map(|of_type| of_type.kind.clone()),
        namespace: reference.namespace.clone(),
        name: Some(reference.name.clone()),
        uid: reference.uid.clone(),
        resource_version: reference.resource_version.clone(),
        field_path: None,
    }
}
