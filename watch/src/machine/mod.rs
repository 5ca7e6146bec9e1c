//! Decides what a watch does next, without sockets and clocks. The driver carries the decisions out.

mod list;
mod loss;
mod relist;
mod step;

use std::time::Duration;

use kubernetes_client::{Backoff, Delays};
use kubernetes_core::Str;

pub(crate) use loss::Loss;
pub(crate) use step::{BookmarkStep, ChangeStep, NextRequest, PageSize, PageStep, Recovery};

use list::PagedList;
use relist::RelistBackoff;

/// A connection that lived this long was healthy, though nothing came: the next one is opened without backoff. Nearly
/// as long as the connection was to live is enough.
const HEALTHY: Duration = Duration::from_secs(10);

/// A watch that ends sooner, without an event, is suspect: so do API servers answer that have forgotten the version
/// (kubernetes#104171). client-go calls it a `VeryShortWatchError`.
const SHORT: Duration = Duration::from_secs(1);

/// The least time from one connection to the next, however well they go.
const INTERVAL: Duration = Duration::from_secs(1);

/// How long to wait before each retry, as in client-go's reflector
/// (<https://github.com/kubernetes/client-go/blob/v0.37.2/tools/cache/reflector.go>). Each wait is drawn from the upper
/// half of its step, so that the many clients which lost the same API server do not come back together.
pub(crate) const BACKOFF: Backoff = Backoff::new(Duration::from_millis(800), Duration::from_secs(30)).jitter(0.5, 1.0);

/// The longest wait that a server may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// After how many broken streaming lists a plain one is tried.
const STREAMING_TRIES: u32 = 2;

/// How often in a row a watch that can't list again asks for a version that the server does not seem to know, before
/// that is taken for lasting: with the waits between, and the 3 seconds that an API server waits before it says so,
/// some 4 minutes.
const DOUBTFUL_TRIES: u32 = 10;

/// How often in a row a request may come to nothing, for whatever reason, before the objects are listed (again).
const FRUITLESS_TRIES: u32 = 10;

/// The state of a watch.
#[derive(Debug)]
pub(crate) struct Machine {
    goal: Goal,
    /// The evidence of the open connection, if there is one.
    connection: Option<Evidence>,
    lost_version: LostVersion,
    streaming_lists: StreamingLists,
    /// After how long a connection was healthy, though nothing came.
    healthy: Duration,
    attempts: Attempts,
    delays: Delays,
    relist_backoff: RelistBackoff,
}

/// The purpose of the next request, or of the one under way.
#[derive(Clone, Debug, PartialEq)]
enum Goal {
    /// The existing objects, as the first events of a watch (KEP-3157), which has broken so often.
    StreamingList { broken: u32 },
    /// The existing objects, page by page.
    List(PagedList),
    /// The changes after a version, up to which everything has been handed over.
    Watch { version: Str },
}

/// The best sign so far that the watch of an open connection works.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Evidence {
    Nothing,
    /// A bookmark of the version that is known already.
    Bookmark,
    /// A new version.
    Progress,
}

/// The way out when the server no longer knows the version, or never will.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum LostVersion {
    /// The watch is over.
    Fail,
    /// The objects are listed again.
    Relist,
}

/// Whether the existing objects are asked for by a streaming list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum StreamingLists {
    Use,
    /// The server has none, or they are not wanted.
    Avoid,
}

/// How often in a row requests have come to nothing since the watch last made progress.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Attempts {
    /// The version was forgotten.
    gone: u32,
    /// The version seems not to be known, or the server has an error that it does not explain.
    doubtful: u32,
    /// The watch was refused.
    refused: u32,
    /// For any reason, as long as the server was there to answer.
    fruitless: u32,
}

impl Machine {
    /// A watch of the changes after `version`, or else of the existing objects and their changes. A quiet connection is
    /// meant to live for `lifetime`.
    pub(crate) fn new(
        version: Option<Str>,
        lost_version: LostVersion,
        streaming_lists: StreamingLists,
        lifetime: Duration,
        backoff: Backoff,
    ) -> Self {
        let goal = match version {
            Some(version) => Goal::Watch { version },
            None => Goal::list(streaming_lists),
        };
        Self {
            goal,
            connection: None,
            lost_version,
            streaming_lists,
            healthy: HEALTHY.min(lifetime.mul_f64(0.9)),
            attempts: Attempts::default(),
            delays: backoff.delays(),
            relist_backoff: RelistBackoff::new(backoff),
        }
    }

    /// The version up to which everything has been handed over; `None` while the existing objects are to be listed, for
    /// the first time or again.
    pub(crate) fn resource_version(&self) -> Option<&Str> {
        match &self.goal {
            Goal::Watch { version } => Some(version),
            Goal::StreamingList { .. } | Goal::List(_) => None,
        }
    }

    /// Whether the existing objects are still to be listed, or being listed.
    pub(crate) fn is_listing(&self) -> bool {
        self.resource_version().is_none()
    }

    /// Whether the objects are listed again where another watch would be over.
    pub(crate) fn relists(&self) -> bool {
        self.lost_version == LostVersion::Relist
    }

    /// Whether the initial events of a streaming list are being read.
    pub(crate) fn awaits_initial_events(&self) -> bool {
        self.connection.is_some() && matches!(self.goal, Goal::StreamingList { .. })
    }

    /// Whether a watch that has ended after this time, measured from its answer, was over before it began.
    pub(crate) fn has_ended_at_once(&self, lived: Duration) -> bool {
        !self.is_listing() && self.connection == Some(Evidence::Nothing) && lived < SHORT.min(self.healthy)
    }

    /// The request to make now.
    pub(crate) fn next_request(&self) -> NextRequest {
        match &self.goal {
            Goal::StreamingList { .. } => NextRequest::StreamingList,
            Goal::List(list) => list.next_request(),
            Goal::Watch { version } => NextRequest::Watch { from: version.clone() },
        }
    }

    /// Takes in that a watch was answered with success.
    pub(crate) fn opened(&mut self) {
        self.connection = Some(Evidence::Nothing);
    }

    /// Takes in that an object was added, modified or deleted.
    pub(crate) fn changed(&mut self, version: &str) -> ChangeStep {
        match self.goal {
            // The initial events are in no order, so that their versions say nothing.
            Goal::StreamingList { .. } | Goal::List(_) => ChangeStep::Listed,
            Goal::Watch { .. } => {
                self.advance(version);
                ChangeStep::Changed
            }
        }
    }

    /// Takes in a bookmark, which may be the one that ends the initial events of a streaming list.
    pub(crate) fn bookmark(&mut self, version: &str, ends_initial_events: bool) -> BookmarkStep {
        match self.goal {
            Goal::StreamingList { .. } | Goal::List(_) if ends_initial_events => {
                self.connection = Some(Evidence::Bookmark);
                BookmarkStep::Complete { version: self.complete(version.into()) }
            }
            Goal::StreamingList { .. } | Goal::List(_) => {
                self.streaming_lists = StreamingLists::Avoid;
                self.list_instead();
                BookmarkStep::ListInstead
            }
            Goal::Watch { .. } => {
                self.advance(version);
                // Even one of the same version shows that the watch goes on after the list.
                self.attempts.refused = 0;
                self.connection = self
                    .connection
                    .map(|evidence| if evidence == Evidence::Nothing { Evidence::Bookmark } else { evidence });
                BookmarkStep::Deliver
            }
        }
    }

    /// Takes in a page of a list, which has the token of the next one unless it is the last.
    pub(crate) fn page(&mut self, version: &str, next: Option<&str>, is_empty: bool) -> PageStep {
        let Goal::List(list) = &mut self.goal else { return PageStep::WithoutVersion };
        self.attempts.fruitless = 0;
        match list.take(version, next, is_empty) {
            list::Taken::Next => PageStep::Next,
            list::Taken::Complete(version) => PageStep::Complete { version: self.complete(version) },
            list::Taken::WithoutVersion => PageStep::WithoutVersion,
            list::Taken::Endless if list.size() == PageSize::Unlimited => PageStep::Endless,
            list::Taken::Endless => {
                // A server that does not understand continue tokens may answer in one piece.
                self.goal = Goal::List(PagedList::new(PageSize::Unlimited));
                PageStep::Restart { wait: self.delays.next_delay() }
            }
        }
    }

    /// Takes in that the request has come to nothing, or that its connection has ended. An open connection has lived
    /// for `lived` since it was answered, or since its list was complete.
    pub(crate) fn lost(&mut self, loss: Loss, lived: Duration) -> Recovery {
        let evidence = self.connection.take();
        match &mut self.goal {
            Goal::StreamingList { broken } => {
                if matches!(
                    loss,
                    Loss::Ended | Loss::Empty | Loss::Broken { .. } | Loss::Unexplained { .. } | Loss::Ahead { .. }
                ) {
                    *broken += 1;
                }
                let broken = *broken;
                self.lost_streaming_list(loss, broken)
            }
            Goal::List(list) => {
                let is_page_of_several = list.is_page_of_several();
                self.lost_page(loss, is_page_of_several)
            }
            Goal::Watch { .. } => self.lost_watch(loss, lived, evidence),
        }
    }
}

/// The next goal, and the wait before it.
impl Machine {
    fn advance(&mut self, new: &str) {
        if let Goal::Watch { version } = &mut self.goal
            && **version != *new
        {
            *version = new.into();
            self.connection = Some(Evidence::Progress);
            self.attempts = Attempts::default();
            self.delays.reset();
        }
    }

    /// Goes over from the list to the watch of what follows it. The watch has yet to prove itself: a refusal is still
    /// counted.
    fn complete(&mut self, version: Str) -> Str {
        self.goal = Goal::Watch { version: version.clone() };
        self.attempts = Attempts { refused: self.attempts.refused, ..Attempts::default() };
        self.delays.reset();
        version
    }

    fn lost_streaming_list(&mut self, loss: Loss, broken: u32) -> Recovery {
        match loss {
            Loss::Final => Recovery::Fail,
            Loss::Refused => {
                self.streaming_lists = StreamingLists::Avoid;
                self.list_instead()
            }
            // It may also be the network that is silent: the next list may be a streaming one.
            Loss::Silent | Loss::Overdue => self.list_instead(),
            Loss::Gone => self.gone(),
            Loss::Unavailable { .. } => self.retry(loss),
            Loss::Ended | Loss::Empty | Loss::Broken { .. } | Loss::Unexplained { .. } | Loss::Ahead { .. } => {
                if broken >= STREAMING_TRIES {
                    self.goal = Goal::List(PagedList::new(PageSize::Limited));
                }
                self.retry(loss)
            }
        }
    }

    fn lost_page(&mut self, loss: Loss, is_page_of_several: bool) -> Recovery {
        match loss {
            Loss::Final | Loss::Refused => Recovery::Fail,
            // A list that begins again comes whole, so that it can't expire once more.
            Loss::Gone if is_page_of_several => {
                self.goal = Goal::List(PagedList::new(PageSize::Unlimited));
                self.retry(loss)
            }
            Loss::Gone => self.gone(),
            Loss::Unavailable { .. } => self.retry(loss),
            Loss::Ended
            | Loss::Empty
            | Loss::Silent
            | Loss::Overdue
            | Loss::Broken { .. }
            | Loss::Unexplained { .. }
            | Loss::Ahead { .. } => {
                self.attempts.fruitless += 1;
                if self.attempts.fruitless >= FRUITLESS_TRIES {
                    // It may be the continue token that the server can't handle.
                    self.attempts.fruitless = 0;
                    self.goal = Goal::List(PagedList::new(PageSize::Limited));
                }
                self.retry(loss)
            }
        }
    }

    fn lost_watch(&mut self, loss: Loss, lived: Duration, evidence: Option<Evidence>) -> Recovery {
        let healthy = evidence.is_some_and(|evidence| evidence == Evidence::Progress || lived >= self.healthy);
        if healthy {
            self.delays.reset();
            self.relist_backoff.healthy_for(lived);
        }
        self.count(loss, healthy, evidence.is_some_and(|evidence| evidence > Evidence::Nothing));
        let relists = self.relists();
        match loss {
            Loss::Final => Recovery::Fail,
            // A version from before the server's data was exchanged may not even be well formed; that of the new list
            // is. If it is refused too, it is not the version.
            Loss::Refused if relists && self.attempts.refused == 1 => self.relist(),
            Loss::Refused => Recovery::Fail,
            Loss::Gone => self.gone(),
            Loss::Ahead { .. } | Loss::Empty | Loss::Unexplained { .. } if relists && self.attempts.doubtful > 1 => {
                self.relist()
            }
            // A server that lags comes to know the version; one whose data was restored from a backup may never do so,
            // or, in time, take another one for it.
            Loss::Ahead { .. } | Loss::Empty | Loss::Unexplained { .. } if self.attempts.doubtful > DOUBTFUL_TRIES => {
                Recovery::Fail
            }
            Loss::Unavailable { .. } => self.retry(loss),
            _ if relists && self.attempts.fruitless >= FRUITLESS_TRIES => self.relist(),
            Loss::Ended | Loss::Silent | Loss::Overdue if healthy => {
                Recovery::Retry { wait: INTERVAL.saturating_sub(lived) }
            }
            Loss::Ended
            | Loss::Empty
            | Loss::Silent
            | Loss::Overdue
            | Loss::Broken { .. }
            | Loss::Unexplained { .. }
            | Loss::Ahead { .. } => self.retry(loss),
        }
    }

    /// Counts how often in a row a watch has come to nothing.
    fn count(&mut self, loss: Loss, healthy: bool, has_brought_something: bool) {
        let attempts = &mut self.attempts;
        match loss {
            Loss::Gone => {}
            Loss::Refused => attempts.refused += 1,
            Loss::Ahead { .. } | Loss::Empty | Loss::Unexplained { .. } => attempts.doubtful += 1,
            // A connection that was healthy knew the version. An error that takes its time does not count as health, or
            // it would be retried for ever.
            _ if healthy => *attempts = Attempts { fruitless: attempts.fruitless, ..Attempts::default() },
            _ => {}
        }
        match loss {
            Loss::Unavailable { .. } => {}
            _ if has_brought_something => attempts.fruitless = 0,
            Loss::Ended if healthy => attempts.fruitless = 0,
            _ => attempts.fruitless += 1,
        }
    }

    /// After a 410: the objects are listed again, or, where that is not wanted, another API server may still know the
    /// version: one retry.
    fn gone(&mut self) -> Recovery {
        if self.relists() {
            return self.relist();
        }
        self.attempts.gone += 1;
        if self.attempts.gone > 1 {
            return Recovery::Fail;
        }
        self.retry(Loss::Gone)
    }

    fn relist(&mut self) -> Recovery {
        self.goal = Goal::list(self.streaming_lists);
        Recovery::Retry { wait: self.relist_backoff.next() }
    }

    fn list_instead(&mut self) -> Recovery {
        self.connection = None;
        self.goal = Goal::List(PagedList::new(PageSize::Limited));
        Recovery::ListInstead
    }

    fn retry(&mut self, loss: Loss) -> Recovery {
        let asked = loss.retry_after().unwrap_or_default().min(MAX_RETRY_AFTER);
        Recovery::Retry { wait: asked + self.delays.next_delay() }
    }
}

impl Goal {
    fn list(streaming_lists: StreamingLists) -> Self {
        match streaming_lists {
            StreamingLists::Use => Self::StreamingList { broken: 0 },
            StreamingLists::Avoid => Self::List(PagedList::new(PageSize::Limited)),
        }
    }
}

#[cfg(test)]
mod tests;
