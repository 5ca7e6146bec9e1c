//! Sets of objects that another one owns.

mod children;
mod error;
mod recreate;
mod requests;

use std::collections::BTreeSet;
use std::fmt;

use kubernetes_core::meta::v1::ManagedFieldsEntry;
use kubernetes_core::{Object, ObjectKey, ObjectMeta, Resource, Str, Watchable};

pub use error::OwnedError;

use crate::Context;
use crate::names::field_manager_of;
use children::{Children, ChildrenOf, Progress};

/// A child of an [`OwnedSet`], and its change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnedChange {
    /// The kind of the child, such as `Job`.
    pub kind: &'static str,
    /// The key of the child.
    pub key: ObjectKey,
    /// Its change.
    pub change: Change,
}

/// The change that an apply of an [`OwnedSet`] made to a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// It was already as desired.
    Unchanged,
    /// It did not exist.
    Created,
    /// It was changed.
    Updated,
    /// It was deleted and created again, because a field can't be changed.
    Recreated,
    /// It was deleted, because the set no longer has it.
    Deleted,
}

/// The children that an object should have; created by [`Context::owned_set`].
///
/// ```
/// # kubernetes_core::doc_test_resource!(Pod);
/// # use Pod as Job;
/// use std::sync::Arc;
///
/// use kubernetes_controller::{Action, Context, OwnedError};
///
/// async fn reconcile(tab: Arc<Pod>, context: Context<Pod>) -> Result<Action, OwnedError> {
///     let jobs = (0..3).map(|index| Job::named(format!("{}-{index}", tab.name())));
///     context.owned_set(&tab).children(jobs).recreate_immutable().apply().await?;
///     Ok(Action::await_change())
/// }
/// ```
///
/// Each child gets the owner's namespace, if it has none, and a reference to the owner as its controller. The children
/// are applied ([`ApplyRequest`](kubernetes_core::ApplyRequest)) in the given order and with `force`: fields that are no
/// longer in the set are removed, and fields of others stay. A child that the store has as desired, or as the same apply
/// has left it, is not sent. Then children that the set no longer has are deleted: objects of the same types whose
/// controller is the owner, and which this set has applied.
///
/// These are known by the [field manager](Context::field_manager). So that no other program has the same, the controller
/// needs a name of its own ([`Controller::named`](crate::Controller::named)) or a [`Manager`](crate::Manager).
///
/// Children are looked up in the stores of sources that cover them, and read from the server otherwise: with a request for
/// each child that is applied, and a list of metadata to find those that are no longer wanted. A store covers a child if
/// the selectors of its source, if any, select it.
#[must_use = "it does nothing until it is applied"]
pub struct OwnedSet<'a, K: Object> {
    context: &'a Context<K>,
    owner: &'a K,
    /// `None` if the controller has none: nothing is applied then.
    manager: Option<Str>,
    recreates: bool,
    kinds: Vec<Box<dyn Children<K> + 'a>>,
}

impl<K: Object> Context<K> {
    /// Makes these the only children of `owner` of this type; see [`OwnedSet`].
    ///
    /// ```
    /// # kubernetes_core::doc_test_resource!(Pod);
    /// # use Pod as Job;
    /// # use std::sync::Arc;
    /// # use kubernetes_controller::{Action, Context, OwnedError};
    /// async fn reconcile(tab: Arc<Pod>, context: Context<Pod>) -> Result<Action, OwnedError> {
    ///     let job = Job::named(format!("{}-run", tab.name()));
    ///     context.apply_owned(&tab, [job]).await?;
    ///     Ok(Action::await_change())
    /// }
    /// ```
    ///
    /// # Errors
    /// See [`OwnedSet::apply`].
    ///
    /// # Cancel safety
    /// Like [`OwnedSet::apply`].
    pub async fn apply_owned<C>(
        &self,
        owner: &K,
        children: impl IntoIterator<Item = C>,
    ) -> Result<Vec<OwnedChange>, OwnedError>
    where
        C: Resource + Watchable + Clone + PartialEq,
    {
        self.owned_set(owner).children(children).apply().await
    }

    /// Creates an empty set of children, which may be of several types.
    pub fn owned_set<'a>(&'a self, owner: &'a K) -> OwnedSet<'a, K> {
        let manager = self.field_manager().map(Str::from);
        OwnedSet { context: self, owner, manager, recreates: false, kinds: Vec::new() }
    }
}

impl<'a, K: Object> OwnedSet<'a, K> {
    /// Adds a child.
    pub fn child<C>(self, child: C) -> Self
    where
        C: Resource + Watchable + Clone + PartialEq + 'a,
    {
        self.children([child])
    }

    /// Adds children of one type. Without any, all existing ones of this type are deleted.
    pub fn children<C>(mut self, children: impl IntoIterator<Item = C>) -> Self
    where
        C: Resource + Watchable + Clone + PartialEq + 'a,
    {
        self.kinds.push(Box::new(ChildrenOf::new(children)));
        self
    }

    /// Also deletes the children of this type if the set no longer has any, such as in the cleanup of a finalizer.
    pub fn prune<C>(self) -> Self
    where
        C: Resource + Watchable + Clone + PartialEq + 'a,
    {
        self.children(Vec::<C>::new())
    }

    /// Names the set, where an owner has several of the same types: each deletes only what it has applied. The name
    /// becomes part of the field manager.
    pub fn named(mut self, name: impl AsRef<str>) -> Self {
        let manager = self.context.field_manager();
        self.manager = manager.map(|manager| field_manager_of(manager, name.as_ref()));
        self
    }

    /// Deletes a child and creates it again if the server refuses a change because a field is immutable.
    ///
    /// Before it deletes one, it asks the server by a dry run whether that would take the new one. The child's own
    /// children are deleted with it, in the background. If it has finalizers, this is an error until it is deleted. An object
    /// that the owner does not control, or that this set has not applied, is never deleted: the refusal is the error.
    pub fn recreate_immutable(mut self) -> Self {
        self.recreates = true;
        self
    }

    /// Applies the children, and deletes those that are no longer in the set.
    ///
    /// # Errors
    /// Fails if the controller has no [field manager](Context::field_manager). Otherwise returns the first error of a
    /// child; then nothing is deleted other than a child that is recreated.
    ///
    /// # Cancel safety
    /// If the future is dropped, it is unknown which children were applied. Applying the set again is safe.
    pub async fn apply(mut self) -> Result<Vec<OwnedChange>, OwnedError> {
        let mut progress = Progress::default();
        let mut kinds = std::mem::take(&mut self.kinds);
        let Some(manager) = self.manager.take() else { return Err(OwnedError::no_manager()) };
        let set = Set { context: self.context, owner: self.owner, manager, recreates: self.recreates };
        for kind in &mut kinds {
            kind.apply(&set, &mut progress).await?;
        }
        let mut pruned = BTreeSet::new();
        for kind in &kinds {
            if pruned.insert(kind.type_id()) {
                kind.prune(&set, &mut progress).await?;
            }
        }
        Ok(progress.changes)
    }
}

/// The parts of a set that its children need.
struct Set<'a, K: Object> {
    context: &'a Context<K>,
    owner: &'a K,
    manager: Str,
    recreates: bool,
}

impl<K: Object> Set<'_, K> {
    /// Whether the owner is the controller of an object.
    fn controls(&self, metadata: &ObjectMeta) -> bool {
        let Some(uid) = self.owner.metadata().uid.as_ref() else { return false };
        metadata.owner_references.iter().any(|owner| owner.uid == *uid && owner.controller == Some(true))
    }

    /// Whether an object is a child of this set, and may be deleted.
    fn has_applied(&self, metadata: &ObjectMeta) -> bool {
        let is_own = |entry: &ManagedFieldsEntry| {
            entry.manager.as_ref() == Some(&self.manager) && entry.operation.as_deref() == Some("Apply")
        };
        self.controls(metadata) && metadata.managed_fields.iter().any(is_own)
    }
}

impl<K: Object> fmt::Debug for OwnedSet<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.kinds.iter().flat_map(|kind| kind.keys()).map(|(_, key)| key.to_string()).collect();
        f.debug_struct("OwnedSet").field("manager", &self.manager).field("keys", &keys).finish_non_exhaustive()
    }
}
