use crate::core::v1::ObjectReference;

impl From<kubernetes_apimachinery::ObjectReference> for ObjectReference {
    /// References to objects, for events and other fields, like Go's `reference.GetReference`.
    ///
    /// ```
    /// use kubernetes_core::Object;
    /// use kubernetes_models::core::v1::{Event, ObjectReference, Pod};
    ///
    /// let pod = Pod::named("web");
    /// let event = Event { involved_object: pod.reference().into(), ..Event::named("web.started") };
    /// assert_eq!(event.involved_object.kind.as_deref(), Some("Pod"));
    /// ```
    fn from(reference: kubernetes_apimachinery::ObjectReference) -> Self {
        let of_type = reference.group_version_kind;
        Self {
            api_version: of_type.as_ref().map(kubernetes_apimachinery::GroupVersionKind::api_version),
            kind: of_type.map(|of_type| of_type.kind),
            name: Some(reference.name).filter(|name| !name.is_empty()),
            namespace: reference.namespace,
            resource_version: reference.resource_version,
            uid: reference.uid,
            field_path: None,
        }
    }
}
