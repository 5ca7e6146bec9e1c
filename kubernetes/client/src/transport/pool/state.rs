//! The connections of a pool and the requests that wait for one: without sockets and tasks.

use std::collections::VecDeque;
use std::sync::Arc;

use hyper::client::conn::http2;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::close_reason::CloseReason;
use super::companions::{self, Companions};
use super::http1::Http1;
use super::idle::Idle;
use super::lease::{Lease, Sender};
use super::{IDLE_TIMEOUT, Inner};
use crate::body::Body;
use crate::clock::{self, boottime};
use crate::error::ConnectFailed;
use crate::transport::Delivery;

/// How many HTTP/1.1 connections are kept for later, as many as Go's clients have requests under way as a rule.
const MAX_IDLE: usize = 100;

#[derive(Default)]
pub(super) struct State {
    http1: Vec<Idle>,
    http2: Vec<Shared>,
    pub(super) companions: Companions,
    /// How many requests whose response is read at once HTTP/2 carries.
    whole: usize,
    waiters: VecDeque<(Waiter, Delivery)>,
    /// How many connections are being opened.
    connecting: usize,
    /// How many requests the last connection could carry; `None` before the first.
    carries: Option<usize>,
    last_id: u64,
}

pub(super) type Waiter = oneshot::Sender<Result<Lease, ConnectFailed>>;

/// An HTTP/2 connection.
struct Shared {
    id: u64,
    sender: http2::SendRequest<Body>,
    close_reason: CloseReason,
    /// How many requests have it.
    taken: usize,
    /// How many may have it; `None` until the server has said so.
    limit: Option<usize>,
    used: bool,
    since: Instant,
}

/// A connection that was just opened.
pub(super) enum Opened {
    Http1 { id: u64, http1: Http1 },
    Http2 { id: u64, sender: http2::SendRequest<Body>, close_reason: CloseReason },
}

impl Shared {
    fn free(&self) -> usize {
        // The first request needs no limit to be known, which saves it a round trip.
        self.limit.unwrap_or(1).saturating_sub(self.taken)
    }
}

impl State {
    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// A connection with room, for one request.
    pub(super) fn take(&mut self, pool: &Arc<Inner>, delivery: Delivery) -> Option<Lease> {
        let connections = self.http2.len();
        self.http2.retain(|shared| !shared.sender.is_closed());
        if self.http2.len() < connections {
            self.companions.close_all();
        }
        let is_companions = delivery == Delivery::Whole && self.companions.may_take(self.whole);
        if is_companions && let Some(idle) = self.companions.take() {
            return Some(Lease::of_idle(pool, idle));
        }
        if let Some(shared) = self.http2.iter_mut().find(|shared| shared.free() > 0) {
            shared.taken += 1;
            self.whole += usize::from(delivery == Delivery::Whole);
            if is_companions {
                self.companions.missed();
            }
            let reused = std::mem::replace(&mut shared.used, true);
            let sender = Sender::Http2(shared.sender.clone(), shared.close_reason.clone(), delivery);
            return Some(Lease::new(pool, shared.id, reused, sender));
        }
        Idle::take(&mut self.http1, IDLE_TIMEOUT).map(|idle| Lease::of_idle(pool, idle))
    }

    /// Puts a request into the line. Whether another connection must be opened for it, which counts as begun then.
    pub(super) fn enqueue(&mut self, waiter: Waiter, delivery: Delivery) -> bool {
        self.waiters.push_back((waiter, delivery));
        if self.waiters.len() > self.coming() {
            self.waiters.retain(|(waiter, _)| !waiter.is_closed());
        }
        let connect = self.waiters.len() > self.coming();
        if connect {
            self.connecting += 1;
        }
        connect
    }

    /// For how many requests there will be room without further connections.
    fn coming(&self) -> usize {
        let carries = self.carries.unwrap_or(usize::MAX);
        let unsettled = self.http2.iter().filter(|shared| shared.limit.is_none() && !shared.sender.is_closed());
        unsettled.fold(self.connecting.saturating_mul(carries), |sum, shared| {
            sum.saturating_add(carries.saturating_sub(shared.taken))
        })
    }

    /// Gives what is free to those in line, first come, first served. Those for whom nothing will come start over.
    ///
    /// Returns leases whose requests are gone; they must be dropped when the state is not locked.
    pub(super) fn assign(&mut self, pool: &Arc<Inner>) -> Vec<Lease> {
        let (mut unclaimed, mut left) = (Vec::new(), VecDeque::new());
        while let Some((waiter, delivery)) = self.waiters.pop_front() {
            if waiter.is_closed() {
                continue;
            }
            let Some(lease) = self.take(pool, delivery) else {
                left.push_back((waiter, delivery));
                // There may be a companion for one that is read at once, which waits behind a stream.
                match delivery {
                    Delivery::Streamed => continue,
                    Delivery::Whole => break,
                }
            };
            if let Err(Ok(lease)) = waiter.send(Ok(lease)) {
                unclaimed.push(lease);
            }
        }
        left.append(&mut self.waiters);
        self.waiters = left;
        let coming = self.coming();
        self.waiters.truncate(coming.max(unclaimed.len()));
        // Those that were opened for requests which were dropped meanwhile. The oldest go first.
        self.http1.drain(..self.http1.len().saturating_sub(MAX_IDLE));
        unclaimed
    }

    pub(super) fn opened(&mut self, opened: Opened) {
        self.connecting = self.connecting.saturating_sub(1);
        let since = boottime::now();
        match opened {
            Opened::Http1 { id, http1 } => {
                self.carries = Some(1);
                self.http1.push(Idle { id, http1, used: false, since });
            }
            Opened::Http2 { id, sender, close_reason } => {
                self.http2.push(Shared { id, sender, close_reason, taken: 0, limit: None, used: false, since });
            }
        }
    }

    /// Tells all those in line for whom no other connection is coming.
    pub(super) fn failed(&mut self, error: &ConnectFailed) {
        self.abandoned();
        while self.waiters.len() > self.coming() {
            if let Some((waiter, _)) = self.waiters.pop_front() {
                // Whether the request is still there doesn't matter.
                let _ = waiter.send(Err(error.clone()));
            }
        }
    }

    /// Connecting ended without a result.
    pub(super) fn abandoned(&mut self) {
        self.connecting = self.connecting.saturating_sub(1);
    }

    /// The server has said how many streams an HTTP/2 connection may have.
    pub(super) fn settle(&mut self, id: u64, limit: usize) {
        // With none at all, the request waits inside the connection; opening another would be no better.
        let limit = limit.max(1);
        self.carries = Some(limit);
        if let Some(shared) = self.http2.iter_mut().find(|shared| shared.id == id) {
            shared.limit = Some(limit);
        }
    }

    /// A request on an HTTP/2 connection has ended.
    pub(super) fn release(&mut self, id: u64, delivery: Delivery) {
        self.whole = self.whole.saturating_sub(usize::from(delivery == Delivery::Whole));
        if let Some(shared) = self.http2.iter_mut().find(|shared| shared.id == id) {
            shared.taken = shared.taken.saturating_sub(1);
            shared.since = boottime::now();
        }
    }

    /// An HTTP/1.1 connection is free again.
    pub(super) fn give_back(&mut self, id: u64, http1: Http1) {
        let idle = Idle { id, http1, used: true, since: boottime::now() };
        if !idle.http1.sender.is_ready() {
            // Its end was noted before it came back.
        } else if idle.http1.is_companion {
            self.companions.give_back(idle);
        } else {
            self.http1.push(idle);
        }
    }

    /// A connection has ended.
    pub(super) fn remove(&mut self, id: u64) {
        if self.http2.iter().any(|shared| shared.id == id) {
            self.companions.close_all();
        }
        self.companions.ended(id);
        self.close(id);
    }

    /// Closes a connection that is idle.
    fn close(&mut self, id: u64) {
        self.http1.retain(|idle| idle.id != id);
        self.http2.retain(|shared| shared.id != id);
        self.companions.close(id);
    }

    /// Closes a connection that was not used for long enough, or says when to ask again.
    pub(super) fn expire(&mut self, id: u64) -> Instant {
        let now = clock::now();
        let timeout = if self.companions.contains(id) { companions::IDLE_TIMEOUT } else { IDLE_TIMEOUT };
        let http1 = self.http1.iter().find(|idle| idle.id == id).map(|idle| idle.since);
        let http2 = || self.http2.iter().find(|shared| shared.id == id && shared.taken == 0).map(|shared| shared.since);
        let Some(since) = http1.or_else(http2).or_else(|| self.companions.idle_since(id)) else { return now + timeout };
        let rest = timeout.saturating_sub(boottime::now().duration_since(since));
        if rest.is_zero() {
            self.close(id);
            return now + IDLE_TIMEOUT;
        }
        now + rest
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use hyper::client::conn::http1 as hyper_http1;
    use hyper_util::rt::TokioIo;
    use kubernetes_config::Config;

    use super::*;
    use crate::transport::connect::Connector;
    use crate::transport::pool::http1::Connection;
    use crate::transport::tls::without_roots;

    fn pool() -> Arc<Inner> {
        let config = Config::new("https://127.0.0.1:1".parse().unwrap());
        let connector = || Connector::new(&config, without_roots().unwrap(), None).unwrap();
        let server = config.server.clone();
        Arc::new(Inner {
            connector: connector(),
            http1_connector: connector(),
            host: None,
            server,
            state: Mutex::default(),
        })
    }

    /// A read that a companion can take does not wait behind a stream, which needs HTTP/2.
    #[tokio::test]
    async fn a_stream_in_line_does_not_hold_up_a_read() {
        let (pool, mut state) = (pool(), State::default());
        let (client, _server) = tokio::io::duplex(1024);
        let (mut sender, connection) = hyper_http1::handshake(TokioIo::new(client)).await.unwrap();
        let connection = Connection::new(connection);
        let task = tokio::spawn(connection.task());
        sender.ready().await.unwrap();
        let (streamed, mut stream) = oneshot::channel();
        let (whole, mut read) = oneshot::channel();
        assert!(state.enqueue(streamed, Delivery::Streamed), "a connection is opened");
        state.enqueue(whole, Delivery::Whole);
        state.companions.opened(7, Http1 { sender, absolute: None, is_companion: true, connection });
        assert!(state.assign(&pool).is_empty());
        let lease = read.try_recv().unwrap().unwrap_or_else(|_| panic!("a companion"));
        assert!(!lease.is_reused(), "it has carried nothing yet");
        assert!(matches!(stream.try_recv(), Err(oneshot::error::TryRecvError::Empty)), "it still waits");
        task.abort();
    }
}
