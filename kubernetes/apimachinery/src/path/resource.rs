//! Paths of resources, for types known at compile time and at run time.

use super::Path;
use crate::{GroupVersion, GroupVersionResource, Resource};

impl GroupVersion {
    /// The path of this group and version: `/api/v1` for the core group, `/apis/apps/v1` for another.
    pub fn path(&self) -> Path {
        group_version(&self.group, &self.version)
    }
}

impl GroupVersionResource {
    /// The path of this resource's objects: those of a namespace, or all of them. Use [`Path::object`] for a single
    /// object in it.
    ///
    /// ```
    /// use kubernetes_core::GroupVersionResource;
    ///
    /// let deployments = GroupVersionResource::new("apps", "v1", "deployments");
    /// assert_eq!(deployments.path("shop").object("web").as_str()?, "/apis/apps/v1/namespaces/shop/deployments/web");
    /// assert_eq!(deployments.path(None).as_str()?, "/apis/apps/v1/deployments");
    /// # Ok::<(), kubernetes_core::InvalidRequest>(())
    /// ```
    pub fn path<'a>(&self, namespace: impl Into<Option<&'a str>>) -> Path {
        objects(&self.group, &self.version, &self.resource, namespace.into())
    }
}

/// The path of a resource's objects: those of a namespace, or all of them.
pub(super) fn of<K: Resource>(namespace: Option<&str>) -> Path {
    objects(K::GROUP, K::VERSION, K::PLURAL, namespace)
}

fn objects(group: &str, version: &str, plural: &str, namespace: Option<&str>) -> Path {
    let mut path = group_version(group, version);
    if let Some(namespace) = namespace {
        path = path.join("namespaces").segment("namespace", namespace);
    }
    path.segment("resource", plural)
}

fn group_version(group: &str, version: &str) -> Path {
    // Room for the rest of the path of an object.
    let mut root = String::with_capacity(128);
    root.push_str(if group.is_empty() { "/api" } else { "/apis" });
    let root = Path(Ok(root));
    let root = if group.is_empty() { root } else { root.segment("group", group) };
    root.segment("version", version)
}
