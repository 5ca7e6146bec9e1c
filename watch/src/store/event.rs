use std::fmt;
use std::sync::Arc;

use kubernetes_core::{Object, ObjectKey};

/// A change of a [`Store`](crate::Store), as its [subscriptions](crate::Subscription) receive it.
pub enum StoreEvent<K> {
    /// The object has come; or it was there when the subscription began.
    Added(Arc<K>),
    /// The object has another state.
    ///
    /// With [`resync_every`](crate::Subscription::resync_every), objects that have not changed are repeated so: `old`
    /// and `new` are the same then ([`is_resync`](Self::is_resync)).
    Updated {
        /// The last state that the subscription received.
        old: Arc<K>,
        /// The state that the store has now.
        new: Arc<K>,
    },
    /// The object has gone: it was deleted, or no longer matches the selectors.
    Deleted {
        /// Its last state, if the deletion was observed; else the last one that is known.
        object: Arc<K>,
        /// Whether the deletion was seen, rather than concluded from a later list, or merged with other changes for a
        /// subscription that is slow.
        observed: bool,
    },
}

impl<K> StoreEvent<K> {
    /// The object, in its newest state.
    pub fn object(&self) -> &Arc<K> {
        match self {
            Self::Added(object) | Self::Updated { new: object, .. } | Self::Deleted { object, .. } => object,
        }
    }

    /// Whether the object has not changed, and is repeated because a resync was asked for.
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

// Not derived: an event can be cloned whatever it is about, as it only refers to it.
impl<K> Clone for StoreEvent<K> {
    fn clone(&self) -> Self {
        match self {
            Self::Added(object) => Self::Added(Arc::clone(object)),
            Self::Updated { old, new } => Self::Updated { old: Arc::clone(old), new: Arc::clone(new) },
            Self::Deleted { object, observed } => Self::Deleted { object: Arc::clone(object), observed: *observed },
        }
    }
}

/// Shows the change and the object's key; not the object itself, which may be long or secret.
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
