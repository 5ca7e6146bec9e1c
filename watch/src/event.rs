use kubernetes_core::Str;

/// What a watch tells of.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<K> {
    /// The object exists: it was created, came to match the selectors, or was there when the watch began.
    Added(K),
    /// The object was changed.
    Modified(K),
    /// The object was deleted, or no longer matches the selectors. This is its last state.
    Deleted(K),
    /// Nothing happened, up to this version.
    Bookmark(Bookmark),
}

/// How far a watch has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bookmark {
    pub(crate) resource_version: Str,
    pub(crate) initial_events_end: bool,
}

impl Bookmark {
    /// The version up to which all changes have been delivered.
    pub fn resource_version(&self) -> &str {
        &self.resource_version
    }

    /// Whether it follows the last of the objects that existed when the watch began.
    ///
    /// A watch without a starting version has one such bookmark, however the objects were listed.
    pub fn ends_initial_events(&self) -> bool {
        self.initial_events_end
    }
}
