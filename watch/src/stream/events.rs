use std::task::{Context, Poll, ready};

use kubernetes_core::{Object, Request, Str};

use super::initial::{CompleteList, InitialObjects};
use crate::driver::{Driver, Item};
use crate::wire::EventKind;
use crate::{Bookmark, Error, Event};

/// The number of withheld objects after which the task yields.
const BUDGET: u32 = 128;

/// Converts the items of a driver into the events of a watch: withholds the existing objects until all are known.
pub(super) struct Events<K> {
    driver: Driver,
    /// The object of the driver's item.
    object: Option<K>,
    /// The objects of an incomplete list.
    initial: InitialObjects<K>,
    /// The objects of a complete list that have not been delivered yet.
    complete: Option<CompleteList<K>>,
    /// The bookmark that follows them.
    bookmark: Option<Bookmark>,
}

impl<K> Events<K> {
    pub(super) fn request(&self) -> &Request {
        self.driver.request()
    }

    /// The version up to which everything has been delivered.
    pub(super) fn resource_version(&self) -> Option<&str> {
        // The existing objects are unordered, so none of their versions is.
        self.driver.resource_version().filter(|_| self.bookmark.is_none())
    }
}

impl<K: Object> Events<K> {
    pub(super) fn new(driver: Driver) -> Self {
        Self { driver, object: None, initial: InitialObjects::default(), complete: None, bookmark: None }
    }

    pub(super) fn is_over(&self) -> bool {
        self.driver.is_over()
    }

    /// Drops the connection and the objects of a list: there will be no further events.
    pub(super) fn close(&mut self) {
        self.driver.close();
        self.initial = InitialObjects::default();
        self.complete = None;
        self.bookmark = None;
    }

    pub(super) fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Event<K>, Error>>> {
        if let Some(event) = self.next_initial() {
            return Poll::Ready(Some(Ok(event)));
        }
        for _ in 0..BUDGET {
            let item = match ready!(self.driver.poll_item(context, &mut self.object)) {
                Some(Ok(item)) => item,
                Some(Err(error)) => {
                    self.close();
                    return Poll::Ready(Some(Err(error)));
                }
                None => return Poll::Ready(None),
            };
            if let Some(event) = self.take(item) {
                return Poll::Ready(Some(Ok(event)));
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn take(&mut self, item: Item) -> Option<Event<K>> {
        match item {
            Item::Begin => self.initial = InitialObjects::default(),
            Item::Listed(kind) => self.initial.apply(kind, self.object.take()?),
            Item::End(version) => return self.release(version),
            Item::Page { first, objects, end } => {
                if first {
                    self.initial = InitialObjects::default();
                }
                self.initial.extend(objects.of());
                return end.and_then(|version| self.release(version));
            }
            Item::Changed(EventKind::Added) => return self.object.take().map(Event::Added),
            Item::Changed(EventKind::Modified) => return self.object.take().map(Event::Modified),
            Item::Changed(EventKind::Deleted) => return self.object.take().map(Event::Deleted),
            Item::Bookmark { version, ends_initial_events } => {
                return Some(Event::Bookmark(Bookmark { resource_version: version, ends_initial_events }));
            }
        }
        None
    }

    /// Delivers the objects of a complete list.
    fn release(&mut self, version: Str) -> Option<Event<K>> {
        self.complete = Some(self.initial.take());
        self.bookmark = Some(Bookmark { resource_version: version, ends_initial_events: true });
        self.next_initial()
    }

    fn next_initial(&mut self) -> Option<Event<K>> {
        if let Some(object) = self.complete.as_mut().and_then(Iterator::next) {
            self.driver.counters().changed(EventKind::Added);
            return Some(Event::Added(object));
        }
        self.complete = None;
        let bookmark = self.bookmark.take()?;
        self.driver.counters().bookmarked();
        Some(Event::Bookmark(bookmark))
    }
}
