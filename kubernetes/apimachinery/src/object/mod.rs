mod group_version;
mod owner;
mod reference;
mod serde_object;

use crate::json::{DecodeError, Reader, Value, Writer};
use crate::meta::v1::OwnerReference;
use crate::{ListMeta, Map, ObjectKey, ObjectMeta, Str};

pub use group_version::{GroupVersion, GroupVersionKind, GroupVersionResource, ParseGroupVersionError};
pub use owner::InvalidOwner;
pub use reference::ObjectReference;
#[doc(hidden)]
pub use serde_object::{from_serde_object, to_serde_object};

/// A type for requests, watches and stores, which can be read and written and has metadata.
///
/// [`resource!`](crate::resource) implements it for types known at compile time. For objects whose type is only known at run time, [`TYPE`](Self::TYPE) is `None`.
pub trait Object: Value + Send + Sync + 'static {
    /// The group, version and kind, if the type has one of each.
    const TYPE: Option<StaticType>;

    /// The kind of lists of this type, if it is not the kind of the objects followed by `List`: custom resources may
    /// use any kind.
    const LIST_KIND: Option<&'static str> = None;

    /// The object's metadata.
    fn metadata(&self) -> &ObjectMeta;

    /// The object's metadata, mutably.
    fn metadata_mut(&mut self) -> &mut ObjectMeta;

    /// The object's type, including a type that is known only at run time.
    fn group_version_kind(&self) -> Option<GroupVersionKind> {
        Self::TYPE.map(GroupVersionKind::from)
    }

    /// Tells an object the type given by its list; does nothing by default.
    ///
    /// The items of a list of built-in objects have neither `apiVersion` nor `kind`. An object whose type is only known
    /// at run time takes them from here, unless it has its own.
    fn assume_type(&mut self, api_version: &str, kind: &str) {
        let _ = (api_version, kind);
    }

    /// Reads a list with a document of its own form, such as a table; returns whether it did.
    #[doc(hidden)]
    fn read_list(metadata: &mut ListMeta, items: &mut Vec<Self>, reader: &mut Reader<'_>) -> Result<bool, DecodeError>
    where
        Self: Sized,
    {
        let _ = (metadata, items, reader);
        Ok(false)
    }

    /// Writes a list that [`read_list`](Self::read_list) reads; returns whether it did.
    #[doc(hidden)]
    fn write_list(metadata: &ListMeta, items: &[Self], writer: &mut Writer) -> bool
    where
        Self: Sized,
    {
        let _ = (metadata, items, writer);
        false
    }

    /// `metadata.labels`
    fn labels(&self) -> &Map<Str> {
        &self.metadata().labels
    }

    /// `metadata.annotations`
    fn annotations(&self) -> &Map<Str> {
        &self.metadata().annotations
    }

    /// A reference to this object.
    fn reference(&self) -> ObjectReference {
        ObjectReference::to(self)
    }

    /// The reference with which other objects make this one their owner, so that they are deleted after it;
    /// `controller` says whether it is their controller. `None` if this object has no uid because it is not on the
    /// server yet.
    fn owner_ref(&self, controller: bool) -> Option<OwnerReference> {
        if controller { OwnerReference::to_controller(self) } else { OwnerReference::to(self) }
    }

    /// The reference to the controller that manages this object.
    fn controller(&self) -> Option<&OwnerReference> {
        self.metadata().owner_references.iter().find(|owner| owner.controller == Some(true))
    }

    /// Makes `owner` the controller that manages this object; the object is deleted after it.
    ///
    /// ```
    /// use kubernetes_core::Object;
    /// # kubernetes_core::doc_test_resource!(Pod);
    /// # let mut replica_set = Pod::named("web");
    /// # replica_set.metadata.uid = Some("u-1".into());
    /// # replica_set.metadata.namespace = Some("shop".into());
    ///
    /// let mut pod = Pod::named("web-1");
    /// pod.metadata.namespace = Some("shop".into());
    /// pod.set_controller(&replica_set)?;
    /// assert!(pod.is_controlled_by(&replica_set));
    /// # Ok::<(), kubernetes_core::InvalidOwner>(())
    /// ```
    ///
    /// Like controller-runtime's `SetControllerReference`.
    ///
    /// # Errors
    /// Returns an error if the object has another controller, and in the cases of [`set_owner`](Self::set_owner).
    fn set_controller<O: Object>(&mut self, owner: &O) -> Result<(), InvalidOwner> {
        owner::set(self, owner, true)
    }

    /// Makes `owner` one of this object's owners: the object is deleted once all of them are gone.
    ///
    /// Like controller-runtime's `SetOwnerReference`: a reference to an owner of the same group, kind and name is
    /// replaced, even if it is that of the controller.
    ///
    /// # Errors
    /// Returns an error if the owner is not on the server yet or its type is not known, or if the owner is in a
    /// namespace and this object's `metadata.namespace` differs or is not set: the server would delete such an object
    /// at once.
    fn set_owner<O: Object>(&mut self, owner: &O) -> Result<(), InvalidOwner> {
        owner::set(self, owner, false)
    }

    /// Removes the reference to an owner with `owner`'s group, kind and name, whatever its uid; returns whether there
    /// was one.
    fn remove_owner<O: Object>(&mut self, owner: &O) -> bool {
        owner::remove(self, owner)
    }

    /// Whether `owner` is one of this object's owners, compared by uid.
    fn is_owned_by<O: Object>(&self, owner: &O) -> bool {
        let uid = owner.metadata().uid.as_ref().filter(|uid| !uid.is_empty());
        uid.is_some_and(|uid| self.metadata().owner_references.iter().any(|reference| reference.uid == *uid))
    }

    /// Whether `owner` is the controller that manages this object, compared by uid.
    fn is_controlled_by<O: Object>(&self, owner: &O) -> bool {
        let uid = owner.metadata().uid.as_ref().filter(|uid| !uid.is_empty());
        uid.is_some_and(|uid| self.controller().is_some_and(|reference| reference.uid == *uid))
    }

    /// Whether the object has this finalizer, which keeps it until the finalizer is removed.
    fn has_finalizer(&self, finalizer: &str) -> bool {
        self.metadata().finalizers.iter().any(|other| other == finalizer)
    }

    /// Adds a finalizer, such as `example.com/cleanup`, unless the object has it; returns whether it was added.
    ///
    /// ```
    /// use kubernetes_core::Object;
    /// # kubernetes_core::doc_test_resource!(Pod);
    ///
    /// let mut pod = Pod::named("web");
    /// assert!(pod.add_finalizer("example.com/cleanup"));
    /// assert!(!pod.add_finalizer("example.com/cleanup"));
    /// assert!(pod.remove_finalizer("example.com/cleanup"));
    /// ```
    fn add_finalizer(&mut self, finalizer: impl Into<Str>) -> bool {
        let finalizer = finalizer.into();
        let is_new = !self.has_finalizer(&finalizer);
        if is_new {
            self.metadata_mut().finalizers.push(finalizer);
        }
        is_new
    }

    /// Removes a finalizer; returns whether the object had it.
    fn remove_finalizer(&mut self, finalizer: &str) -> bool {
        let had = self.has_finalizer(finalizer);
        self.metadata_mut().finalizers.retain(|other| other != finalizer);
        had
    }

    /// Whether the object is being deleted: it disappears once its finalizers have been removed.
    fn is_being_deleted(&self) -> bool {
        self.metadata().deletion_timestamp.is_some()
    }
}

/// An object whose group, version, kind and plural are known at compile time.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a Kubernetes resource",
    note = "`resource!` turns a struct with a field `metadata: ObjectMeta` into one"
)]
pub trait Resource: Object {
    /// The group, empty for the core group. By default this, the version and the kind are those of
    /// [`TYPE`](Object::TYPE).
    const GROUP: &'static str = static_type::<Self>().group;
    /// The version, such as `v1`.
    const VERSION: &'static str = static_type::<Self>().version;
    /// The kind, such as `Pod`.
    const KIND: &'static str = static_type::<Self>().kind;
    /// The name in paths, such as `pods`.
    const PLURAL: &'static str;
}

/// The type of a resource, which the compiler requires to have one.
const fn static_type<K: Object>() -> StaticType {
    match K::TYPE {
        Some(of_type) => of_type,
        None => panic!("a resource has a group, version and kind known at compile time: set `Object::TYPE`"),
    }
}

/// A resource whose objects are in namespaces.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a namespaced resource",
    note = "objects of cluster-scoped resources are not in a namespace: use `::cluster()`"
)]
pub trait NamespacedResource: Resource {}

/// A resource whose objects are not in a namespace.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a cluster-scoped resource",
    note = "use `::namespaced(namespace)` or `::all_namespaces()`"
)]
pub trait ClusterResource: Resource {}

/// An object whose list operation has a `watch` parameter.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be watched",
    note = "add `watch` to `resource!` for a type of your own; if it is a generated type, its list operation has no \
            `watch` parameter: list it again at intervals instead"
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
    /// Creates a type with this group, version and kind.
    pub const fn new(group: &'static str, version: &'static str, kind: &'static str) -> Self {
        Self { group, version, kind }
    }

    /// The `apiVersion` of objects: `group/version`, or the version alone in the core group.
    pub fn api_version(&self) -> Str {
        group_version::api_version(self.group, self.version)
    }
}

impl ObjectKey {
    /// The key of `object`.
    pub fn of<K: Object>(object: &K) -> Self {
        let metadata = object.metadata();
        Self::from_parts(metadata.namespace.clone().unwrap_or_default(), metadata.name.clone().unwrap_or_default())
    }
}
