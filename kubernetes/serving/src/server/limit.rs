use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::select;
use http::StatusCode;
use kubernetes_client::sync::lock;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::{self, Instant};

/// While the server is full, one idle connection after another is asked to end, at this interval.
const EVICTION_INTERVAL: Duration = Duration::from_millis(50);
/// A connection is new for this time, in which a client shakes hands and sends a request.
const NEW: Duration = Duration::from_secs(1);

/// The open connections of a server. When it is full, idle ones end for others: otherwise anyone could keep all others out
/// by connections that are not used.
#[derive(Clone)]
pub(super) struct ConnectionLimit(Arc<Shared>);

struct Shared {
    limit: usize,
    /// How long a response may take that a client is slow to read.
    response_timeout: Duration,
    connections: Mutex<Connections>,
    /// Notified when a connection has ended.
    freed: Notify,
}

#[derive(Default)]
struct Connections {
    last_id: u64,
    by_id: BTreeMap<u64, Activity>,
}

/// The place of an open connection, until it is dropped.
pub(super) struct Slot {
    requests: Requests,
    /// Cancelled to evict the connection.
    pub(super) evicted: CancellationToken,
}

/// Counts the requests of a connection.
#[derive(Clone)]
pub(super) struct Requests {
    id: u64,
    limit: ConnectionLimit,
}

/// A request under way, until the body of its response was written.
pub(super) struct RequestGuard {
    requests: Requests,
    is_answered: bool,
    is_authenticated: bool,
}

struct Activity {
    /// The requests without a response yet, and the responses that are being written.
    requests: usize,
    responses: usize,
    /// Whether there was a request that only some clients can make.
    is_used: bool,
    /// When the last of these requests was answered, or its response written, or else when the connection was opened.
    since: Instant,
    evicted: CancellationToken,
    evicted_at: Option<Instant>,
}

/// The worth of an idle connection, the lowest first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    Unused,
    Used,
    New,
}

impl ConnectionLimit {
    pub(super) fn new(limit: usize, response_timeout: Duration) -> Self {
        Self(Arc::new(Shared { limit, response_timeout, connections: Mutex::default(), freed: Notify::new() }))
    }

    /// Waits for room for another connection.
    pub(super) async fn enter(&self) -> Slot {
        loop {
            // Before the check, so that it misses nothing.
            let freed = pin!(self.0.freed.notified());
            if let Some(slot) = self.try_enter() {
                return slot;
            }
            self.evict();
            select(freed, pin!(clock::sleep(EVICTION_INTERVAL))).await;
        }
    }

    fn try_enter(&self) -> Option<Slot> {
        let mut connections = lock(&self.0.connections);
        if connections.by_id.len() >= self.0.limit {
            return None;
        }
        connections.last_id += 1;
        let (id, evicted) = (connections.last_id, CancellationToken::new());
        let activity = Activity {
            requests: 0,
            responses: 0,
            is_used: false,
            since: clock::now(),
            evicted: evicted.clone(),
            evicted_at: None,
        };
        connections.by_id.insert(id, activity);
        Some(Slot { requests: Requests { id, limit: self.clone() }, evicted })
    }

    /// Asks the idle connection of the lowest worth to end, unless another was asked a moment ago.
    fn evict(&self) {
        let (now, mut connections) = (clock::now(), lock(&self.0.connections));
        let is_recent = |at: Instant| now.duration_since(at) < EVICTION_INTERVAL;
        if connections.by_id.values().any(|activity| activity.evicted_at.is_some_and(is_recent)) {
            return;
        }
        let is_idle = |activity: &Activity| activity.evicted_at.is_none() && !self.is_busy(activity);
        let idle = connections.by_id.values_mut().filter(|activity| is_idle(activity));
        if let Some(activity) = idle.min_by_key(|activity| (activity.worth(now), activity.since)) {
            activity.evicted_at = Some(now);
            activity.evicted.cancel();
        }
    }

    /// Whether a connection has a request, or a response that its client has had little time to read.
    fn is_busy(&self, activity: &Activity) -> bool {
        activity.requests > 0 || activity.responses > 0 && activity.since.elapsed() < self.0.response_timeout
    }
}

impl Activity {
    fn worth(&self, now: Instant) -> Worth {
        match self.is_used {
            true => Worth::Used,
            false if now.duration_since(self.since) < NEW => Worth::New,
            false => Worth::Unused,
        }
    }

    fn note_use(&mut self) {
        self.is_used = true;
        self.since = clock::now();
    }
}

impl Slot {
    pub(super) fn requests(&self) -> Requests {
        self.requests.clone()
    }

    /// Whether there is nothing to lose if the connection ends now.
    pub(super) fn is_unused(&self) -> bool {
        let is_unused = |activity: &mut Activity| !activity.is_used && !self.requests.limit.is_busy(activity);
        self.requests.with(is_unused).unwrap_or(true)
    }

    /// Completes when no request has come for `idle`, or not even a first one for `unused`.
    pub(super) async fn idle_for(&self, unused: Duration, idle: Duration) {
        let left = |activity: &mut Activity| {
            let limit = if activity.is_used { idle } else { unused };
            let is_busy = self.requests.limit.is_busy(activity);
            limit.checked_sub(if is_busy { Duration::ZERO } else { activity.since.elapsed() })
        };
        while let Some(left) = self.requests.with(left).flatten().filter(|left| !left.is_zero()) {
            clock::sleep(left).await;
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Requests { id, limit } = &self.requests;
        lock(&limit.0.connections).by_id.remove(id);
        limit.0.freed.notify_waiters();
    }
}

impl Requests {
    /// Notes a request that is under way until the returned value is dropped.
    pub(super) fn begin(&self) -> RequestGuard {
        self.with(|activity| activity.requests += 1);
        RequestGuard { requests: self.clone(), is_answered: false, is_authenticated: true }
    }

    /// Reads or changes the activity of the connection; `None` if it has ended.
    fn with<T>(&self, access: impl FnOnce(&mut Activity) -> T) -> Option<T> {
        lock(&self.limit.0.connections).by_id.get_mut(&self.id).map(access)
    }
}

impl RequestGuard {
    /// Notes the status of the response, which is to be written now. Requests without a right, or for a path or method
    /// that the server does not have, do not keep a connection: anyone can send them.
    pub(super) fn answered(&mut self, status: StatusCode) {
        const UNAUTHENTICATED_STATUSES: [StatusCode; 3] =
            [StatusCode::UNAUTHORIZED, StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED];
        self.is_answered = true;
        self.is_authenticated = !UNAUTHENTICATED_STATUSES.contains(&status);
        self.requests.with(|activity| {
            activity.requests -= 1;
            activity.responses += 1;
            if self.is_authenticated {
                activity.note_use();
            }
        });
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.requests.with(|activity| {
            let count = if self.is_answered { &mut activity.responses } else { &mut activity.requests };
            *count -= 1;
            if self.is_authenticated {
                activity.note_use();
            }
        });
    }
}
