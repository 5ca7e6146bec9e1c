//! HTTP/1.1 connections beside HTTP/2, for the requests of a busy client.
//!
//! All that an HTTP/2 connection carries goes through one task here and one or two in the server, and has to be told
//! apart again. A request with an HTTP/1.1 connection to itself needs about a third less processor time in the client,
//! and requests on several connections are worked on at once. With many under way it is the other way round: HTTP/2
//! sends many in one packet.
//!
//! So a client has companions only while it makes many reads, few of them at a time. Watches and other streams never use
//! them, and an idle client soon has none. A read that is dropped before its end closes its companion, so a client that
//! often does that gains nothing by them.
//!
//! Nor do writes, although a create would need 65,000 instructions instead of 91,000. HTTP/2 tells which requests a
//! server that ends has not looked at (GOAWAY), so that they are sent again. On HTTP/1.1 it closes each connection that
//! has no request, and a write that meets this on its way may or may not have been carried out. That a connection was
//! used just now does not help: a client that writes without a pause meets it with the chance of the round trip's share
//! of a write, one in ten at 0.5 ms and 5 ms, each time a server ends. Go's clients do not send such a write again
//! either, but use HTTP/2.

use std::time::Duration;

use tokio::time::Instant;

use super::http1::Http1;
use super::idle::Idle;
use crate::clock::{self, boottime};

/// With so many requests under way, another goes by HTTP/2.
const MOST: usize = 8;

/// A companion is opened when so many requests would have used one within [`PERIOD`]. Opening one costs as much as a
/// hundred requests save.
const MISSED: u32 = 32;
const PERIOD: Duration = Duration::from_secs(1);

/// How long an unused companion is kept.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// After a failure to open one, for example since the server speaks HTTP/2 alone.
const PAUSE: Duration = Duration::from_secs(60);

/// How long a companion is used. Only HTTP/2 has a way (GOAWAY) for a server to send its clients elsewhere.
const MAX_AGE: Duration = Duration::from_secs(300);

/// A server that ends a companion before so many requests costs more than companions save.
const WORTHWHILE: u32 = 100;

#[derive(Default)]
pub(super) struct Companions {
    /// The last is used first, so that those beyond what is needed become idle.
    idle: Vec<Idle>,
    /// All that are open, but for those that are not to come back.
    open: Vec<Open>,
    is_opening: bool,
    /// Requests that found none, since `counted_from`.
    missed: u32,
    counted_from: Option<Instant>,
    not_before: Option<Instant>,
}

struct Open {
    id: u64,
    since: Instant,
    requests: u32,
}

impl Companions {
    /// Whether a request may have one, while HTTP/2 carries `others` like it.
    pub(super) fn may_take(&self, others: usize) -> bool {
        self.open.len().saturating_sub(self.idle.len()) + others < MOST
    }

    pub(super) fn take(&mut self) -> Option<Idle> {
        let idle = Idle::take(&mut self.idle, IDLE_TIMEOUT)?;
        if let Some(open) = self.find(idle.id) {
            open.requests += 1;
        }
        Some(idle)
    }

    /// A request that may have one found none.
    pub(super) fn missed(&mut self) {
        let now = clock::now();
        match self.counted_from {
            Some(from) if now.duration_since(from) < PERIOD => self.missed += 1,
            _ => (self.missed, self.counted_from) = (1, Some(now)),
        }
    }

    /// Whether to open one, which counts as begun then.
    pub(super) fn begin_opening(&mut self) -> bool {
        let is_wanted = self.missed >= MISSED && !self.is_opening && self.open.len() < MOST;
        if !is_wanted || self.not_before.is_some_and(|time| clock::now() < time) {
            return false;
        }
        self.missed = 0;
        self.is_opening = true;
        true
    }

    pub(super) fn opened(&mut self, id: u64, http1: Http1) {
        // One that has ended since is not removed any more.
        if !http1.sender.is_ready() {
            return self.refused();
        }
        let since = boottime::now();
        self.open.push(Open { id, since, requests: 0 });
        self.idle.push(Idle { id, http1, used: false, since });
    }

    /// None is opened for a time.
    pub(super) fn refused(&mut self) {
        self.not_before = Some(clock::now() + PAUSE);
    }

    pub(super) fn end_opening(&mut self) {
        self.is_opening = false;
    }

    pub(super) fn contains(&self, id: u64) -> bool {
        self.open.iter().any(|open| open.id == id)
    }

    /// Keeps a connection that is free again, unless it is to end.
    pub(super) fn give_back(&mut self, idle: Idle) {
        match self.find(idle.id) {
            Some(open) if idle.since.duration_since(open.since) < MAX_AGE => self.idle.push(idle),
            _ => self.close(idle.id),
        }
    }

    /// HTTP/2 has lost its connection, so that the next ones may lead to another server: ends the companions of the
    /// last, those in use after their request.
    pub(super) fn close_all(&mut self) {
        self.idle.clear();
        self.open.clear();
    }

    /// Closes an idle connection.
    pub(super) fn close(&mut self, id: u64) {
        self.open.retain(|open| open.id != id);
        self.idle.retain(|idle| idle.id != id);
    }

    /// A connection has ended.
    pub(super) fn ended(&mut self, id: u64) {
        if self.find(id).is_some_and(|open| open.requests < WORTHWHILE) {
            self.refused();
        }
        self.close(id);
    }

    /// When a connection became idle; `None` while it is in use.
    pub(super) fn idle_since(&self, id: u64) -> Option<Instant> {
        self.idle.iter().find(|idle| idle.id == id).map(|idle| idle.since)
    }

    fn find(&mut self, id: u64) -> Option<&mut Open> {
        self.open.iter_mut().find(|open| open.id == id)
    }
}
