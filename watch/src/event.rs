use kubernetes_core::Str;

/// An event of a watch.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<K> {
    /// The object exists: it was created, started to match the selectors, or existed when the watch began.
    Added(K),
    /// The object was changed.
    Modified(K),
    /// The object was deleted, or no longer matches the selectors. This is its last state.
    Deleted(K),
    /// All changes up to a version have been delivered.
    Bookmark(Bookmark),
}

impl<K> Event<K> {
    /// The name on the wire: `ADDED`, `MODIFIED`, `DELETED` or `BOOKMARK`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Added(_) => "ADDED",
            Self::Modified(_) => "MODIFIED",
            Self::Deleted(_) => "DELETED",
            Self::Bookmark(_) => "BOOKMARK",
        }
    }

    /// The object of the event; `None` for a bookmark.
    pub fn object(&self) -> Option<&K> {
        match self {
            Self::Added(object) | Self::Modified(object) | Self::Deleted(object) => Some(object),
            Self::Bookmark(_) => None,
        }
    }

    /// The object of the event; `None` for a bookmark.
    pub fn into_object(self) -> Option<K> {
        match self {
            Self::Added(object) | Self::Modified(object) | Self::Deleted(object) => Some(object),
            Self::Bookmark(_) => None,
        }
    }
}

/// The progress of a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bookmark {
    pub(crate) resource_version: Str,
    pub(crate) ends_initial_events: bool,
}

impl Bookmark {
    /// The version up to which all changes have been delivered.
    pub fn resource_version(&self) -> &str {
        &self.resource_version
    }

    /// Whether it follows the last object that existed when the watch began.
    ///
    /// A watch without a starting version has one such bookmark, however the objects were listed.
    pub fn ends_initial_events(&self) -> bool {
        self.ends_initial_events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_but_a_bookmark_has_its_object() {
        for event in [Event::Added(1), Event::Modified(1), Event::Deleted(1)] {
            assert_eq!((event.object(), event.clone().into_object()), (Some(&1), Some(1)));
        }
        let bookmark = Event::<u8>::Bookmark(Bookmark { resource_version: "9".into(), ends_initial_events: true });
        assert_eq!((bookmark.object(), bookmark.clone().into_object()), (None, None));
    }
}
