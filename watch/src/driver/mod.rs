//! Carries out the machine's decisions: owns the connection, the timers and the requests.

mod answers;
mod connection;
mod item;
mod recovery;
mod report;
mod requests;
mod watchdog;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use kubernetes_client::{Body, Client, Error as ClientError};
use kubernetes_core::{ListRequest, Object, Request, Str};

pub(crate) use item::Item;

use crate::Error;
use crate::clock::{self, Instant, Timer};
use crate::counters::Counters;
use crate::error::Cause;
use crate::machine::{BACKOFF, LostVersion, Machine, StreamingLists};
use crate::settings::Settings;
use crate::wire::Slot;
use connection::Connection;
use item::{DecodePage, Page, decode_page};
use report::Reporter;
use requests::Requests;
use watchdog::Watchdog;

/// The time limit for a page of a list, whatever the client's timeout: the API server itself aborts a request after a
/// minute by default (`--request-timeout`), and without a limit a lost connection would hang forever.
pub(crate) const PAGE_WITHIN: Duration = Duration::from_secs(300);

type Pending<T> = Pin<Box<dyn Future<Output = Result<T, ClientError>> + Send>>;

/// An active watch. It does not depend on the type of the objects, so that a program that watches many types has only
/// one copy of the code.
pub(crate) struct Driver {
    client: Client,
    requests: Requests,
    decode_page: DecodePage,
    idle_timeout: Option<Duration>,
    reconnect: bool,
    reporter: Reporter,
    machine: Machine,
    io: Io,
    /// The time of the response to the current request, or of the completion of its initial list; otherwise the time of
    /// the request.
    since: Instant,
}

/// The current request.
enum Io {
    /// No request: the machine decides on the next.
    Idle,
    Waiting(Timer),
    Listing {
        page: Pending<Page>,
        limit: Timer,
        /// Whether this is the first page.
        first: bool,
    },
    Opening(Pending<Body>, Watchdog),
    Reading(Box<Connection>),
    Over,
}

/// An item of the stream, or nothing yet.
type Output = Option<Result<Item, Error>>;

impl Driver {
    pub(crate) fn request(&self) -> &Request {
        self.requests.list()
    }

    /// The version up to which everything has been delivered; `None` while objects are listed.
    pub(crate) fn resource_version(&self) -> Option<&str> {
        self.machine.resource_version().map(Str::as_str)
    }

    /// Counts the objects of lists, which the driver does not deliver one by one.
    pub(crate) fn counters(&self) -> &Counters {
        self.reporter.counters()
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.io, Io::Over)
    }

    /// Drops the connection and ends the stream.
    pub(crate) fn close(&mut self) {
        self.io = Io::Over;
    }
}

impl Driver {
    /// Starts from the request's version, or else from the existing objects.
    pub(crate) fn new<K: Object>(client: Client, request: ListRequest<K>, settings: &Settings) -> Self {
        let requests = Requests::new(request.read_as(), settings);
        Self::with(client, requests, decode_page::<K>, settings, LostVersion::Fail)
    }

    /// Starts from the existing objects, which are listed again when a version is forgotten.
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
        // Streaming lists need bookmarks.
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

    /// The next item; an object is put into the slot.
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
