use std::any::Any;

use kubernetes_core::{Encoded, List, Object, Str, json};

use crate::wire::EventKind;

/// An item of a driver's stream. A single object is in the slot of the caller.
pub(crate) enum Item {
    /// A streaming list begins: objects of an earlier list are void.
    Begin,
    /// A page of a list. With the first page, objects of an earlier list are void; the last page has the version of the
    /// list.
    Page { first: bool, objects: Objects, end: Option<Str> },
    /// An object of a streaming list, or a change mixed into it.
    Listed(EventKind),
    /// The streaming list is complete, at this version.
    End(Str),
    /// A change after the list.
    Changed(EventKind),
    /// All changes up to this version have been delivered.
    Bookmark { version: Str, ends_initial_events: bool },
}

/// The objects of a page, type-erased.
pub(crate) struct Objects {
    objects: Box<dyn Any + Send>,
    is_empty: bool,
}

impl Objects {
    /// The objects with their type.
    pub(crate) fn of<K: Object>(self) -> Vec<K> {
        *self.objects.downcast().expect("`decode_page` has created them with this type")
    }

    pub(super) fn is_empty(&self) -> bool {
        self.is_empty
    }
}

/// A page of a list.
pub(super) struct Page {
    pub(super) objects: Objects,
    pub(super) version: Str,
    pub(super) next: Option<Str>,
}

/// Decodes a page for a type that the driver does not know.
pub(super) type DecodePage = fn(&Encoded) -> Result<Page, json::DecodeError>;

pub(super) fn decode_page<K: Object>(body: &Encoded) -> Result<Page, json::DecodeError> {
    let list: List<K> = body.decode()?;
    let (version, next) = (list.resource_version().into(), list.continue_token().map(Str::from));
    let objects = Objects { is_empty: list.items.is_empty(), objects: Box::new(list.items) };
    Ok(Page { objects, version, next })
}
