use std::task::{Context, Poll, ready};

use kubernetes_core::{Object, Request, Str};

use crate::decode::Change;
use crate::driver::{Driver, Item};
use crate::held::{Held, Released};
use crate::{Bookmark, Error, Event};

/// After how many objects that are held back the runtime gets its turn.
const TURNS: u32 = 128;

/// What a driver brings, as the events of a watch: the existing objects come once all are known.
pub(crate) struct Events<K> {
    driver: Driver,
    /// The object of the driver's item.
    object: Option<K>,
    held: Held<K>,
    released: Option<Released<K>>,
    /// What follows what is released.
    bookmark: Option<Bookmark>,
}

impl<K> Events<K> {
    pub(crate) fn request(&self) -> &Request {
        self.driver.request()
    }

    /// The version up to which everything has been handed over.
    pub(crate) fn resource_version(&self) -> Option<&str> {
        // The existing objects are in no order, so that none of their versions is it.
        self.driver.resource_version().filter(|_| self.bookmark.is_none())
    }
}

impl<K: Object> Events<K> {
    pub(crate) fn new(driver: Driver) -> Self {
        Self { driver, object: None, held: Held::default(), released: None, bookmark: None }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.driver.is_over()
    }

    /// Drops the connection and what is held: no further event will come.
    pub(crate) fn close(&mut self) {
        self.driver.close();
        self.held = Held::default();
        self.released = None;
        self.bookmark = None;
    }

    pub(crate) fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Event<K>, Error>>> {
        if let Some(event) = self.next_released() {
            return Poll::Ready(Some(Ok(event)));
        }
        for _ in 0..TURNS {
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
            Item::Begin => self.held = Held::default(),
            Item::Listed(change) => self.held.apply(change, self.object.take()?),
            Item::End(version) => return self.release(version),
            Item::Page { first, objects, end } => {
                if first {
                    self.held = Held::default();
                }
                self.held.extend(objects.of());
                return end.and_then(|version| self.release(version));
            }
            Item::Changed(Change::Added) => return self.object.take().map(Event::Added),
            Item::Changed(Change::Modified) => return self.object.take().map(Event::Modified),
            Item::Changed(Change::Deleted) => return self.object.take().map(Event::Deleted),
            Item::Bookmark { version, initial_events_end } => {
                return Some(Event::Bookmark(Bookmark { resource_version: version, initial_events_end }));
            }
        }
        None
    }

    /// Hands over what is held.
    fn release(&mut self, version: Str) -> Option<Event<K>> {
        self.released = Some(self.held.take());
        self.bookmark = Some(Bookmark { resource_version: version, initial_events_end: true });
        self.next_released()
    }

    fn next_released(&mut self) -> Option<Event<K>> {
        if let Some(object) = self.released.as_mut().and_then(Iterator::next) {
            self.driver.counters().changed(Change::Added);
            return Some(Event::Added(object));
        }
        self.released = None;
        let bookmark = self.bookmark.take()?;
        self.driver.counters().bookmarked();
        Some(Event::Bookmark(bookmark))
    }
}
