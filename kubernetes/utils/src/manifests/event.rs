use super::report::Outcome;
use crate::Target;

/// The progress of an operation on manifests, for a user interface.
#[derive(Debug)]
#[non_exhaustive]
pub enum ManifestEvent<'a> {
    /// The manifests are valid. The members of a set to prune are determined later.
    Planned {
        /// The number of objects.
        objects: usize,
    },
    /// All objects were applied; former members of their set are deleted next.
    Pruning {
        /// The number of members.
        objects: usize,
    },
    /// The first request for an object is about to be sent.
    Started(&'a Target),
    /// The operation waits for an object: a definition that others need, or an object that is being deleted.
    Waiting(&'a Target),
    /// An object is done.
    Finished(&'a Outcome),
}
