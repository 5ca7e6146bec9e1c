//! Decides what a watch does next, without sockets and clocks. The driver carries the decisions out.

mod attempts;
mod list;
mod loss;
mod recovery;
mod relist;
mod step;

use std::time::Duration;

use kubernetes_client::{Backoff, Delays};
use kubernetes_core::Str;

pub(crate) use loss::Loss;
pub(crate) use relist::RECOVERED;
pub(crate) use step::{BookmarkStep, ChangeStep, NextRequest, PageSize, PageStep, Recovery};

use attempts::Attempts;
use list::PagedList;
use relist::RelistBackoff;

/// A connection that lived this long was healthy, though nothing came: the next one is opened without backoff. Nearly
/// as long as the connection was to live is enough.
const HEALTHY: Duration = Duration::from_secs(10);

/// A watch that ends sooner, without an event, is suspect: so do API servers answer that have forgotten the version
/// (kubernetes#104171). client-go calls it a `VeryShortWatchError`.
const SHORT: Duration = Duration::from_secs(1);

/// How long to wait before each retry, as in client-go's reflector
/// (<https://github.com/kubernetes/client-go/blob/v0.37.2/tools/cache/reflector.go>). Each wait is drawn from the upper
/// half of its step, so that the many clients which lost the same API server do not come back together.
pub(crate) const BACKOFF: Backoff = Backoff::new(Duration::from_millis(800), Duration::from_secs(30)).jitter(0.5, 1.0);

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
        match list.add_page(version, next, is_empty) {
            list::PageOutcome::Next => PageStep::Next,
            list::PageOutcome::Complete(version) => PageStep::Complete { version: self.complete(version) },
            list::PageOutcome::WithoutVersion => PageStep::WithoutVersion,
            list::PageOutcome::Endless if list.size() == PageSize::Unlimited => PageStep::Endless,
            list::PageOutcome::Endless => {
                // A server that does not understand continue tokens may answer in one piece.
                self.goal = Goal::List(PagedList::new(PageSize::Unlimited));
                PageStep::Restart { wait: self.delays.next_delay() }
            }
        }
    }
}

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
