use std::sync::Arc;

use kubernetes_core::meta::v1::OwnerReference;
use kubernetes_core::{GroupVersion, Object, ObjectKey, Watchable};

use super::{AnySource, Enqueuer, Source, Started, related};
use crate::controller::reason::Reason;
use crate::informers::Unwatchable;

/// Objects that those of the controller own.
pub(crate) struct Owned<O> {
    pub(crate) source: Source<O>,
    /// Whether an owner counts that is not the object's controller.
    pub(crate) any_owner: bool,
}

impl<K: Object, O: Watchable> AnySource<K> for Owned<O> {
    fn start(self: Box<Self>, enqueuer: &Arc<Enqueuer<K>>) -> Result<Started, Unwatchable> {
        let Self { source, any_owner } = *self;
        let reason = |resource, key| Reason::Owned { resource, key };
        related::start(
            source,
            enqueuer,
            reason,
            |_| false,
            move |object, enqueuer, add| {
                owners(object, any_owner, enqueuer).for_each(add);
            },
        )
    }
}

/// The controller's objects that own `object`.
fn owners<K: Object, O: Object>(
    object: &O,
    any_owner: bool,
    enqueuer: &Enqueuer<K>,
) -> impl Iterator<Item = ObjectKey> {
    let metadata = object.metadata();
    let references = metadata.owner_references.iter().filter(move |owner| any_owner || owner.controller == Some(true));
    references.filter_map(move |owner| {
        // An object in a namespace has owners there, or without a namespace; which, the store knows.
        let namespaces = [metadata.namespace.as_deref(), None];
        namespaces
            .into_iter()
            .map(|namespace| ObjectKey::new(namespace, &owner.name))
            .find(|key| enqueuer.primary.store().get_key(key).is_some_and(|object| is_reference_to(owner, &*object)))
    })
}

/// Whether a reference is to this object: by its uid, or by its name if the object was deleted and created again. The
/// version of its kind does not matter.
fn is_reference_to<K: Object>(reference: &OwnerReference, object: &K) -> bool {
    if object.metadata().uid.as_ref() == Some(&reference.uid) {
        return true;
    }
    object.group_version_kind().is_some_and(|kind| {
        let group = reference.api_version.parse::<GroupVersion>().map(|version| version.group);
        kind.kind == reference.kind && group.is_ok_and(|group| group == kind.group)
    })
}
