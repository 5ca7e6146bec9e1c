//! Resources that are known only at run time, and the requests for their objects.

mod scope;

use std::fmt;

use kubernetes_core::{
    ClusterResource, GroupVersion, GroupVersionKind, GroupVersionResource, NamespacedResource, Object, Resource, Str,
};

pub use scope::ScopedResource;

use crate::DynamicObject;

/// A resource as a server describes it: its name, its kind and its operations.
///
/// ```
/// use kubernetes_core::GroupVersionKind;
/// use kubernetes_dynamic::ApiResource;
///
/// let lanterns = ApiResource::new(&GroupVersionKind::new("light.example.com", "v1", "Lantern"), "lanterns", true);
/// let request = lanterns.in_namespace("shop").list().label_selector("color=red");
/// assert_eq!(
///     format!("{:?}", request.request()),
///     "GET /apis/light.example.com/v1/namespaces/shop/lanterns?labelSelector=color%3Dred"
/// );
/// ```
///
/// A [`Mapper`](crate::Mapper) finds it by any of its names; [`Discovery`](crate::Discovery) has all resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiResource {
    /// The group, empty for the core group.
    pub group: Str,
    /// The version, such as `v1`.
    pub version: Str,
    /// The kind of its objects.
    pub kind: Str,
    /// The name in paths, such as `deployments`.
    pub plural: Str,
    /// The singular name, such as `deployment`; empty if the server does not provide it.
    pub singular: Str,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
    /// The operations that the server supports, such as `list` and `watch`.
    pub verbs: Vec<Str>,
    /// Short names, such as `deploy`.
    pub short_names: Vec<Str>,
    /// The categories that it belongs to, such as `all`.
    pub categories: Vec<Str>,
    /// The subresources of each object, such as `status` and `scale`.
    pub subresources: Vec<ApiSubresource>,
    /// A hash that changes with the storage version; only a server's classic documents have it.
    pub storage_version_hash: Option<Str>,
}

/// A subresource of the objects of an [`ApiResource`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiSubresource {
    /// Its name, such as `scale`.
    pub name: Str,
    /// The type of its responses, which may be of another group, such as `autoscaling/v1, Kind=Scale`.
    pub kind: GroupVersionKind,
    /// The operations that the server supports.
    pub verbs: Vec<Str>,
}

impl ApiResource {
    /// Creates a resource without asking a server.
    pub fn new(of_type: &GroupVersionKind, plural: impl Into<Str>, namespaced: bool) -> Self {
        Self {
            group: of_type.group.clone(),
            version: of_type.version.clone(),
            kind: of_type.kind.clone(),
            plural: plural.into(),
            namespaced,
            ..Self::default()
        }
    }

    /// Creates the namespaced resource of a type.
    pub fn namespaced<K: NamespacedResource>() -> Self {
        Self::of_type::<K>(true)
    }

    /// Creates the cluster-scoped resource of a type.
    pub fn cluster_scoped<K: ClusterResource>() -> Self {
        Self::of_type::<K>(false)
    }

    fn of_type<K: Resource>(namespaced: bool) -> Self {
        Self::new(&GroupVersionKind::of::<K>(), K::PLURAL, namespaced)
    }

    /// The type of its objects.
    pub fn group_version_kind(&self) -> GroupVersionKind {
        GroupVersionKind::new(&self.group, &self.version, &self.kind)
    }

    /// Its group, version and name.
    pub fn group_version_resource(&self) -> GroupVersionResource {
        GroupVersionResource::new(&self.group, &self.version, &self.plural)
    }

    /// Its group and version.
    pub fn group_version(&self) -> GroupVersion {
        GroupVersion::new(&self.group, &self.version)
    }

    /// Whether the server supports an operation, such as `watch`.
    pub fn supports(&self, verb: &str) -> bool {
        self.verbs.iter().any(|supported| supported == verb)
    }

    /// The subresource with this name, if there is one.
    pub fn subresource(&self, name: &str) -> Option<&ApiSubresource> {
        self.subresources.iter().find(|subresource| subresource.name == name)
    }

    /// Creates an object of this resource with a name and nothing else.
    pub fn object(&self, name: impl Into<Str>) -> DynamicObject {
        DynamicObject::named(&self.group_version_kind(), name)
    }

    /// Its objects in one namespace.
    ///
    /// For a cluster-scoped resource, requests fail when they are sent.
    pub fn in_namespace(&self, namespace: impl Into<Str>) -> ScopedResource {
        ScopedResource::in_namespace(self, namespace.into())
    }

    /// Its objects in all namespaces, to list, watch or delete them together.
    ///
    /// Requests for a single object of a namespaced resource fail when they are sent. For a cluster-scoped resource,
    /// this is [`cluster`](Self::cluster).
    pub fn all_namespaces(&self) -> ScopedResource {
        if self.namespaced { ScopedResource::all_namespaces(self) } else { ScopedResource::cluster(self) }
    }

    /// Its objects, which are not in a namespace.
    ///
    /// For a namespaced resource, requests fail when they are sent.
    pub fn cluster(&self) -> ScopedResource {
        ScopedResource::cluster(self)
    }

    /// The scope of an object of this resource: its namespace or else `default_namespace`, or the cluster for a
    /// cluster-scoped resource.
    pub fn scope_of<K: Object>(&self, object: &K, default_namespace: &str) -> ScopedResource {
        match self.namespaced {
            true => self.in_namespace(object.metadata().namespace.as_deref().unwrap_or(default_namespace)),
            false => self.cluster(),
        }
    }
}

impl fmt::Display for ApiResource {
    /// Writes kubectl's fully qualified form: `deployments.v1.apps`, or `pods.v1.` in the core group.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{}.{}", self.plural, self.version, self.group))
    }
}
