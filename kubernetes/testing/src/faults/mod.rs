//! Faults that a test injects to simulate a bad network or an overloaded server.

mod damage;
mod frames;
mod random;
mod rules;

use std::time::Duration;

pub(crate) use damage::{Damage, Filter as DamageFilter, Piece};
pub(crate) use frames::{FrameFault, FrameFaults};
pub use random::RandomFaults;
pub(crate) use rules::Rules;

use crate::request::RequestInfo;

/// A fault and the requests that it affects.
///
/// Pass it to [`TestServer::inject`](crate::TestServer::inject). By default, it affects only the next matching request.
/// Several faults can affect a request, but only one of them can replace or suppress the response: the second of two
/// statuses applies to the next request.
///
/// ```
/// use kubernetes_testing::{Fault, TestServer};
///
/// let server = TestServer::in_process();
/// // The second watch of pods is reset after 100 bytes.
/// server.inject(Fault::reset_after(100).verb("watch").resource("pods").nth(2));
/// // The first two updates are refused.
/// server.inject(Fault::status(429).retry_after(1).verb("update").times(2));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a fault does nothing until it is injected"]
pub struct Fault {
    pub(crate) action: Action,
    filter: Filter,
    /// The number of matching requests that pass first.
    skip: usize,
    /// The number of affected requests; `None` for all.
    times: Option<usize>,
}

#[derive(Clone, Debug, Default)]
struct Filter {
    method: Option<http::Method>,
    path: Option<String>,
    verb: Option<String>,
    resource: Option<String>,
}

/// The effect of a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Delay(Duration),
    Silence,
    Status {
        code: u16,
        retry_after: Option<u64>,
    },
    Disconnect,
    Compact,
    GoneEvent,
    /// The response is damaged in transit.
    Damage(Damage),
    /// The frames of an upgraded connection are damaged.
    Frames(FrameFault),
}

impl Action {
    /// Whether the fault replaces the response.
    fn replaces_answer(&self) -> bool {
        matches!(self, Self::Silence | Self::Status { .. } | Self::GoneEvent)
    }

    /// Whether the fault affects events, which only watches have.
    fn is_for_watches(&self) -> bool {
        use Damage::{DropBookmarks, DuplicateBookmarks, EndAfterLines};
        matches!(self, Self::GoneEvent | Self::Damage(EndAfterLines(_) | DuplicateBookmarks | DropBookmarks))
    }
}

impl Fault {
    fn new(action: Action) -> Self {
        Self { action, filter: Filter::default(), skip: 0, times: Some(1) }
    }

    /// The request is carried out after this delay, by tokio's clock.
    pub fn delay(by: Duration) -> Self {
        Self::new(Action::Delay(by))
    }

    /// The request is received, but neither carried out nor answered.
    pub fn silence() -> Self {
        Self::new(Action::Silence)
    }

    /// The request is not carried out; the response is a `Status` with this code.
    pub fn status(code: u16) -> Self {
        Self::new(Action::Status { code, retry_after: None })
    }

    /// Adds the number of seconds that the client should wait to the header and body of [`status`](Self::status).
    pub fn retry_after(mut self, after: u64) -> Self {
        if let Action::Status { retry_after, .. } = &mut self.action {
            *retry_after = Some(after);
        }
        self
    }

    /// The request is carried out, but the connection is lost before the response begins, so the client can't know the
    /// outcome.
    pub fn disconnect() -> Self {
        Self::new(Action::Disconnect)
    }

    /// The history is compacted before the request is carried out, so that all older versions are forgotten.
    pub fn compaction() -> Self {
        Self::new(Action::Compact)
    }

    /// The response to a watch is 200 with an event that reports the version as forgotten (410).
    ///
    /// For the HTTP status 410, use [`status`](Self::status).
    pub fn gone_event() -> Self {
        Self::new(Action::GoneEvent)
    }

    /// The connection is lost after this many bytes of the body.
    pub fn reset_after(bytes: usize) -> Self {
        Self::new(Action::Damage(Damage::ResetAfter(bytes)))
    }

    /// The body arrives in chunks of this many bytes, regardless of lines and characters.
    pub fn split(bytes: usize) -> Self {
        Self::new(Action::Damage(Damage::Split(bytes.max(1))))
    }

    /// Events that are available at the same time arrive in one chunk.
    pub fn merge() -> Self {
        Self::new(Action::Damage(Damage::Merge))
    }

    /// The body ends in the middle of its first non-ASCII character; at its end if there is none.
    pub fn half_character() -> Self {
        Self::new(Action::Damage(Damage::HalfCharacter))
    }

    /// The body ends in the middle of line `line`, counted from 1: of a watch, in the middle of an event.
    pub fn truncate_line(line: usize) -> Self {
        Self::new(Action::Damage(Damage::TruncateLine(line.max(1))))
    }

    /// A line that is not JSON comes before line `line`, counted from 1.
    pub fn garbage_line(line: usize) -> Self {
        Self::new(Action::Damage(Damage::GarbageLine(line.max(1))))
    }

    /// A watch ends properly before its first event.
    pub fn end_at_once() -> Self {
        Self::new(Action::Damage(Damage::EndAfterLines(0)))
    }

    /// A watch ends properly after this many events.
    pub fn end_after(events: usize) -> Self {
        Self::new(Action::Damage(Damage::EndAfterLines(events)))
    }

    /// Every bookmark of a watch arrives twice.
    pub fn duplicate_bookmarks() -> Self {
        Self::new(Action::Damage(Damage::DuplicateBookmarks))
    }

    /// No bookmarks of a watch arrive, not even the one that ends a streaming list.
    pub fn drop_bookmarks() -> Self {
        Self::new(Action::Damage(Damage::DropBookmarks))
    }

    /// Each frame of an upgraded connection (exec, attach, port-forward) is delayed by this time.
    pub fn delay_frames(by: Duration) -> Self {
        Self::new(Action::Frames(FrameFault::Delay(by)))
    }

    /// The messages of an upgraded connection arrive in fragments of this many bytes, each in its own frame.
    ///
    /// [`split`](Self::split) cuts the bytes of frames, and [`reset_after`](Self::reset_after) the connection.
    pub fn fragment(bytes: usize) -> Self {
        Self::new(Action::Frames(FrameFault::Fragment(bytes.max(1))))
    }

    /// A frame with a reserved opcode precedes the first message of an upgraded connection.
    pub fn bad_opcode() -> Self {
        Self::new(Action::Frames(FrameFault::BadOpcode))
    }

    /// Pings on an upgraded connection are not answered.
    pub fn drop_pongs() -> Self {
        Self::new(Action::Frames(FrameFault::DropPongs))
    }

    /// Affects only requests with this method.
    pub fn method(mut self, method: http::Method) -> Self {
        self.filter.method = Some(method);
        self
    }

    /// Affects only requests with this path, without the query.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.filter.path = Some(path.into());
        self
    }

    /// Affects only requests with this Kubernetes verb: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`
    /// or `deletecollection`.
    pub fn verb(mut self, verb: impl Into<String>) -> Self {
        self.filter.verb = Some(verb.into());
        self
    }

    /// Affects only requests for this resource, such as `pods` or `deployments/status`.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.filter.resource = Some(resource.into());
        self
    }

    /// Affects only the `n`th matching request from now on, counted from 1.
    pub fn nth(mut self, n: usize) -> Self {
        self.skip = n.saturating_sub(1);
        self
    }

    /// Affects this many matching requests.
    pub fn times(mut self, times: usize) -> Self {
        self.times = Some(times);
        self
    }

    /// Affects every matching request.
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    fn fits(&self, method: &http::Method, path: &str, info: &RequestInfo) -> bool {
        let Filter { method: wanted, path: at, verb, resource } = &self.filter;
        let is_connection = || ["/exec", "/attach", "/portforward"].iter().any(|end| info.resource.ends_with(end));
        let is_possible = match &self.action {
            Action::Frames(_) => is_connection(),
            action => !action.is_for_watches() || info.verb == "watch",
        };
        is_possible
            && wanted.as_ref().is_none_or(|wanted| wanted == method)
            && at.as_ref().is_none_or(|at| at == path)
            && verb.as_ref().is_none_or(|verb| *verb == info.verb)
            && resource.as_ref().is_none_or(|resource| *resource == info.resource)
    }
}
