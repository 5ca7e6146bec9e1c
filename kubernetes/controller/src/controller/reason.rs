use std::fmt;

use kubernetes_core::{ObjectKey, Str};

/// A reason why a [controller](crate::Controller) runs for an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// It existed when the controller started.
    Listed,
    /// It was created.
    Created,
    /// It was changed.
    Updated,
    /// It was deleted.
    Deleted,
    /// It is reconciled again after an interval.
    Resync,
    /// An object that it owns was created, changed or deleted.
    Owned {
        /// The resource of that object, such as `jobs`.
        resource: Str,
        /// The key of that object.
        key: ObjectKey,
    },
    /// An object that it depends on was created, changed or deleted.
    Mapped {
        /// The resource of that object, such as `secrets`.
        resource: Str,
        /// The key of that object.
        key: ObjectKey,
    },
    /// A [stream of keys](crate::Controller::stream) named it.
    Stream,
    /// An earlier run asked for it.
    Requeued,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Listed => "listed",
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
            Self::Resync => "resync",
            Self::Owned { resource, key } => return write!(f, "owned {resource} {key}"),
            Self::Mapped { resource, key } => return write!(f, "mapped {resource} {key}"),
            Self::Stream => "stream",
            Self::Requeued => "requeued",
        })
    }
}
