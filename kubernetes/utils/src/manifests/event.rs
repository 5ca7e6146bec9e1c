use super::report::Outcome;
use crate::Target;

/// The progress of an operation on manifests, for a user interface.
#[derive(Debug)]
#[non_exhaustive]
pub enum ManifestEvent<'a> {
    /// The manifests are valid; the number of their objects.
    Planned {
        /// The number of objects.
        objects: usize,
    },
    /// The first request for an object is about to be sent.
    Started(&'a Target),
    /// An object is awaited: a definition that others need, or one that is being deleted.
    Waiting(&'a Target),
    /// The work on an object is over.
    Finished(&'a Outcome),
}
