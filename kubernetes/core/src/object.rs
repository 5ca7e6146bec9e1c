use crate::json::Value;
use crate::meta::v1::OwnerReference;
use crate::{GroupVersionKind, Map, ObjectMeta, ObjectReference, Str};

/// What requests, watches and stores ask of a type: it can be read and written, and has metadata.
///
/// Implemented by [`resource!`](crate::resource) for a type known at compile time; objects whose type is only known at
/// run time implement it with [`TYPE`](Self::TYPE) as `None`.
pub trait Object: Value + Send + Sync + 'static {
    /// The group, version and kind, if the type has one of each.
    const TYPE: Option<StaticType>;

    /// The object's metadata.
    fn metadata(&self) -> &ObjectMeta;

    /// The object's metadata, to be changed.
    fn metadata_mut(&mut self) -> &mut ObjectMeta;

    /// The object's type; objects whose type is only known at run time say here what it is.
    fn group_version_kind(&self) -> Option<GroupVersionKind> {
        Self::TYPE.map(GroupVersionKind::from)
    }

    /// `metadata.labels`
    fn labels(&self) -> &Map<Str> {
        &self.metadata().labels
    }

    /// `metadata.annotations`
    fn annotations(&self) -> &Map<Str> {
        &self.metadata().annotations
    }

    /// Which object this is.
    fn reference(&self) -> ObjectReference {
        ObjectReference::to(self)
    }

    /// The reference by which other objects belong to this one and are deleted after it, as to their `controller` or
    /// not; `None` if this object has no uid because it is not on the server yet.
    fn owner_ref(&self, controller: bool) -> Option<OwnerReference> {
        if controller { OwnerReference::to_controller(self) } else { OwnerReference::to(self) }
    }

    /// The reference to the controller that manages this object.
    fn controller(&self) -> Option<&OwnerReference> {
        self.metadata().owner_references.iter().find(|owner| owner.controller == Some(true))
    }

    /// Whether the object is being deleted: it goes once its finalizers have been removed.
    fn is_being_deleted(&self) -> bool {
        self.metadata().deletion_timestamp.is_some()
    }
}

/// An object whose group, version, kind and plural are known at compile time.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a Kubernetes resource",
    note = "a type with a `metadata: ObjectMeta` field becomes one by `kubernetes_core::resource!`"
)]
pub trait Resource: Object {
    /// The group, empty for the core group.
    const GROUP: &'static str;
    /// The version, as `v1`.
    const VERSION: &'static str;
    /// The kind, as `Pod`.
    const KIND: &'static str;
    /// What stands in paths, as `pods`.
    const PLURAL: &'static str;
}

/// A resource whose objects live in namespaces.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a namespaced resource",
    note = "objects of cluster-scoped resources live in no namespace: use `::cluster()`"
)]
pub trait NamespacedResource: Resource {}

/// A resource whose objects live in no namespace.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a cluster-scoped resource",
    note = "use `::namespaced(namespace)` or `::all_namespaces()`"
)]
pub trait ClusterResource: Resource {}

/// An object whose list operation has a `watch` parameter.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be watched",
    note = "the API description has no `watch` parameter on its list operation; list it again at intervals instead"
)]
pub trait Watchable: Object {}

/// A group, version and kind known at compile time.
///
/// ```
/// use kubernetes_core::StaticType;
///
/// assert_eq!(StaticType::new("apps", "v1", "Deployment").api_version(), "apps/v1");
/// assert_eq!(StaticType::new("", "v1", "Pod").api_version(), "v1");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaticType {
    /// The group, empty for the core group.
    pub group: &'static str,
    /// The version.
    pub version: &'static str,
    /// The kind.
    pub kind: &'static str,
}

impl StaticType {
    /// A type of this group, version and kind.
    pub const fn new(group: &'static str, version: &'static str, kind: &'static str) -> Self {
        Self { group, version, kind }
    }

    /// What objects carry as `apiVersion`: `group/version`, or the version alone in the core group.
    pub fn api_version(&self) -> Str {
        crate::group_version::api_version(self.group, self.version)
    }
}
