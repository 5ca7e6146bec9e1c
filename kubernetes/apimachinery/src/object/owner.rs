//! Ownership between objects, with the rules of controller-runtime's `controllerutil`.

use std::fmt;

use crate::meta::v1::OwnerReference;
use crate::{GroupVersion, Object};

impl OwnerReference {
    /// The reference that makes `owner` the owner of an object, which is deleted after it; `None` if the owner's type
    /// is not known, or if it has no name and uid because it is not on the server yet.
    pub fn to<K: Object>(owner: &K) -> Option<Self> {
        let uid = owner.metadata().uid.clone().filter(|uid| !uid.is_empty())?;
        Some(Self { uid, ..Self::without_uid(owner)? })
    }

    /// The names of an owner that may not be on the server.
    fn without_uid<K: Object>(owner: &K) -> Option<Self> {
        let of_type = owner.group_version_kind()?;
        Some(Self {
            api_version: of_type.api_version(),
            kind: of_type.kind,
            name: owner.metadata().name.clone().filter(|name| !name.is_empty())?,
            ..Self::default()
        })
    }

    /// The reference of an object to the controller that manages it; an object has at most one. A foreground deletion
    /// of the owner waits for the object.
    ///
    /// Like Go's `metav1.NewControllerRef`. `None` as for [`to`](Self::to).
    pub fn to_controller<K: Object>(owner: &K) -> Option<Self> {
        Some(Self { controller: Some(true), block_owner_deletion: Some(true), ..Self::to(owner)? })
    }

    /// Whether both name the same owner: its group, kind and name. The version may differ, and so may the uid, if the
    /// owner was deleted and created again.
    fn names_same(&self, other: &Self) -> bool {
        let group = |reference: &Self| reference.api_version.parse::<GroupVersion>().map(|parsed| parsed.group);
        self.name == other.name && self.kind == other.kind && group(self) == group(other)
    }
}

/// The error for an owner that an object can't have.
///
/// ```
/// use kubernetes_core::Object;
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let not_created = Pod::named("owner");
/// let error = Pod::named("web").set_owner(&not_created).unwrap_err();
/// assert_eq!(error.to_string(), "Pod owner can't own Pod web: it has no uid, because it is not on the server yet");
/// ```
#[derive(Clone, PartialEq)]
pub struct InvalidOwner {
    message: Box<str>,
    controller: Option<Box<OwnerReference>>,
}

impl InvalidOwner {
    /// The object's present controller, if that is the reason.
    pub fn existing_controller(&self) -> Option<&OwnerReference> {
        self.controller.as_deref()
    }
}

crate::error_text!(InvalidOwner);

impl InvalidOwner {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for InvalidOwner {}

/// Adds a reference to `owner`, or replaces the one to the same owner.
pub(crate) fn set<K: Object, O: Object>(object: &mut K, owner: &O, controller: bool) -> Result<(), InvalidOwner> {
    let reference = if controller { OwnerReference::to_controller(owner) } else { OwnerReference::to(owner) };
    let invalid = |object: &K, why: fmt::Arguments<'_>, controller: Option<&OwnerReference>| InvalidOwner {
        message: format!("{} can't own {}: {why}", owner.reference(), object.reference()).into(),
        controller: controller.map(|reference| Box::new(reference.clone())),
    };
    let Some(reference) = reference else {
        let why = match owner.group_version_kind() {
            Some(_) => "it has no uid, because it is not on the server yet",
            None => "its type is not known",
        };
        return Err(invalid(object, format_args!("{why}"), None));
    };
    let namespace = |metadata: &crate::ObjectMeta| metadata.namespace.clone().unwrap_or_default();
    let (owners, ours) = (namespace(owner.metadata()), namespace(object.metadata()));
    if !owners.is_empty() && owners != ours {
        let why = if ours.is_empty() {
            "an owner in a namespace can only own objects in that namespace, and this one's `metadata.namespace` is not set"
        } else {
            "an owner in a namespace can only own objects in that namespace"
        };
        return Err(invalid(object, format_args!("{why}"), None));
    }
    if let Some(existing) = object.controller().filter(|existing| controller && !existing.names_same(&reference)) {
        let why = format_args!("{} {} is its controller already", existing.kind, existing.name);
        return Err(invalid(object, why, Some(existing)));
    }
    let references = &mut object.metadata_mut().owner_references;
    match references.iter_mut().find(|existing| existing.names_same(&reference)) {
        Some(existing) => *existing = reference,
        None => references.push(reference),
    }
    Ok(())
}

/// Removes the references to `owner`; returns whether there was one.
pub(crate) fn remove<K: Object, O: Object>(object: &mut K, owner: &O) -> bool {
    let Some(reference) = OwnerReference::without_uid(owner) else { return false };
    let references = &mut object.metadata_mut().owner_references;
    let before = references.len();
    references.retain(|existing| !existing.names_same(&reference));
    references.len() != before
}
