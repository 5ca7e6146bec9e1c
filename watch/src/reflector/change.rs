use crate::Bookmark;

/// An item of a [`ReflectorStream`](crate::ReflectorStream).
#[derive(Clone, Debug, PartialEq)]
pub enum Change<K> {
    /// A list of the existing objects begins. This is the first item, and recurs whenever the server has forgotten the
    /// version or a list had to be restarted. Items since an earlier `RestartBegin` without
    /// [`RestartEnd`](Self::RestartEnd) are void.
    RestartBegin,
    /// The object exists, in this state.
    Applied(K),
    /// The object was deleted, or no longer matches the selectors. This is its last state.
    Deleted(K),
    /// The list is complete: objects that have not been applied since [`RestartBegin`](Self::RestartBegin) no longer
    /// exist.
    RestartEnd,
    /// All changes up to a version have been delivered. One follows every [`RestartEnd`](Self::RestartEnd).
    Bookmark(Bookmark),
}
