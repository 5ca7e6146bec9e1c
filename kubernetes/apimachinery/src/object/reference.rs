use std::fmt;

use crate::{GroupVersionKind, Object, Str};

/// Identifies an object for events and logs: the parts of an `ObjectReference`.
///
/// ```
/// use kubernetes_core::Object;
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let mut pod = Pod::named("web");
/// pod.metadata.namespace = Some("shop".into());
/// assert_eq!(pod.reference().to_string(), "Pod shop/web");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ObjectReference {
    /// The type, if it is known.
    pub group_version_kind: Option<GroupVersionKind>,
    /// `metadata.namespace`; objects of cluster-scoped resources have none.
    pub namespace: Option<Str>,
    /// `metadata.name`
    pub name: Str,
    /// `metadata.uid`, which distinguishes an object from a later one of the same name.
    pub uid: Option<Str>,
    /// `metadata.resourceVersion`
    pub resource_version: Option<Str>,
}

impl ObjectReference {
    pub(crate) fn to<K: Object>(object: &K) -> Self {
        let metadata = object.metadata();
        Self {
            group_version_kind: object.group_version_kind(),
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone().unwrap_or_default(),
            uid: metadata.uid.clone(),
            resource_version: metadata.resource_version.clone(),
        }
    }
}

impl fmt::Display for ObjectReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(of_type) = &self.group_version_kind {
            write!(f, "{} ", of_type.kind)?;
        }
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        f.write_str(&self.name)
    }
}
