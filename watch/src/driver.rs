//! What carries out the machine's decisions: it owns the connection, the clock and the objects.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use kubernetes_client::{Body, Client, Error as ClientError};
use kubernetes_core::{Encoded, Execute as _, List, ListRequest, Object, Request, Str, WatchRequest, json};
use tokio::time::Instant;
use tracing::{debug, warn};

use crate::counters::Counters;
use crate::decode::{Change, Received, Slot, decode};
use crate::error::Cause;
use crate::lines::Lines;
use crate::machine::{Input, Loss, Machine, Step};
use crate::requests::{AnyType, Requests};
use crate::timer::Timer;
use crate::watch::{Observer, Settings};
use crate::{Error, Reason, Transition};

/// How long a streaming list may bring no further object before its end is announced. A server that has the option
/// announces it at once; one that ignores it never does.
const INITIAL_EVENTS_END_WITHIN: Duration = Duration::from_secs(10);

/// How long a page of a list may take, whatever timeout the client has: the API server itself gives a request up after
/// a minute by default (`--request-timeout`), and without a bound a connection that is lost would hang for ever.
pub(crate) const PAGE_WITHIN: Duration = Duration::from_secs(300);

/// After how many lines and chunks without an event for the caller the runtime gets its turn.
const TURNS: u32 = 128;

type Pending<T> = Pin<Box<dyn Future<Output = Result<T, ClientError>> + Send>>;

/// What comes of the requests, as it comes. A single object is in the slot that was handed in.
pub(crate) enum Item {
    /// A streaming list begins: what an earlier list has brought is void.
    Begin,
    /// A page of a list. With the first one, what an earlier list has brought is void; the last one has the version of
    /// the list.
    Page { first: bool, objects: Objects, end: Option<Str> },
    /// An object of a streaming list, or a change that is mixed into it.
    Listed(Change),
    /// The streaming list is complete, at this version.
    End(Str),
    /// A change after the list.
    Changed(Change),
    /// Nothing happened, up to this version.
    Bookmark { version: Str, initial_events_end: bool },
}

/// The objects of a page, whose type only those know who asked for it.
pub(crate) struct Objects(Box<dyn Any + Send>);

impl Objects {
    /// The objects, for who knows their type.
    pub(crate) fn of<K: Object>(self) -> Vec<K> {
        *self.0.downcast().expect("it is the type that `decode_page` has made them of")
    }
}

struct Page {
    objects: Objects,
    version: Str,
    next: Option<Str>,
}

type DecodePage = fn(&Encoded) -> Result<Page, json::DecodeError>;

fn decode_page<K: Object>(body: &Encoded) -> Result<Page, json::DecodeError> {
    let list: List<K> = body.decode()?;
    let (version, next) = (list.resource_version().into(), list.continue_token().map(Str::from));
    Ok(Page { objects: Objects(Box::new(list.items)), version, next })
}

/// One watch at work. It does not know the type of the objects: a program that watches many is spared as many copies.
pub(crate) struct Driver {
    client: Client,
    requests: Requests,
    decode_page: DecodePage,
    idle_timeout: Option<Duration>,
    reconnect: bool,
    observer: Option<Observer>,
    counters: Counters,
    machine: Machine,
    io: Io,
    /// When the request under way was made.
    since: Option<Instant>,
    timer: Timer,
    /// Whether there was a sign of life since the timer was set.
    heard: bool,
    /// Whether a streaming list has gone over to changes, so that its end is near.
    changes_seen: bool,
    /// Whether the page under way is the first one.
    first_page: bool,
    relists: bool,
    resource_version: Option<Str>,
}

/// What is under way.
enum Io {
    /// Nothing: the machine is to be asked.
    Idle,
    /// A wait, until the timer goes off.
    Waiting,
    Listing(Pending<Page>),
    Opening(Pending<Body>),
    Reading(Body, Lines),
    Over,
}

/// An item of the stream, or nothing yet.
type Flow = Option<Result<Item, Error>>;

impl Driver {
    pub(crate) fn request(&self) -> &Request {
        self.requests.list()
    }

    pub(crate) fn resource_version(&self) -> Option<&str> {
        self.resource_version.as_deref()
    }

    /// To count the objects of lists, which the driver does not hand over one by one.
    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }
}

impl Driver {
    /// From the request's version, or else from the existing objects.
    pub(crate) fn new<K: Object>(client: Client, request: ListRequest<K>, settings: &Settings) -> Self {
        Self::with(client, Requests::new(request.read_as(), settings), decode_page::<K>, settings)
    }

    /// From the existing objects, which are listed again when a version is forgotten.
    pub(crate) fn relisting<K: Object>(client: Client, request: ListRequest<K>, settings: &Settings) -> Self {
        let mut requests = Requests::new(request.read_as(), settings);
        if requests.version().is_some() {
            requests.forget_version();
        }
        let mut driver = Self::with(client, requests, decode_page::<K>, settings);
        driver.machine = driver.machine.relisting();
        driver.relists = true;
        driver.reconnect = true;
        driver
    }

    fn with(client: Client, requests: Requests, decode_page: DecodePage, settings: &Settings) -> Self {
        let version = requests.version();
        let lifetime = requests.least_timeout().min(settings.idle_timeout.unwrap_or(Duration::MAX));
        Self {
            client,
            machine: Machine::new(version.clone(), requests.bookmarks(), lifetime, fastrand::Rng::new()),
            requests,
            decode_page,
            idle_timeout: settings.idle_timeout,
            reconnect: settings.reconnect,
            observer: settings.observer.clone(),
            counters: settings.counters.clone(),
            io: Io::Idle,
            since: None,
            timer: Timer::default(),
            heard: false,
            changes_seen: false,
            first_page: false,
            relists: false,
            resource_version: version,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.io, Io::Over)
    }

    /// Drops the connection: nothing more will come.
    pub(crate) fn close(&mut self) {
        self.io = Io::Over;
    }

    /// What comes next; an object goes into the slot.
    pub(crate) fn poll_item(
        &mut self,
        context: &mut Context<'_>,
        slot: &mut dyn Slot,
    ) -> Poll<Option<Result<Item, Error>>> {
        let mut turns = 0;
        loop {
            let flow = match &mut self.io {
                Io::Over => return Poll::Ready(None),
                Io::Idle => self.proceed(),
                Io::Waiting => {
                    ready!(self.timer.poll(context));
                    self.proceed()
                }
                Io::Listing(page) => match page.as_mut().poll(context) {
                    Poll::Ready(result) => self.listed(result),
                    Poll::Pending => {
                        let limit = ready!(self.timer.poll(context));
                        self.lost(Cause::Silent(limit))
                    }
                },
                Io::Opening(body) => match body.as_mut().poll(context) {
                    Poll::Ready(result) => self.opened(result),
                    Poll::Pending => ready!(self.poll_silence(context)),
                },
                Io::Reading(..) if turns == TURNS => {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Io::Reading(body, buffer) => match buffer.next() {
                    Ok(Some(line)) => {
                        turns += 1;
                        let received = decode(line, slot);
                        self.received(received)
                    }
                    Ok(None) => match Pin::new(body).poll_next(context) {
                        Poll::Ready(chunk) => {
                            turns += 1;
                            self.read(chunk, slot)
                        }
                        Poll::Pending => ready!(self.poll_silence(context)),
                    },
                    Err(error) => self.lost(Cause::LineTooLong(error)),
                },
            };
            if let Some(item) = flow {
                return Poll::Ready(Some(item));
            }
        }
    }

    /// Makes the next request.
    fn proceed(&mut self) -> Flow {
        let step = self.machine.on(Input::Ready);
        self.request_step(step)
    }

    fn request_step(&mut self, step: Step) -> Flow {
        self.since = Some(Instant::now());
        match step {
            Step::Watch { from } => self.open(self.requests.watch(from)),
            Step::StreamingList => {
                self.changes_seen = false;
                self.open(self.requests.streaming_list());
            }
            Step::List { next, paged } => {
                self.first_page = next.is_none();
                let (client, request) = (self.client.clone(), self.requests.page(next, paged).into_request());
                let decode = self.decode_page;
                self.io = Io::Listing(Box::pin(async move { client.execute(request, decode).await }));
                self.timer.set(Some(PAGE_WITHIN));
            }
            Step::FailWithoutEnd => return self.fail(Cause::RepeatedToken),
            _ => return self.fail(Cause::NoVersion),
        }
        None
    }

    fn open(&mut self, request: WatchRequest<AnyType>) {
        let client = self.client.clone();
        self.io = Io::Opening(Box::pin(async move { request.open(&client).await }));
        self.heard = false;
        self.timer.set(self.idle_timeout);
    }

    fn opened(&mut self, result: Result<Body, ClientError>) -> Flow {
        match result {
            Ok(body) => {
                self.machine.on(Input::Opened);
                self.io = Io::Reading(body, Lines::default());
                self.heard = true;
                self.report(Reason::Connected, None, Duration::ZERO);
                if !self.machine.awaits_initial_events() {
                    return None;
                }
                // From now on, as changes may come before there is a pause.
                self.timer.set(Some(self.initial_silence()));
                Some(Ok(Item::Begin))
            }
            Err(error) => self.lost(Cause::Client(error)),
        }
    }

    /// Waits for a sign of life no longer than allowed. The time that the caller takes between two polls does not count.
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<Flow> {
        if std::mem::take(&mut self.heard) {
            if !self.machine.awaits_initial_events() {
                self.timer.set(self.idle_timeout);
            } else if !self.changes_seen {
                self.timer.set(Some(self.initial_silence()));
            }
        }
        let limit = ready!(self.timer.poll(context));
        Poll::Ready(self.lost(Cause::Silent(limit)))
    }

    /// How long a streaming list may bring nothing.
    fn initial_silence(&self) -> Duration {
        self.idle_timeout.unwrap_or(INITIAL_EVENTS_END_WITHIN).min(INITIAL_EVENTS_END_WITHIN)
    }

    fn read(&mut self, chunk: Option<Result<Bytes, ClientError>>, slot: &mut dyn Slot) -> Flow {
        match (chunk, &mut self.io) {
            (Some(Ok(chunk)), Io::Reading(_, lines)) => {
                lines.push(chunk);
                self.heard = true;
                None
            }
            (Some(Err(error)), _) => self.lost(Cause::Client(error)),
            (None, Io::Reading(_, lines)) => match lines.rest().map(|line| decode(line, slot)) {
                None => self.lost(Cause::Ended),
                // A last event without a line end: the next poll finds the body at its end again.
                Some(Ok(received)) => {
                    *lines = Lines::default();
                    self.received(Ok(received))
                }
                Some(Err(_)) => self.lost(Cause::Truncated),
            },
            _ => None,
        }
    }

    fn received(&mut self, received: Result<Received, json::DecodeError>) -> Flow {
        match received {
            Ok(Received::Change(change, version)) => self.changed(change, version),
            Ok(Received::Bookmark { version, initial_events_end }) => {
                let step = self.machine.on(Input::Bookmark { version: &version, initial_events_end });
                match step {
                    Step::Release { version } => {
                        self.complete(&version);
                        Some(Ok(Item::End(version)))
                    }
                    Step::Wait(_) => self.waited(Loss::Refused, Cause::NotStreaming, step),
                    _ => {
                        self.counters.bookmarked();
                        self.resource_version = Some(version.clone());
                        Some(Ok(Item::Bookmark { version, initial_events_end }))
                    }
                }
            }
            Ok(Received::Error(status)) => self.lost(Cause::Status(status)),
            Err(error) => self.lost(Cause::Undecodable(error)),
        }
    }

    fn changed(&mut self, change: Change, version: Str) -> Flow {
        if self.machine.on(Input::Change { version: &version }) == Step::Hold {
            self.changes_seen |= change != Change::Added;
            return Some(Ok(Item::Listed(change)));
        }
        self.counters.changed(change);
        self.resource_version = Some(version);
        Some(Ok(Item::Changed(change)))
    }

    fn listed(&mut self, result: Result<Page, ClientError>) -> Flow {
        let Page { objects, version, next } = match result {
            Ok(page) => page,
            Err(error) => return self.lost(Cause::Client(error)),
        };
        let step = self.machine.on(Input::Page { version: &version, next: next.as_deref() });
        if let Step::Wait(_) = step {
            let cause = Cause::RepeatedToken;
            return self.waited(cause.loss(), cause, step);
        }
        let first = self.first_page;
        match step {
            Step::Release { version } => {
                self.io = Io::Idle;
                self.complete(&version);
                Some(Ok(Item::Page { first, objects, end: Some(version) }))
            }
            step => self.request_step(step).or(Some(Ok(Item::Page { first, objects, end: None }))),
        }
    }

    fn complete(&mut self, version: &Str) {
        self.resource_version = Some(version.clone());
        self.report(Reason::Listed, None, Duration::ZERO);
        if self.relists {
            // A list that may be of any state (`0`) could be older than what was seen meanwhile.
            self.requests.forget_version();
        }
    }

    /// After a request has come to nothing, or its connection to its end.
    fn lost(&mut self, cause: Cause) -> Flow {
        let loss = cause.loss();
        let lived = self.since.map(|since| since.elapsed()).unwrap_or_default();
        let step = self.machine.on(Input::Lost { loss, lived });
        self.waited(loss, cause, step)
    }

    fn waited(&mut self, loss: Loss, cause: Cause, step: Step) -> Flow {
        let Step::Wait(wait) = step else {
            return self.fail(cause);
        };
        // A list that takes the place of a streaming one is no further connection in the caller's eyes.
        let lists_instead = self.machine.is_listing() && wait.is_zero();
        if !self.reconnect && !lists_instead {
            return self.end(loss, cause);
        }
        let error = Error::new(self.requests.list(), cause);
        let reason = match loss {
            // What was refused is not the watch, but the list that was to be its beginning.
            Loss::Refused if lists_instead => Reason::NoStreamingList,
            loss => Reason::of(loss),
        };
        self.report(reason, Some(&error), wait);
        if wait.is_zero() {
            self.io = Io::Idle;
        } else {
            self.io = Io::Waiting;
            self.timer.set(Some(wait));
        }
        None
    }

    /// The end of the only connection.
    fn end(&mut self, loss: Loss, cause: Cause) -> Flow {
        if loss != Loss::Ended || self.machine.is_listing() {
            return self.fail(cause);
        }
        self.report(Reason::Ended, None, Duration::ZERO);
        self.close();
        None
    }

    fn fail(&mut self, cause: Cause) -> Flow {
        self.counters.failed();
        self.close();
        Some(Err(Error::new(self.requests.list(), cause)))
    }

    fn report(&self, reason: Reason, error: Option<&Error>, wait: Duration) {
        let resource_version = self.resource_version();
        let request = self.request();
        match (reason, error) {
            (Reason::Unavailable | Reason::Broken | Reason::Gone | Reason::Ahead | Reason::Refused, Some(error)) => {
                warn!(?request, resource_version, ?wait, cause = ?error, "watch interrupted: {reason}");
            }
            _ => debug!(?request, resource_version, ?wait, "watch: {reason}"),
        }
        self.counters.transition(reason);
        if let Some(observer) = &self.observer {
            let resource_version = resource_version.filter(|_| !self.machine.is_listing());
            let path = request.path.as_str().unwrap_or_default();
            observer(&Transition { reason, error, wait, resource_version, path });
        }
    }
}
