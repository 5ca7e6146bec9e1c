use std::fmt;
use std::sync::Arc;

use kubernetes_core::{Object, ObjectKey};

/// A change of a [`Store`](crate::Store), as its [subscriptions](crate::Subscription) receive it.
pub enum StoreEvent<K> {
    /// The object was added, or existed when the subscription began.
    Added(Arc<K>),
    /// The object was updated.
    ///
    /// With [`resync_every`](crate::Subscription::resync_every), unchanged objects are repeated with the same `old` and
    /// `new` ([`is_resync`](Self::is_resync)).
    Updated {
        /// The last state that the subscription has received.
        old: Arc<K>,
        /// The current state in the store.
        new: Arc<K>,
    },
    /// The object was deleted, or no longer matches the selectors.
    Deleted {
        /// The last state if the deletion was observed, otherwise the last known one.
        object: Arc<K>,
        /// Whether the deletion was observed, rather than inferred from a later list or merged with other changes for a
        /// slow subscription.
        observed: bool,
    },
}

impl<K> StoreEvent<K> {
    /// The object in its newest state.
    pub fn object(&self) -> &Arc<K> {
        match self {
            Self::Added(object) | Self::Updated { new: object, .. } | Self::Deleted { object, .. } => object,
        }
    }

    /// Whether the object is unchanged and repeated because of a resync.
    pub fn is_resync(&self) -> bool {
        matches!(self, Self::Updated { old, new } if Arc::ptr_eq(old, new))
    }

    /// The key of the object.
    pub fn key(&self) -> ObjectKey
    where
        K: Object,
    {
        ObjectKey::of(&**self.object())
    }
}

// Not derived, as an event only refers to its objects and so does not depend on their type.
impl<K> Clone for StoreEvent<K> {
    fn clone(&self) -> Self {
        match self {
            Self::Added(object) => Self::Added(Arc::clone(object)),
            Self::Updated { old, new } => Self::Updated { old: Arc::clone(old), new: Arc::clone(new) },
            Self::Deleted { object, observed } => Self::Deleted { object: Arc::clone(object), observed: *observed },
        }
    }
}

/// Shows the change and the object's key, but not the object itself, which may be long or secret.
impl<K: Object> fmt::Debug for StoreEvent<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Added(_) => "Added",
            Self::Updated { .. } => "Updated",
            Self::Deleted { observed: true, .. } => "Deleted",
            Self::Deleted { observed: false, .. } => "Deleted, not observed,",
        };
        write!(f, "{kind} {}", self.key())
    }
}
