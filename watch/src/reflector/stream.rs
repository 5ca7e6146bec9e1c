use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::{FusedStream, Stream};
use kubernetes_client::Client;
use kubernetes_core::{ListRequest, Object, Str};

use crate::driver::{Driver, Item};
use crate::settings::Settings;
use crate::wire::EventKind;
use crate::{Bookmark, Change, Error, StopHandle};

/// The changes that a [`Reflector`](crate::Reflector) sees, created by [`Reflector::stream`](crate::Reflector::stream).
///
/// It holds at most a page of a list. It ends with `None` when it is stopped, or after an error, which is final because
/// a retry can't fix it. A new stream begins with a list.
///
/// # Cancel safety
/// No change is lost if a future that waits for the next one is dropped. Dropping the stream closes its connection.
pub struct ReflectorStream<K> {
    driver: Driver,
    /// The object of the driver's item.
    object: Option<K>,
    stop: StopHandle,
    /// The rest of a page.
    page: std::vec::IntoIter<K>,
    /// The version of the list, if the page is the last one.
    end: Option<Str>,
    bookmark: Option<Bookmark>,
    restarting: bool,
}

impl<K: Object> ReflectorStream<K> {
    /// Lists and watches through `client`.
    pub(crate) fn new<L>(client: Client, request: ListRequest<L>, settings: &Settings, stop: StopHandle) -> Self {
        let driver = Driver::relisting::<K>(client, request.read_as(), settings);
        Self { driver, object: None, stop, page: Vec::new().into_iter(), end: None, bookmark: None, restarting: true }
    }

    fn next_in_page(&mut self) -> Option<Change<K>> {
        if let Some(object) = self.page.next() {
            self.driver.counters().changed(EventKind::Added);
            return Some(Change::Applied(object));
        }
        if let Some(version) = self.end.take() {
            return Some(self.finish(version));
        }
        let bookmark = self.bookmark.take()?;
        self.driver.counters().bookmarked();
        Some(Change::Bookmark(bookmark))
    }

    fn take(&mut self, item: Item) -> Option<Change<K>> {
        Some(match item {
            Item::Begin => {
                self.restarting = true;
                Change::RestartBegin
            }
            Item::Page { first, objects, end } => {
                self.page = objects.of().into_iter();
                self.end = end;
                if !first {
                    return self.next_in_page();
                }
                self.restarting = true;
                Change::RestartBegin
            }
            Item::End(version) => self.finish(version),
            Item::Listed(kind) => {
                self.driver.counters().changed(kind);
                Self::changed(kind, self.object.take()?)
            }
            Item::Changed(kind) => Self::changed(kind, self.object.take()?),
            Item::Bookmark { version, ends_initial_events } => {
                Change::Bookmark(Bookmark { resource_version: version, ends_initial_events })
            }
        })
    }

    fn changed(kind: EventKind, object: K) -> Change<K> {
        match kind {
            EventKind::Deleted => Change::Deleted(object),
            EventKind::Added | EventKind::Modified => Change::Applied(object),
        }
    }

    fn finish(&mut self, version: Str) -> Change<K> {
        self.restarting = false;
        self.bookmark = Some(Bookmark { resource_version: version, ends_initial_events: true });
        Change::RestartEnd
    }
}

impl<K> ReflectorStream<K> {
    /// Ends the stream: nothing further is yielded, and the connection is closed with the next poll, or drop.
    pub fn stop(&self) {
        self.stop.stop();
    }

    /// A handle that ends the stream from another task, even while it waits.
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// The version up to which everything has been yielded; `None` while the objects are being listed.
    pub fn resource_version(&self) -> Option<&str> {
        self.driver.resource_version().filter(|_| !self.restarting)
    }
}

/// No object is pinned: they only pass through.
impl<K> Unpin for ReflectorStream<K> {}

impl<K: Object> Stream for ReflectorStream<K> {
    type Item = Result<Change<K>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.stop.poll_stopped(context) {
            self.driver.close();
            self.page = Vec::new().into_iter();
            return Poll::Ready(None);
        }
        loop {
            if let Some(change) = self.next_in_page() {
                return Poll::Ready(Some(Ok(change)));
            }
            let Self { driver, object, .. } = &mut *self;
            match ready!(driver.poll_item(context, object)) {
                Some(Ok(item)) => {
                    if let Some(change) = self.take(item) {
                        return Poll::Ready(Some(Ok(change)));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<K: Object> FusedStream for ReflectorStream<K> {
    fn is_terminated(&self) -> bool {
        self.driver.is_over()
    }
}

impl<K> fmt::Debug for ReflectorStream<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReflectorStream")
            .field("request", self.driver.request())
            .field("resource_version", &self.resource_version())
            .finish_non_exhaustive()
    }
}
