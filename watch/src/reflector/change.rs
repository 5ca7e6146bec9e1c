use crate::Bookmark;

/// An item of a [`ReflectorStream`](crate::ReflectorStream).
#[derive(Clone, Debug, PartialEq)]
pub enum Change<K> {
    /// A list of what exists begins. It comes first, whenever the server has forgotten the version, and when a list had
    /// to be started again: whatever came since an earlier `RestartBegin` that had no [`RestartEnd`](Self::RestartEnd)
    /// is void.
    RestartBegin,
    /// The object exists, in this state.
    Applied(K),
    /// The object was deleted, or no longer matches the selectors. This is its last state.
    Deleted(K),
    /// The list is complete: objects that have not been applied since [`RestartBegin`](Self::RestartBegin) no longer exist.
    RestartEnd,
    /// All changes up to a version have been delivered. One follows every [`RestartEnd`](Self::RestartEnd).
    Bookmark(Bookmark),
}
