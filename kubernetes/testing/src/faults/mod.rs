//! Faults that a test injects: the effects of a bad network or an overloaded server on requests.

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

/// A fault, and the requests that it affects.
///
/// Pass it to [`TestServer::inject`](crate::TestServer::inject). By default, it affects the next matching request,
/// once. Several faults can affect one request, but only one of them answers it or leaves it unanswered: of two
/// statuses, the second is for the next request.
///
/// ```
/// use kubernetes_testing::{Fault, TestServer};
///
/// let server = TestServer::in_process();
/// // The second watch of pods is reset after 100 bytes.
/// server.inject(Fault::reset_after(100).verb("watch").resource("pods").nth(2));
/// // Every update is refused twice.
/// server.inject(Fault::status(429).retry_after(1).verb("update").times(2));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a fault does nothing until it is injected"]
pub struct Fault {
    pub(crate) action: Action,
    filter: Filter,
    /// The number of matching requests that pass first.
    skip: usize,
    /// The number of requests that it affects; `None` for all.
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
    /// The response is damaged on its way.
    Damage(Damage),
    /// The frames of an upgraded connection are damaged.
    Frames(FrameFault),
}

impl Action {
    /// Whether it replaces the response.
    fn replaces_answer(&self) -> bool {
        matches!(self, Self::Silence | Self::Status { .. } | Self::GoneEvent)
    }

    /// Whether it affects events, which only watches have.
    fn is_for_watches(&self) -> bool {
        use Damage::{DropBookmarks, DuplicateBookmarks, EndAfterLines};
        matches!(self, Self::GoneEvent | Self::Damage(EndAfterLines(_) | DuplicateBookmarks | DropBookmarks))
    }
}

impl Fault {
    fn new(action: Action) -> Self {
        Self { action, filter: Filter::default(), skip: 0, times: Some(1) }
    }

    /// The request is carried out and answered after this time, by tokio's clock.
    pub fn delay(by: Duration) -> Self {
        Self::new(Action::Delay(by))
    }

    /// The request is received and never answered. It is not carried out.
    pub fn silence() -> Self {
        Self::new(Action::Silence)
    }

    /// The request is not carried out, and answered with this code and a `Status`.
    pub fn status(code: u16) -> Self {
        Self::new(Action::Status { code, retry_after: None })
    }

    /// With [`status`](Self::status): how many seconds the client shall wait, as header and in the `Status`.
    pub fn retry_after(mut self, after: u64) -> Self {
        if let Action::Status { retry_after, .. } = &mut self.action {
            *retry_after = Some(after);
        }
        self
    }

    /// The request is carried out, but the connection is lost before the response begins: the client can't know the
    /// outcome.
    pub fn disconnect() -> Self {
        Self::new(Action::Disconnect)
    }

    /// The history is compacted before the request is carried out, so that every older version is forgotten.
    pub fn compaction() -> Self {
        Self::new(Action::Compact)
    }

    /// A watch is answered with 200 and an event that says the version is forgotten (410).
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

    /// A watch ends, properly, before its first event.
    pub fn end_at_once() -> Self {
        Self::new(Action::Damage(Damage::EndAfterLines(0)))
    }

    /// A watch ends, properly, after this many events.
    pub fn end_after(events: usize) -> Self {
        Self::new(Action::Damage(Damage::EndAfterLines(events)))
    }

    /// Every bookmark of a watch arrives twice.
    pub fn duplicate_bookmarks() -> Self {
        Self::new(Action::Damage(Damage::DuplicateBookmarks))
    }

    /// No bookmark of a watch arrives, not even the one that ends a streaming list.
    pub fn drop_bookmarks() -> Self {
        Self::new(Action::Damage(Damage::DropBookmarks))
    }

    /// Each frame of an upgraded connection (exec, attach, port-forward) comes after this time.
    pub fn delay_frames(by: Duration) -> Self {
        Self::new(Action::Frames(FrameFault::Delay(by)))
    }

    /// The messages of an upgraded connection come in fragments of this many bytes, each a frame of its own.
    ///
    /// [`split`](Self::split) cuts the bytes of frames, and [`reset_after`](Self::reset_after) the connection.
    pub fn fragment(bytes: usize) -> Self {
        Self::new(Action::Frames(FrameFault::Fragment(bytes.max(1))))
    }

    /// A frame with a reserved opcode comes before the first message of an upgraded connection.
    pub fn bad_opcode() -> Self {
        Self::new(Action::Frames(FrameFault::BadOpcode))
    }

    /// The pings on an upgraded connection are not answered.
    pub fn drop_pongs() -> Self {
        Self::new(Action::Frames(FrameFault::DropPongs))
    }

    /// Only for requests with this method.
    pub fn method(mut self, method: http::Method) -> Self {
        self.filter.method = Some(method);
        self
    }

    /// Only for requests of this path, without the query.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.filter.path = Some(path.into());
        self
    }

    /// Only for requests of this verb, in Kubernetes' terms: `get`, `list`, `watch`, `create`, `update`, `patch`,
    /// `delete` or `deletecollection`.
    pub fn verb(mut self, verb: impl Into<String>) -> Self {
        self.filter.verb = Some(verb.into());
        self
    }

    /// Only for requests of this resource: `pods`, `deployments/status`.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.filter.resource = Some(resource.into());
        self
    }

    /// Only for the `n`th matching request from now on, counted from 1.
    pub fn nth(mut self, n: usize) -> Self {
        self.skip = n.saturating_sub(1);
        self
    }

    /// For this many matching requests.
    pub fn times(mut self, times: usize) -> Self {
        self.times = Some(times);
        self
    }

    /// For every matching request.
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
