//! What a watch does next: decisions without sockets and clocks. The driver carries them out.

use std::time::Duration;

use kubernetes_core::Str;

use crate::backoff::Backoff;

/// A connection that lived this long was healthy, though nothing came: the next one is opened without backoff. Nearly
/// as long as the connection was to live is enough.
const HEALTHY: Duration = Duration::from_secs(10);

/// The least time from one connection to the next, however well they go.
const INTERVAL: Duration = Duration::from_secs(1);

/// The longest wait that a server may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// After how many broken streaming lists a plain one is tried.
const STREAMING_TRIES: u32 = 2;

/// How often in a row a server may not know a version yet before that is taken for lasting: with the waits between, and
/// the 3 seconds that an API server waits before it says so, some 4 minutes.
const AHEAD_TRIES: u32 = 10;

/// The state of a watch.
#[derive(Debug)]
pub(crate) struct Machine {
    goal: Goal,
    stage: Stage,
    /// The version that everything up to has been handed over.
    version: Option<Str>,
    backoff: Backoff,
    /// After how long a connection was healthy, though nothing came.
    healthy: Duration,
    /// Whether this connection has brought a new version.
    progress: bool,
    /// Whether the one retry after a 410 has been used.
    gone: bool,
    /// Whether a streaming list is worth trying.
    streaming_list: bool,
    /// Whether the objects are listed again where a watch would be over.
    relists: bool,
    /// Whether nothing has come of the watch since the objects were listed: a list alone is no progress, or one that
    /// always ends in a forgotten version would be repeated without a pause.
    unproven: bool,
    /// Whether this connection has begun with the list, so that its age says nothing about the watch.
    listed: bool,
    /// How often in a row the server did not know the version yet.
    ahead: u32,
    /// Whether the one list after a watch that was refused has been made.
    refused: bool,
}

/// What the next request, or the one under way, is for.
#[derive(Clone, Debug, PartialEq)]
enum Goal {
    /// The existing objects, as the first events of a watch (KEP-3157).
    StreamingList { broken: u32 },
    /// The existing objects, page by page.
    List { next: Option<Str>, paged: bool, version: Option<Str> },
    /// The changes after `version`.
    Watch,
}

/// How far that request is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Waiting,
    Requested,
    Open,
    Over,
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Input<'a> {
    /// The wait is over, or what was released has been handed over.
    Ready,
    /// The watch was answered with success.
    Opened,
    /// An object was added, modified or deleted.
    Change { version: &'a str },
    /// A bookmark; it may be the one that ends a streaming list.
    Bookmark { version: &'a str, initial_events_end: bool },
    /// A page of a list.
    Page { version: &'a str, next: Option<&'a str> },
    /// The request came to nothing, or its connection ended, after it had lived for some time.
    Lost { loss: Loss, lived: Duration },
}

/// Why a request has no more to give.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Loss {
    /// The server ended the watch between two events.
    Ended,
    /// Nothing was heard for too long.
    Silent,
    /// No answer, or one that asks to come back later: it says nothing about the request itself.
    Unavailable { retry_after: Option<Duration> },
    /// An internal error, or a connection that broke.
    Broken { retry_after: Option<Duration> },
    /// The version is too old.
    Gone,
    /// The server does not know the version yet.
    Ahead { retry_after: Option<Duration> },
    /// A parameter is not allowed.
    Refused,
    /// What a retry can't cure.
    Final,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// Open a watch of the changes after this version.
    Watch { from: Str },
    /// Forget what is held and open a watch that starts with the existing objects.
    StreamingList,
    /// Get the next page of a list. Without a token it is the first one: forget what is held.
    List { next: Option<Str>, paged: bool },
    /// Drop the connection and wait, then come back with [`Input::Ready`].
    Wait(Duration),
    /// Go on with what is under way.
    Continue,
    /// Hand the event over and go on.
    Yield,
    /// The event is part of the list: hand it over as such and go on.
    Hold,
    /// The list is complete, at this version. Go on reading the connection, or come back with [`Input::Ready`] if there
    /// is none.
    Release { version: Str },
    /// Hand the error over: the watch is over.
    Fail,
    /// The list has no version to watch from: hand an error over, the watch is over.
    FailWithoutVersion,
    /// The list has no end, also in one piece: hand an error over, the watch is over.
    FailWithoutEnd,
}

impl Machine {
    /// A watch of the changes after `version`, or else of the existing objects and their changes,
    /// starting with [`Input::Ready`]. A quiet connection is meant to live for `lifetime`.
    pub(crate) fn new(version: Option<Str>, streaming_list: bool, lifetime: Duration, random: fastrand::Rng) -> Self {
        let goal = match &version {
            Some(_) => Goal::Watch,
            None => Goal::list(streaming_list),
        };
        Self {
            goal,
            stage: Stage::Waiting,
            version,
            backoff: Backoff::new(random),
            healthy: HEALTHY.min(lifetime.mul_f64(0.9)),
            progress: false,
            gone: false,
            streaming_list,
            relists: false,
            unproven: false,
            listed: false,
            ahead: 0,
            refused: false,
        }
    }

    /// Lists the objects again when the server no longer knows the version, or never will.
    pub(crate) fn relisting(self) -> Self {
        Self { relists: true, ..self }
    }

    /// Whether the existing objects are still to be listed, or being listed.
    pub(crate) fn is_listing(&self) -> bool {
        self.goal != Goal::Watch
    }

    /// Whether the initial events of a streaming list are being read.
    pub(crate) fn awaits_initial_events(&self) -> bool {
        self.stage == Stage::Open && matches!(self.goal, Goal::StreamingList { .. })
    }

    /// Takes in what happened and says what to do.
    ///
    /// An input that does not belong to the current stage changes nothing.
    pub(crate) fn on(&mut self, input: Input<'_>) -> Step {
        match (self.stage, input) {
            (Stage::Over, _) => Step::Fail,
            (Stage::Waiting, Input::Ready) => self.request(),
            (Stage::Requested, Input::Opened) if !matches!(self.goal, Goal::List { .. }) => {
                self.stage = Stage::Open;
                Step::Continue
            }
            (Stage::Requested, Input::Page { version, next }) => self.page(version, next),
            (Stage::Open, Input::Change { version }) => self.change(version),
            (Stage::Open, Input::Bookmark { version, initial_events_end }) => {
                self.bookmark(version, initial_events_end)
            }
            (Stage::Requested | Stage::Open, Input::Lost { loss, lived }) => self.lost(loss, lived),
            _ => Step::Continue,
        }
    }

    fn request(&mut self) -> Step {
        self.stage = Stage::Requested;
        self.progress = false;
        self.listed = false;
        match (&self.goal, &self.version) {
            (Goal::StreamingList { .. }, _) => Step::StreamingList,
            (Goal::List { next, paged, .. }, _) => Step::List { next: next.clone(), paged: *paged },
            (Goal::Watch, Some(version)) => Step::Watch { from: version.clone() },
            (Goal::Watch, None) => self.fail(Step::FailWithoutVersion),
        }
    }

    fn page(&mut self, version: &str, next: Option<&str>) -> Step {
        let Goal::List { next: token, paged, version: first } = &mut self.goal else {
            return Step::Continue;
        };
        // Should the pages not agree, the first version loses nothing: what changed since is sent again.
        let first = first.get_or_insert_with(|| version.into());
        if next.is_some() && token.as_deref() == next {
            return self.endless();
        }
        if let Some(next) = next {
            *token = Some(next.into());
            if !self.unproven {
                self.backoff.reset();
            }
            return Step::List { next: token.clone(), paged: *paged };
        }
        if first.is_empty() {
            return self.fail(Step::FailWithoutVersion);
        }
        let version = first.clone();
        self.stage = Stage::Waiting;
        self.complete(version)
    }

    /// After a page that leads to itself. Whoever does not understand continue tokens may have the list in one piece.
    fn endless(&mut self) -> Step {
        if matches!(self.goal, Goal::List { paged: false, .. }) {
            return self.fail(Step::FailWithoutEnd);
        }
        self.goal = Goal::first_page(false);
        self.retry(None)
    }

    fn change(&mut self, version: &str) -> Step {
        match self.goal {
            // The initial events are in no order, so that their versions say nothing.
            Goal::StreamingList { .. } => Step::Hold,
            _ => {
                self.advance(version);
                Step::Yield
            }
        }
    }

    fn bookmark(&mut self, version: &str, initial_events_end: bool) -> Step {
        match self.goal {
            Goal::StreamingList { .. } if initial_events_end => self.complete(version.into()),
            Goal::StreamingList { .. } => self.without_streaming_list(),
            _ => {
                // Even one of the same version shows that the watch goes on after the list.
                self.unproven = false;
                self.refused = false;
                self.listed = false;
                self.advance(version);
                Step::Yield
            }
        }
    }

    fn complete(&mut self, version: Str) -> Step {
        self.goal = Goal::Watch;
        self.version = Some(version.clone());
        self.gone = false;
        self.ahead = 0;
        if !self.unproven {
            self.progress = !self.relists;
            self.backoff.reset();
        }
        self.unproven = self.relists;
        self.listed = self.stage == Stage::Open && self.relists;
        Step::Release { version }
    }

    fn advance(&mut self, version: &str) {
        if self.version.as_deref() != Some(version) {
            self.version = Some(version.into());
            self.progress = true;
            self.gone = false;
            self.ahead = 0;
            self.unproven = false;
            self.refused = false;
            self.backoff.reset();
        }
    }

    fn lost(&mut self, loss: Loss, lived: Duration) -> Step {
        let healthy = self.stage == Stage::Open && (self.progress || lived >= self.healthy && !self.listed);
        if healthy {
            self.backoff.reset();
            self.unproven = false;
            self.refused = false;
            // A 410 that takes its time does not count as health, or it would be retried for ever.
            self.gone &= loss == Loss::Gone;
        }
        match loss {
            Loss::Final => self.fail(Step::Fail),
            Loss::Refused => match self.goal {
                Goal::StreamingList { .. } => self.without_streaming_list(),
                // A version from before the server's data was exchanged may not even be well formed; that of the new
                // list is. If it is refused too, it is not the version.
                Goal::Watch if self.relists && !std::mem::replace(&mut self.refused, true) => self.list_again(),
                _ => self.fail(Step::Fail),
            },
            Loss::Gone => self.forgotten(),
            Loss::Ahead { retry_after } => self.unknown_yet(retry_after),
            Loss::Silent if matches!(self.goal, Goal::StreamingList { .. }) => self.list_instead(),
            Loss::Ended | Loss::Silent if healthy && self.goal == Goal::Watch => {
                self.wait(INTERVAL.saturating_sub(lived))
            }
            Loss::Unavailable { retry_after } => self.retry(retry_after),
            Loss::Broken { retry_after } => self.broken(retry_after),
            Loss::Ended | Loss::Silent => self.broken(None),
        }
    }

    fn broken(&mut self, retry_after: Option<Duration>) -> Step {
        if let Goal::StreamingList { broken } = &mut self.goal {
            *broken += 1;
            if *broken >= STREAMING_TRIES {
                self.goal = Goal::first_page(true);
            }
        }
        self.retry(retry_after)
    }

    /// After a 410. A page that has expired makes the list start again, whole, so that it can't expire once more.
    /// Otherwise the objects are listed again, or, where that is not wanted, another API server may still know the
    /// version: one retry.
    fn forgotten(&mut self) -> Step {
        match &self.goal {
            Goal::List { next: Some(_), paged: true, .. } => self.goal = Goal::first_page(false),
            _ if self.relists => return self.list_again(),
            _ if self.gone => return self.fail(Step::Fail),
            _ => self.gone = true,
        }
        self.retry(None)
    }

    /// A server that lags comes to know the version; one whose data was restored from a backup may never do so, or, in
    /// time, take another one for it: the objects are listed again, or, where that is not wanted, the watch is over.
    fn unknown_yet(&mut self, retry_after: Option<Duration>) -> Step {
        if self.goal == Goal::Watch {
            self.ahead += 1;
            if self.relists && self.ahead > 1 {
                return self.list_again();
            }
            if self.ahead > AHEAD_TRIES {
                return self.fail(Step::Fail);
            }
        }
        self.broken(retry_after)
    }

    fn list_again(&mut self) -> Step {
        self.goal = Goal::list(self.streaming_list);
        self.retry(None)
    }

    /// The server has no streaming list, now and later.
    fn without_streaming_list(&mut self) -> Step {
        self.streaming_list = false;
        self.list_instead()
    }

    /// It may also be the network that has no word to say.
    fn list_instead(&mut self) -> Step {
        self.goal = Goal::first_page(true);
        self.wait(Duration::ZERO)
    }

    fn retry(&mut self, retry_after: Option<Duration>) -> Step {
        let asked = retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
        let wait = asked + self.backoff.next();
        self.wait(wait)
    }

    fn wait(&mut self, wait: Duration) -> Step {
        self.stage = Stage::Waiting;
        Step::Wait(wait)
    }

    fn fail(&mut self, step: Step) -> Step {
        self.stage = Stage::Over;
        step
    }
}

impl Goal {
    fn list(streaming: bool) -> Self {
        if streaming { Self::StreamingList { broken: 0 } } else { Self::first_page(true) }
    }

    fn first_page(paged: bool) -> Self {
        Self::List { next: None, paged, version: None }
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
