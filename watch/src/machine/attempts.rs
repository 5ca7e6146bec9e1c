use std::time::Duration;

use super::Loss;

/// The number of consecutive requests that may fail, for any reason, before the objects are listed (again).
pub(super) const FRUITLESS_TRIES: u32 = 10;

/// The total time that consecutive watches may be open without an event or bookmark before the objects are listed
/// again. API servers send a bookmark each minute; without bookmarks, a quiet watch can't be told from one whose events
/// are held back.
const MAX_SILENCE: Duration = Duration::from_secs(15 * 60);

/// The numbers of consecutive failed requests since the watch last made progress.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Attempts {
    /// The version was forgotten.
    pub(super) gone: u32,
    /// The version seems to be unknown, or the server has an unexplained error.
    pub(super) doubtful: u32,
    /// The watch was refused.
    pub(super) refused: u32,
    /// Failures for any reason, as long as the server could be reached.
    pub(super) fruitless: u32,
    /// The total time of watches without events or bookmarks.
    pub(super) silent: Duration,
}

impl Attempts {
    /// Counts consecutive failures of a watch.
    pub(super) fn count(&mut self, loss: Loss, lived: Duration, healthy: bool, has_brought_something: bool) {
        match loss {
            Loss::Gone => {}
            Loss::Refused => self.refused += 1,
            Loss::Ahead { .. } | Loss::Empty | Loss::Unexplained { .. } => self.doubtful += 1,
            // A healthy connection knew the version. A slow error does not count as healthy, or it would be retried
            // forever.
            _ if healthy => {
                *self = Attempts { fruitless: self.fruitless, silent: self.silent, ..Attempts::default() };
            }
            _ => {}
        }
        match loss {
            Loss::Unavailable { .. } => {}
            _ if has_brought_something => self.reset_fruitless(),
            Loss::Ended if healthy => self.reset_fruitless(),
            Loss::Silent | Loss::Overdue if healthy => self.silent = self.silent.saturating_add(lived),
            _ => self.fruitless += 1,
        }
    }

    /// Whether watches have failed for so long, for whatever reasons, that the version is in doubt.
    pub(super) fn are_used_up(&self) -> bool {
        self.fruitless >= FRUITLESS_TRIES || self.silent >= MAX_SILENCE
    }

    fn reset_fruitless(&mut self) {
        self.fruitless = 0;
        self.silent = Duration::ZERO;
    }
}
