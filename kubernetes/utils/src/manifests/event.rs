use super::report::Outcome;
use crate::Target;

/// The progress of an operation on manifests, for a user interface.
#[derive(Debug)]
#[non_exhaustive]
pub enum ManifestEvent<'a> {
    /// The manifests are valid. The members of a set that are to be pruned are known later only.
    Planned {
        /// The number of objects.
        objects: usize,
    },
    /// All objects were applied; the members of their set that are no longer among the manifests are deleted next.
    Pruning {
        /// The number of members.
        objects: usize,
    },
    /// The first request for an object is about to be sent.
    Started(&'a Target),
    /// An object is awaited: a definition that others need, or one that is being deleted.
    Waiting(&'a Target),
    /// The work on an object is over.
    Finished(&'a Outcome),
}
