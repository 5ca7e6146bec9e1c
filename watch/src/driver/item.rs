use std::any::Any;

use kubernetes_core::{Encoded, List, Object, Str, json};

use crate::wire::EventKind;

/// An item of a driver's stream. A single object is in the slot that was handed in.
pub(crate) enum Item {
    /// A streaming list begins: what an earlier list has brought is void.
    Begin,
    /// A page of a list. With the first one, what an earlier list has brought is void; the last one has the version of
    /// the list.
    Page { first: bool, objects: Objects, end: Option<Str> },
    /// An object of a streaming list, or a change that is mixed into it.
    Listed(EventKind),
    /// The streaming list is complete, at this version.
    End(Str),
    /// A change after the list.
    Changed(EventKind),
    /// All changes up to this version have been delivered.
    Bookmark { version: Str, ends_initial_events: bool },
}

/// The objects of a page. Only the code that asked for them knows their type.
pub(crate) struct Objects {
    objects: Box<dyn Any + Send>,
    is_empty: bool,
}

impl Objects {
    /// The objects, as the type that they were asked for.
    pub(crate) fn of<K: Object>(self) -> Vec<K> {
        *self.objects.downcast().expect("it is the type that `decode_page` has made them of")
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

/// Decodes a page, for a type that the driver does not know.
pub(super) type DecodePage = fn(&Encoded) -> Result<Page, json::DecodeError>;

pub(super) fn decode_page<K: Object>(body: &Encoded) -> Result<Page, json::DecodeError> {
    let list: List<K> = body.decode()?;
    let (version, next) = (list.resource_version().into(), list.continue_token().map(Str::from));
    let objects = Objects { is_empty: list.items.is_empty(), objects: Box::new(list.items) };
    Ok(Page { objects, version, next })
}
