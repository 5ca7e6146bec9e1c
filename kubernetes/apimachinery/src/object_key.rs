use std::fmt;

use crate::Str;

/// Identifies an object of a resource by its namespace and name, like Go's `types.NamespacedName`.
///
/// ```
/// use kubernetes_core::ObjectKey;
///
/// assert_eq!(ObjectKey::new("shop", "web").to_string(), "shop/web");
/// assert_eq!(ObjectKey::new(None, "node-1").to_string(), "node-1");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// Empty for a cluster-scoped object.
    namespace: Str,
    name: Str,
}

impl ObjectKey {
    /// Creates the key of an object; the namespace of a cluster-scoped object is `None`.
    pub fn new<'a>(namespace: impl Into<Option<&'a str>>, name: &str) -> Self {
        Self { namespace: namespace.into().unwrap_or_default().into(), name: name.into() }
    }

    /// The namespace is empty for an object of a cluster-scoped resource.
    pub(crate) fn from_parts(namespace: Str, name: Str) -> Self {
        Self { namespace, name }
    }

    /// The namespace; objects of cluster-scoped resources have none.
    pub fn namespace(&self) -> Option<&str> {
        Some(&*self.namespace).filter(|namespace| !namespace.is_empty())
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace() {
            Some(namespace) => f.pad(&format!("{namespace}/{}", self.name)),
            None => f.pad(&self.name),
        }
    }
}
