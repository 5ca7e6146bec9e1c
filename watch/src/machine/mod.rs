//! Decides what a watch does next, without sockets or clocks. The driver carries out the decisions.

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

/// A connection that lasted this long was healthy even without events, so the next one is opened without backoff.
/// Nearly the intended duration of the connection is enough.
const HEALTHY: Duration = Duration::from_secs(10);

/// A watch that ends sooner without an event is suspect: this is how API servers respond that have forgotten the
/// version (kubernetes#104171). client-go calls it a `VeryShortWatchError`.
const SHORT: Duration = Duration::from_secs(1);

/// The delays before retries, as in client-go's reflector
/// (<https://github.com/kubernetes/client-go/blob/v0.37.2/tools/cache/reflector.go>). Each delay is drawn from the
/// upper half of its step, so that the many clients of a lost API server do not return at the same time.
pub(crate) const BACKOFF: Backoff = Backoff::new(Duration::from_millis(800), Duration::from_secs(30)).jitter(0.5, 1.0);

/// The state of a watch.
#[derive(Debug)]
pub(crate) struct Machine {
    goal: Goal,
    /// The evidence of the open connection, if there is one.
    connection: Option<Evidence>,
    lost_version: LostVersion,
    streaming_lists: StreamingLists,
    /// The time after which a connection counts as healthy even without events.
    healthy: Duration,
    attempts: Attempts,
    delays: Delays,
    relist_backoff: RelistBackoff,
}

/// The purpose of the next or current request.
#[derive(Clone, Debug, PartialEq)]
enum Goal {
    /// The existing objects, as the first events of a watch (KEP-3157), with the number of failures so far.
    StreamingList { broken: u32 },
    /// The existing objects, page by page.
    List(PagedList),
    /// The changes after a version up to which everything has been delivered.
    Watch { version: Str },
}

/// The best evidence so far that the watch of an open connection works.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Evidence {
    Nothing,
    /// A bookmark with the known version.
    Bookmark,
    /// A new version.
    Progress,
}

/// The reaction when the server no longer knows the version, or never will.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum LostVersion {
    /// The watch ends.
    Fail,
    /// The objects are listed again.
    Relist,
}

/// Whether the existing objects are requested with a streaming list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum StreamingLists {
    Use,
    /// The server does not support them, or they are disabled.
    Avoid,
}

impl Machine {
    /// Creates a watch of the changes after `version`, or else of the existing objects and their changes. A quiet
    /// connection should last for `lifetime`.
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

    /// The version up to which everything has been delivered; `None` before the existing objects are listed, for the
    /// first time or again.
    pub(crate) fn resource_version(&self) -> Option<&Str> {
        match &self.goal {
            Goal::Watch { version } => Some(version),
            Goal::StreamingList { .. } | Goal::List(_) => None,
        }
    }

    /// Whether the existing objects have not been listed completely yet.
    pub(crate) fn is_listing(&self) -> bool {
        self.resource_version().is_none()
    }

    /// Whether the objects are listed again where another watch would end.
    pub(crate) fn relists(&self) -> bool {
        self.lost_version == LostVersion::Relist
    }

    /// Whether the initial events of a streaming list are being read.
    pub(crate) fn awaits_initial_events(&self) -> bool {
        self.connection.is_some() && matches!(self.goal, Goal::StreamingList { .. })
    }

    /// Whether a watch that ended this long after its response counts as having ended at once.
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

    /// Records the successful response to a watch.
    pub(crate) fn opened(&mut self) {
        self.connection = Some(Evidence::Nothing);
    }

    /// Records that an object was added, modified or deleted.
    pub(crate) fn changed(&mut self, version: &str) -> ChangeStep {
        match self.goal {
            // The initial events are unordered, so their versions are meaningless.
            Goal::StreamingList { .. } | Goal::List(_) => ChangeStep::Listed,
            Goal::Watch { .. } => {
                self.advance(version);
                ChangeStep::Changed
            }
        }
    }

    /// Records a bookmark, which may be the one that ends the initial events of a streaming list.
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
                // Even a bookmark with the same version shows that the watch continues after the list.
                self.attempts.refused = 0;
                self.connection = self
                    .connection
                    .map(|evidence| if evidence == Evidence::Nothing { Evidence::Bookmark } else { evidence });
                BookmarkStep::Deliver
            }
        }
    }

    /// Records a page of a list, which has the token of the next one unless it is the last.
    pub(crate) fn page(&mut self, version: &str, next: Option<&str>, is_empty: bool) -> PageStep {
        let Goal::List(list) = &mut self.goal else { return PageStep::WithoutVersion };
        self.attempts.fruitless = 0;
        match list.add_page(version, next, is_empty) {
            list::PageOutcome::Next => PageStep::Next,
            list::PageOutcome::Complete(version) => PageStep::Complete { version: self.complete(version) },
            list::PageOutcome::WithoutVersion => PageStep::WithoutVersion,
            list::PageOutcome::Endless if list.size() == PageSize::Unlimited => PageStep::Endless,
            list::PageOutcome::Endless => {
                // A server that does not understand continue tokens may be able to respond with the whole list.
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

    /// Switches from the list to the watch that follows it. Refusals are still counted until the watch works.
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
