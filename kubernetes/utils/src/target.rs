use std::fmt;

use kubernetes_core::text::printable;
use kubernetes_core::{ClusterResource, NamespacedResource, Object, ObjectKey, Str};
use kubernetes_dynamic::{ApiResource, ScopedResource};

/// Identifies an object of any kind on the server by its resource, namespace, name and, if known, uid.
///
/// ```
/// use kubernetes_core::{GroupVersionKind, ObjectKey};
/// use kubernetes_dynamic::ApiResource;
/// use kubernetes_utils::Target;
///
/// let deployments = ApiResource::new(&GroupVersionKind::new("apps", "v1", "Deployment"), "deployments", true);
/// let target = Target::new(deployments, ObjectKey::new("shop", "web"));
/// assert_eq!(target.to_string(), "deployments.apps shop/web");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// The resource.
    pub resource: ApiResource,
    /// The namespace and the name.
    pub key: ObjectKey,
    /// The uid, which distinguishes the object from a later one of the same name.
    pub uid: Option<Str>,
}

/// The maximum number of bytes of a name that are shown.
const NAME_BYTES: usize = 512;

impl Target {
    /// An object by its name.
    pub fn new(resource: ApiResource, key: ObjectKey) -> Self {
        Self { resource, key, uid: None }
    }

    /// An object as the server sent it, typed or dynamic.
    pub fn of<K: Object>(resource: &ApiResource, object: &K) -> Self {
        Self { resource: resource.clone(), key: ObjectKey::of(object), uid: object.metadata().uid.clone() }
    }

    /// An object of a type, by its namespace and name.
    pub fn namespaced<K: NamespacedResource>(namespace: &str, name: &str) -> Self {
        Self::new(ApiResource::namespaced::<K>(), ObjectKey::new(namespace, name))
    }

    /// An object of a cluster-scoped type, by its name.
    pub fn cluster_scoped<K: ClusterResource>(name: &str) -> Self {
        Self::new(ApiResource::cluster_scoped::<K>(), ObjectKey::new(None, name))
    }

    /// The scope for requests for the object.
    pub fn scope(&self) -> ScopedResource {
        match self.key.namespace() {
            Some(namespace) => self.resource.in_namespace(namespace),
            None => self.resource.cluster(),
        }
    }
}

impl fmt::Display for Target {
    /// Writes kubectl's form of an object, with its namespace.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.resource.plural, NAME_BYTES))?;
        if !self.resource.group.is_empty() {
            write!(f, ".{}", printable(&self.resource.group, NAME_BYTES))?;
        }
        write!(f, " {}", printable(&self.key.to_string(), NAME_BYTES))
    }
}
