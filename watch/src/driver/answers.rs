use std::time::Duration;

use kubernetes_client::{Body, Error as ClientError};
use kubernetes_core::{Execute as _, Str, WatchRequest};

use super::connection::Connection;
use super::item::{Item, Page};
use super::requests::AnyType;
use super::watchdog::Watchdog;
use super::{Driver, Io, Output, PAGE_WITHIN};
use crate::Reason;
use crate::clock::{self, Timer};
use crate::error::Cause;
use crate::machine::{BookmarkStep, ChangeStep, NextRequest, PageSize, PageStep};
use crate::wire::{EventKind, WatchEvent};

/// The time that a streaming list may pause before its end is announced. A server that supports the option announces it
/// at once; one that ignores it never does.
const INITIAL_EVENTS_END_WITHIN: Duration = Duration::from_secs(10);

/// Requests and their responses.
impl Driver {
    /// Sends the next request.
    pub(super) fn send(&mut self) {
        self.since = clock::now();
        let timeout = self.requests.next_timeout();
        match self.machine.next_request() {
            NextRequest::Watch { from } => self.open(self.requests.watch(from, timeout), timeout),
            NextRequest::StreamingList => self.open(self.requests.streaming_list(timeout), timeout),
            NextRequest::Page { token, size } => self.list(token, size),
        }
    }

    fn list(&mut self, token: Option<Str>, size: PageSize) {
        let first = token.is_none();
        let (client, decode) = (self.client.clone(), self.decode_page);
        let request = self.requests.page(token, size).into_request();
        let page = Box::pin(async move { client.execute(request, decode).await });
        self.io = Io::Listing { page, limit: Timer::after(PAGE_WITHIN), first };
    }

    fn open(&mut self, request: WatchRequest<AnyType>, timeout_seconds: u32) {
        let client = self.client.clone();
        let watchdog = Watchdog::new(self.idle_timeout, Duration::from_secs(timeout_seconds.into()));
        self.io = Io::Opening(Box::pin(async move { request.open(&client).await }), watchdog);
    }

    pub(super) fn opened(&mut self, result: Result<Body, ClientError>) -> Output {
        let body = match result {
            Ok(body) => body,
            Err(error) => return self.lost(Cause::Client(error)),
        };
        let Io::Opening(_, mut watchdog) = std::mem::replace(&mut self.io, Io::Idle) else { return None };
        self.machine.opened();
        self.since = clock::now();
        let begins_with_list = self.machine.awaits_initial_events();
        if begins_with_list {
            // From now on, as changes may arrive before there is a pause.
            watchdog.limit_silence(self.initial_silence());
        } else {
            watchdog.heard(self.idle_timeout);
        }
        self.io = Io::Reading(Box::new(Connection::new(body, watchdog)));
        self.report(Reason::Connected, None, Duration::ZERO);
        begins_with_list.then_some(Ok(Item::Begin))
    }

    /// The time that a streaming list may pause.
    fn initial_silence(&self) -> Duration {
        self.idle_timeout.unwrap_or(INITIAL_EVENTS_END_WITHIN).min(INITIAL_EVENTS_END_WITHIN)
    }

    fn heard(&mut self, silence: Option<Duration>) {
        if let Io::Reading(connection) = &mut self.io {
            connection.heard(silence);
        }
    }

    pub(super) fn received(&mut self, event: WatchEvent) -> Output {
        match event {
            WatchEvent::Object(kind, version) => Some(Ok(self.changed(kind, &version))),
            WatchEvent::Bookmark { version, ends_initial_events } => self.bookmark(version, ends_initial_events),
            WatchEvent::Error(status) => self.lost(Cause::Status(status)),
        }
    }

    fn changed(&mut self, kind: EventKind, version: &str) -> Item {
        match self.machine.changed(version) {
            ChangeStep::Listed => {
                let silence = self.initial_silence();
                if let Io::Reading(connection) = &mut self.io {
                    connection.heard_listed(kind, silence);
                }
                Item::Listed(kind)
            }
            ChangeStep::Changed => {
                self.heard(self.idle_timeout);
                self.counters().changed(kind);
                Item::Changed(kind)
            }
        }
    }

    fn bookmark(&mut self, version: Str, ends_initial_events: bool) -> Output {
        self.heard(self.idle_timeout);
        match self.machine.bookmark(&version, ends_initial_events) {
            BookmarkStep::Deliver => {
                self.counters().bookmarked();
                Some(Ok(Item::Bookmark { version, ends_initial_events }))
            }
            BookmarkStep::Complete { version } => {
                self.complete();
                Some(Ok(Item::End(version)))
            }
            BookmarkStep::ListInstead => self.list_instead(Reason::NoStreamingList, Cause::NotStreaming),
        }
    }

    pub(super) fn listed(&mut self, result: Result<Page, ClientError>) -> Output {
        let Page { objects, version, next } = match result {
            Ok(page) => page,
            Err(error) => return self.lost(Cause::Client(error)),
        };
        let Io::Listing { first, .. } = std::mem::replace(&mut self.io, Io::Idle) else { return None };
        match self.machine.page(&version, next.as_deref(), objects.is_empty()) {
            // The next page is requested at once, while the caller processes this one.
            PageStep::Next => {
                self.send();
                Some(Ok(Item::Page { first, objects, end: None }))
            }
            PageStep::Complete { version } => {
                self.complete();
                Some(Ok(Item::Page { first, objects, end: Some(version) }))
            }
            PageStep::Restart { wait } => self.retry(Reason::Broken, Cause::EndlessList, wait),
            PageStep::Endless => self.fail(Cause::EndlessList),
            PageStep::WithoutVersion => self.fail(Cause::NoVersion),
        }
    }

    fn complete(&mut self) {
        self.since = clock::now();
        self.report(Reason::Listed, None, Duration::ZERO);
        if self.machine.relists() {
            // A list of any state (`0`) could be older than what has been seen since.
            self.requests.forget_version();
        }
    }
}
