use super::report::Outcome;
use crate::Target;

/// The progress of an operation on manifests, for a user interface.
#[derive(Debug)]
#[non_exhaustive]
pub enum ManifestEvent<'a> {
    /// The manifests are valid, and so many objects are to be worked on. Members of a set that are to be pruned are known
    /// later only.
    Planned {
        /// The number of objects.
        objects: usize,
    },
    /// All objects were applied, and so many members of their set, which are no longer among the manifests, are to be
    /// deleted.
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
