use std::time::Duration;

use fastrand::Rng;

use super::{Action, Damage};
use crate::request::RequestInfo;

/// Random faults from a seed: the same requests in the same order get the same faults.
///
/// ```
/// use kubernetes_testing::{RandomFaults, TestServer};
///
/// let server = TestServer::in_process();
/// server.inject_random(RandomFaults::seeded(7).share(0.2));
/// ```
#[derive(Clone, Debug)]
pub struct RandomFaults {
    random: Rng,
    share: f64,
    reads_only: bool,
}

impl RandomFaults {
    /// Creates faults for one request in ten.
    pub fn seeded(seed: u64) -> Self {
        Self { random: Rng::with_seed(seed), share: 0.1, reads_only: false }
    }

    /// Sets the proportion of affected requests, between 0 and 1.
    pub fn share(mut self, share: f64) -> Self {
        self.share = share;
        self
    }

    /// Affects only reads, lists and watches, which change nothing and can be repeated.
    pub fn reads_only(mut self) -> Self {
        self.reads_only = true;
        self
    }

    pub(super) fn draw(&mut self, info: &RequestInfo) -> Option<Action> {
        let is_read = matches!(info.verb.as_str(), "get" | "list" | "watch");
        if (self.reads_only && !is_read) || self.random.f64() >= self.share {
            return None;
        }
        let random = &mut self.random;
        let bytes = random.usize(0..2_000);
        let lines = random.usize(1..6);
        let damage = |damage| Some(Action::Damage(damage));
        let status = |code, retry_after| Some(Action::Status { code, retry_after });
        let choices = if info.verb == "watch" { 15 } else { 8 };
        match random.u8(0..choices) {
            0 => Some(Action::Delay(Duration::from_millis(random.u64(1..500)))),
            1 => status(429, Some(1)),
            2 => status(500, None),
            3 => status(503, None),
            4 => status(504, None),
            5 => Some(Action::Disconnect),
            6 => damage(Damage::ResetAfter(bytes)),
            7 => damage(Damage::Split(1 + bytes % 7)),
            8 => damage(Damage::Merge),
            9 => damage(Damage::TruncateLine(lines)),
            10 => damage(Damage::EndAfterLines(lines - 1)),
            11 => damage(Damage::DuplicateBookmarks),
            12 => damage(Damage::DropBookmarks),
            13 => Some(Action::GoneEvent),
            _ => status(410, None),
        }
    }
}
