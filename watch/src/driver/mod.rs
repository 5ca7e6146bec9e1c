//! Carries out the machine's decisions: it owns the connection, the timers and the requests.

mod connection;
mod item;
mod report;
mod requests;
mod watchdog;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use kubernetes_client::{Body, Client, Error as ClientError};
use kubernetes_core::{Execute as _, ListRequest, Object, Request, Str, WatchRequest};

pub(crate) use item::Item;

use crate::clock::{self, Instant, Timer};
use crate::counters::Counters;
use crate::error::Cause;
use crate::machine::{
    BACKOFF, BookmarkStep, ChangeStep, Loss, LostVersion, Machine, NextRequest, PageSize, PageStep, Recovery,
    StreamingLists,
};
use crate::settings::Settings;
use crate::wire::{EventKind, Slot, WatchEvent};
use crate::{Error, Reason};
use connection::Connection;
use item::{DecodePage, Page, decode_page};
use report::Reporter;
use requests::{AnyType, Requests};
use watchdog::Watchdog;

/// How long a streaming list may bring no further object before its end is announced. A server that has the option
/// announces it at once; one that ignores it never does.
const INITIAL_EVENTS_END_WITHIN: Duration = Duration::from_secs(10);

/// How long a page of a list may take, whatever timeout the client has: the API server itself gives a request up after
/// a minute by default (`--request-timeout`), and without a bound a connection that is lost would hang for ever.
pub(crate) const PAGE_WITHIN: Duration = Duration::from_secs(300);

type Pending<T> = Pin<Box<dyn Future<Output = Result<T, ClientError>> + Send>>;

/// One watch at work. It does not know the type of the objects: a program that watches many is spared as many copies.
pub(crate) struct Driver {
    client: Client,
    requests: Requests,
    decode_page: DecodePage,
    idle_timeout: Option<Duration>,
    reconnect: bool,
    reporter: Reporter,
    machine: Machine,
    io: Io,
    /// When the request under way was answered, or the list that it began with was complete; else when it was made.
    since: Instant,
}

/// The request under way.
enum Io {
    /// None: the machine is to be asked.
    Idle,
    Waiting(Timer),
    Listing {
        page: Pending<Page>,
        limit: Timer,
        /// Whether it is the first page.
        first: bool,
    },
    Opening(Pending<Body>, Watchdog),
    Reading(Connection),
    Over,
}

/// An item of the stream, or nothing yet.
type Output = Option<Result<Item, Error>>;

impl Driver {
    pub(crate) fn request(&self) -> &Request {
        self.requests.list()
    }

    /// The version up to which everything has been handed over; `None` while objects are listed.
    pub(crate) fn resource_version(&self) -> Option<&str> {
        self.machine.resource_version().map(Str::as_str)
    }

    /// To count the objects of lists, which the driver does not hand over one by one.
    pub(crate) fn counters(&self) -> &Counters {
        self.reporter.counters()
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.io, Io::Over)
    }

    /// Drops the connection: nothing more will come.
    pub(crate) fn close(&mut self) {
        self.io = Io::Over;
    }
}

impl Driver {
    /// From the request's version, or else from the existing objects.
    pub(crate) fn new<K: Object>(client: Client, request: ListRequest<K>, settings: &Settings) -> Self {
        let requests = Requests::new(request.read_as(), settings);
        Self::with(client, requests, decode_page::<K>, settings, LostVersion::Fail)
    }

    /// From the existing objects, which are listed again when a version is forgotten.
    pub(crate) fn relisting<K: Object>(client: Client, request: ListRequest<K>, settings: &Settings) -> Self {
        let mut requests = Requests::new(request.read_as(), settings);
        if requests.version().is_some() {
            requests.forget_version();
        }
        let settings = Settings { reconnect: true, ..settings.clone() };
        Self::with(client, requests, decode_page::<K>, &settings, LostVersion::Relist)
    }

    fn with(
        client: Client,
        requests: Requests,
        decode_page: DecodePage,
        settings: &Settings,
        lost_version: LostVersion,
    ) -> Self {
        let lifetime = requests.least_timeout().min(settings.idle_timeout.unwrap_or(Duration::MAX));
        // They need bookmarks.
        let streaming_lists = if requests.bookmarks() { StreamingLists::Use } else { StreamingLists::Avoid };
        Self {
            client,
            machine: Machine::new(requests.version(), lost_version, streaming_lists, lifetime, BACKOFF),
            requests,
            decode_page,
            idle_timeout: settings.idle_timeout,
            reconnect: settings.reconnect,
            reporter: Reporter::new(settings),
            io: Io::Idle,
            since: clock::now(),
        }
    }

    /// The next item; an object goes into the slot.
    pub(crate) fn poll_item(
        &mut self,
        context: &mut Context<'_>,
        slot: &mut dyn Slot,
    ) -> Poll<Option<Result<Item, Error>>> {
        loop {
            let output = match &mut self.io {
                Io::Over => return Poll::Ready(None),
                Io::Idle => {
                    self.send();
                    None
                }
                Io::Waiting(timer) => {
                    ready!(timer.poll(context));
                    self.send();
                    None
                }
                Io::Listing { page, limit, .. } => match page.as_mut().poll(context) {
                    Poll::Ready(result) => self.listed(result),
                    Poll::Pending => {
                        let limit = ready!(limit.poll(context));
                        self.lost(Cause::Silent(limit))
                    }
                },
                Io::Opening(body, watchdog) => match body.as_mut().poll(context) {
                    Poll::Ready(result) => self.opened(result),
                    Poll::Pending => {
                        let cause = ready!(watchdog.poll(context));
                        self.lost(cause)
                    }
                },
                Io::Reading(connection) => match ready!(connection.poll_event(context, slot)) {
                    Ok(event) => self.received(event),
                    Err(cause) => self.lost(cause),
                },
            };
            if let Some(output) = output {
                return Poll::Ready(Some(output));
            }
        }
    }
}

/// Requests and their answers.
impl Driver {
    /// Makes the next request.
    fn send(&mut self) {
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

    fn opened(&mut self, result: Result<Body, ClientError>) -> Output {
        let body = match result {
            Ok(body) => body,
            Err(error) => return self.lost(Cause::Client(error)),
        };
        let Io::Opening(_, mut watchdog) = std::mem::replace(&mut self.io, Io::Idle) else { return None };
        self.machine.opened();
        self.since = clock::now();
        let begins_with_list = self.machine.awaits_initial_events();
        if begins_with_list {
            // From now on, as changes may come before there is a pause.
            watchdog.limit_silence(self.initial_silence());
        } else {
            watchdog.heard(self.idle_timeout);
        }
        self.io = Io::Reading(Connection::new(body, watchdog));
        self.report(Reason::Connected, None, Duration::ZERO);
        begins_with_list.then_some(Ok(Item::Begin))
    }

    /// How long a streaming list may bring nothing.
    fn initial_silence(&self) -> Duration {
        self.idle_timeout.unwrap_or(INITIAL_EVENTS_END_WITHIN).min(INITIAL_EVENTS_END_WITHIN)
    }

    fn heard(&mut self, silence: Option<Duration>) {
        if let Io::Reading(connection) = &mut self.io {
            connection.heard(silence);
        }
    }

    fn received(&mut self, event: WatchEvent) -> Output {
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

    fn listed(&mut self, result: Result<Page, ClientError>) -> Output {
        let Page { objects, version, next } = match result {
            Ok(page) => page,
            Err(error) => return self.lost(Cause::Client(error)),
        };
        let Io::Listing { first, .. } = std::mem::replace(&mut self.io, Io::Idle) else { return None };
        match self.machine.page(&version, next.as_deref(), objects.is_empty()) {
            // The next page is asked for at once, while the caller takes this one.
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
            // A list that may be of any state (`0`) could be older than what was seen meanwhile.
            self.requests.forget_version();
        }
    }
}

/// Ends of connections.
impl Driver {
    /// After a request has come to nothing, or its connection to its end.
    fn lost(&mut self, cause: Cause) -> Output {
        let lived = self.since.elapsed();
        let cause = match cause {
            Cause::Ended if self.machine.has_ended_at_once(lived) => Cause::EndedAtOnce,
            cause => cause,
        };
        let loss = cause.loss();
        match self.machine.lost(loss, lived) {
            Recovery::Retry { wait } => self.retry(Reason::of(loss), cause, wait),
            // What was refused is not the watch, but the list that was to be its beginning.
            Recovery::ListInstead if loss == Loss::Refused => self.list_instead(Reason::NoStreamingList, cause),
            Recovery::ListInstead => self.list_instead(Reason::of(loss), cause),
            Recovery::Fail => self.fail(cause),
        }
    }

    fn retry(&mut self, reason: Reason, cause: Cause, wait: Duration) -> Output {
        if self.reconnect {
            let error = Error::new(self.requests.list(), cause);
            self.report(reason, Some(&error), wait);
            self.io = if wait.is_zero() { Io::Idle } else { Io::Waiting(Timer::after(wait)) };
            return None;
        }
        match cause {
            // The end of the only connection.
            Cause::Ended | Cause::EndedAtOnce if !self.machine.is_listing() => {
                self.report(Reason::Ended, None, Duration::ZERO);
                self.close();
                None
            }
            cause => self.fail(cause),
        }
    }

    fn list_instead(&mut self, reason: Reason, cause: Cause) -> Output {
        let error = Error::new(self.requests.list(), cause);
        self.report(reason, Some(&error), Duration::ZERO);
        self.io = Io::Idle;
        None
    }

    fn fail(&mut self, cause: Cause) -> Output {
        self.counters().failed();
        self.close();
        Some(Err(Error::new(self.requests.list(), cause)))
    }

    fn report(&self, reason: Reason, error: Option<&Error>, wait: Duration) {
        self.reporter.report(self.requests.list(), self.resource_version(), reason, error, wait);
    }
}
