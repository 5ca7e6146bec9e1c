//! Sets of objects that are applied together (KEP-3659): members and parent.

mod contents;
mod error;
mod parent;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use kubernetes_core::{GroupVersionKind, ObjectKey, Str};
use kubernetes_dynamic::ApiResource;
use sha2::{Digest as _, Sha256};

use crate::Target;

pub(crate) use contents::{Contents, GroupKind};
pub use error::ApplySetError;

/// The label with which members refer to their set.
pub(crate) const PART_OF_LABEL: &str = "applyset.kubernetes.io/part-of";
const ID_LABEL: &str = "applyset.kubernetes.io/id";
const TOOLING_ANNOTATION: &str = "applyset.kubernetes.io/tooling";
const NAMESPACES_ANNOTATION: &str = "applyset.kubernetes.io/additional-namespaces";
const KINDS_ANNOTATION: &str = "applyset.kubernetes.io/contains-group-kinds";
const RESOURCES_ANNOTATION: &str = "applyset.kubernetes.io/contains-group-resources";
const PARENT_TYPE_LABEL: &str = "applyset.kubernetes.io/is-parent-type";

/// A set of objects that are applied together: [`Apply::prune`](crate::manifests::Apply::prune) deletes objects that
/// are no longer among the manifests.
///
/// ```
/// use kubernetes_utils::ApplySet;
///
/// let set = ApplySet::secret("default", "web", "shop-deployer/1.4.0")?;
/// assert_eq!(set.id(), "applyset-zN5gMMt3uHLO5pHDCETR-9uiGqcPRNY0X24Hk0Rzcgo-v1");
/// # Ok::<(), kubernetes_utils::ApplySetError>(())
/// ```
///
/// As specified by KEP-3659
/// (<https://github.com/kubernetes/enhancements/tree/master/keps/sig-cli/3659-kubectl-apply-prune>), and implemented by
/// kubectl:
///
/// - An object, the *parent*, represents the set: a Secret or ConfigMap, which is created if it does not exist, or a
///   custom resource whose definition has the label `applyset.kubernetes.io/is-parent-type`. Its annotations list the
///   kinds and namespaces of the members. Its namespace must exist.
/// - Members have the label `applyset.kubernetes.io/part-of` with the [id](Self::id) of the set.
/// - First the parent is written, with the previous and the new kinds and namespaces; then the members are applied;
///   then members that were not applied are deleted; finally the parent is written again. A run that fails or is
///   interrupted leaves a parent that knows all members, and can be repeated.
/// - A set belongs to a tool. Sets of other tools are refused unless they are [taken over](Self::take_over). With a
///   tooling such as `kubectl/v1.37.2`, this and `kubectl apply --applyset` work on the same sets.
#[derive(Clone, Debug)]
pub struct ApplySet {
    parent: Target,
    tooling: Str,
    take_over: bool,
}

impl ApplySet {
    /// The set of a Secret. `tooling` is the name of the program and its version, such as `shop-deployer/1.4.0`.
    ///
    /// # Errors
    /// Returns an error if `tooling` does not have this form, or a name is empty.
    pub fn secret(namespace: &str, name: &str, tooling: impl Into<Str>) -> Result<Self, ApplySetError> {
        Self::built_in("Secret", "secrets", namespace, name, tooling.into())
    }

    /// The set of a ConfigMap. `tooling` is the name of the program and its version, such as `shop-deployer/1.4.0`.
    ///
    /// # Errors
    /// Returns an error if `tooling` does not have this form, or a name is empty.
    pub fn config_map(namespace: &str, name: &str, tooling: impl Into<Str>) -> Result<Self, ApplySetError> {
        Self::built_in("ConfigMap", "configmaps", namespace, name, tooling.into())
    }

    fn built_in(kind: &str, plural: &str, namespace: &str, name: &str, tooling: Str) -> Result<Self, ApplySetError> {
        let resource = ApiResource::new(&GroupVersionKind::new("", "v1", kind), plural, true);
        Self::of_parent(Target::new(resource, ObjectKey::new(namespace, name)), tooling)
    }

    /// The set of any object. A custom resource must exist.
    ///
    /// # Errors
    /// Returns an error if `tooling` is not of the form `name/version`, or the name or the namespace of the parent is
    /// empty.
    pub fn of_parent(parent: Target, tooling: impl Into<Str>) -> Result<Self, ApplySetError> {
        let tooling = tooling.into();
        let is_named = |text: &str| !text.is_empty() && text.chars().all(|it| it.is_ascii_graphic());
        if !tooling.rsplit_once('/').is_some_and(|(name, version)| is_named(name) && is_named(version)) {
            return Err(ApplySetError::invalid(format!("{tooling:?} is not a valid tooling: expected `name/version`")));
        }
        if parent.key.name().is_empty() {
            return Err(ApplySetError::invalid("the parent of the set has no name"));
        }
        if parent.resource.namespaced && parent.key.namespace().is_none() {
            return Err(ApplySetError::invalid(format!("the parent of the set, {parent}, has no namespace")));
        }
        Ok(Self { parent, tooling, take_over: false })
    }

    /// Makes this tool the owner of the set, whichever tool owned it.
    ///
    /// The other tool will refuse the set. Fields that it applied to the members stay until they are applied with
    /// [`force`](crate::manifests::Apply::force) or the objects are deleted.
    pub fn take_over(mut self, take_over: bool) -> Self {
        self.take_over = take_over;
        self
    }

    /// The parent.
    pub fn parent(&self) -> &Target {
        &self.parent
    }

    /// The program and its version.
    pub fn tooling(&self) -> &str {
        &self.tooling
    }

    /// The value of the label that members have.
    pub fn id(&self) -> String {
        let (key, resource) = (&self.parent.key, &self.parent.resource);
        let namespace = key.namespace().unwrap_or_default();
        let identity = [key.name(), namespace, &resource.kind, &resource.group].join(".");
        format!("applyset-{}-v1", BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(identity)))
    }

    /// The name of the program, without its version.
    fn tool(&self) -> &str {
        tool(&self.tooling)
    }

    /// The manager of the parent's fields, as kubectl names it.
    fn field_manager(&self) -> String {
        format!("{}-applyset", self.tool())
    }
}

/// The name of a program, which may contain slashes.
fn tool(tooling: &str) -> &str {
    tooling.rsplit_once('/').map_or(tooling, |(name, _)| name)
}
