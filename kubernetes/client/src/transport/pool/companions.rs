//! HTTP/1.1 connections beside HTTP/2, for the requests of a busy client.
//!
//! All that an HTTP/2 connection carries goes through one task here and one or two in the server, and has to be told
//! apart again. A request with an HTTP/1.1 connection to itself needs about a third less processor time in the client,
//! and requests on several connections are worked on at once. With many under way it is the other way round: HTTP/2
//! sends many in one packet.
//!
//! So a client has companions only while it makes many requests, few of them at a time. Watches and other streams never
//! use them, and an idle client soon has none.

use std::time::Duration;

use tokio::time::Instant;

use super::http1::Http1;
use super::idle::Idle;
use crate::clock;

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

#[derive(Default)]
pub(super) struct Companions {
    /// The last is used first, so that those beyond what is needed become idle.
    idle: Vec<Idle>,
    /// All that are open.
    ids: Vec<u64>,
    is_opening: bool,
    /// Requests that found none, since `counted_from`.
    missed: u32,
    counted_from: Option<Instant>,
    not_before: Option<Instant>,
}

impl Companions {
    /// Whether a request may have one, while HTTP/2 carries `others` like it.
    pub(super) fn may_take(&self, others: usize) -> bool {
        self.ids.len().saturating_sub(self.idle.len()) + others < MOST
    }

    pub(super) fn take(&mut self) -> Option<(u64, Http1)> {
        Idle::take(&mut self.idle, IDLE_TIMEOUT)
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
        let is_wanted = self.missed >= MISSED && !self.is_opening && self.ids.len() < MOST;
        if !is_wanted || self.not_before.is_some_and(|time| clock::now() < time) {
            return false;
        }
        self.missed = 0;
        self.is_opening = true;
        true
    }

    pub(super) fn opened(&mut self, id: u64, http1: Http1) {
        // One that has ended since is not removed any more.
        if http1.sender.is_ready() {
            self.ids.push(id);
            self.idle.push(Idle { id, http1, since: clock::now() });
        }
    }

    pub(super) fn refused(&mut self) {
        self.not_before = Some(clock::now() + PAUSE);
    }

    pub(super) fn end_opening(&mut self) {
        self.is_opening = false;
    }

    pub(super) fn contains(&self, id: u64) -> bool {
        self.ids.contains(&id)
    }

    /// Keeps a connection that is free again.
    pub(super) fn give_back(&mut self, idle: Idle) {
        self.idle.push(idle);
    }

    pub(super) fn remove(&mut self, id: u64) {
        self.ids.retain(|open| *open != id);
        self.idle.retain(|idle| idle.id != id);
    }

    /// Since when a connection is unused, if it is.
    pub(super) fn idle_since(&self, id: u64) -> Option<Instant> {
        self.idle.iter().find(|idle| idle.id == id).map(|idle| idle.since)
    }
}
