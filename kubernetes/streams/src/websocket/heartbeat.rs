use std::sync::atomic::{AtomicU64, Ordering};

use bytes::BytesMut;
use tokio::sync::Notify;

/// How much of what was sent has been taken in by the server.
///
/// A ping carries the number of bytes that were sent before it, and its pong brings that back. A server reads pings in
/// the order of all messages, so it answers none while it waits for a process to read its input.
#[derive(Debug, Default)]
pub(super) struct Heartbeat {
    sent: AtomicU64,
    /// The number of bytes that were sent before the last ping.
    asked: AtomicU64,
    taken: AtomicU64,
    /// Has the writing task send a ping.
    pub(super) ping_due: Notify,
}

impl Heartbeat {
    pub(super) fn sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// The payload of the next ping.
    pub(super) fn ping(&self) -> BytesMut {
        let sent = self.sent.load(Ordering::Relaxed);
        self.asked.store(sent, Ordering::Relaxed);
        BytesMut::from(&sent.to_be_bytes()[..])
    }

    /// Whether anything was sent since the last ping.
    pub(super) fn has_unasked(&self) -> bool {
        self.sent.load(Ordering::Relaxed) > self.asked.load(Ordering::Relaxed)
    }

    /// Takes the payload of a pong; one that no ping had means nothing.
    pub(super) fn pong(&self, payload: &[u8]) {
        if let Ok(taken) = <[u8; 8]>::try_from(payload).map(u64::from_be_bytes)
            && taken <= self.sent.load(Ordering::Relaxed)
        {
            self.taken.fetch_max(taken, Ordering::Relaxed);
        }
    }

    /// Whether the server may be unable to answer pings because of what was sent before them.
    pub(super) fn is_stalled(&self) -> bool {
        self.sent.load(Ordering::Relaxed) > self.taken.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pong_says_how_much_the_server_has_taken_in() {
        let heartbeat = Heartbeat::default();
        assert!(!heartbeat.is_stalled());
        heartbeat.sent(1);
        assert!(heartbeat.is_stalled(), "a terminal may have no room for a key");
        let early = heartbeat.ping();
        heartbeat.sent(64 * 1024);
        assert!(heartbeat.is_stalled());
        heartbeat.pong(&early);
        assert!(heartbeat.is_stalled(), "the ping was sent before the input");
        heartbeat.pong(&heartbeat.ping());
        assert!(!heartbeat.is_stalled());
        heartbeat.pong(&early);
        assert!(!heartbeat.is_stalled(), "nothing is given back");
    }

    #[test]
    fn foreign_pongs_mean_nothing() {
        let heartbeat = Heartbeat::default();
        heartbeat.sent(64 * 1024);
        for payload in [&b""[..], b"12345", &u64::MAX.to_be_bytes(), &[0; 9]] {
            heartbeat.pong(payload);
            assert!(heartbeat.is_stalled(), "{payload:?}");
        }
    }
}
