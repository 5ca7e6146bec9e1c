use std::time::Duration;

use super::Loss;

/// How often in a row a request may come to nothing, for whatever reason, before the objects are listed (again).
pub(super) const FRUITLESS_TRIES: u32 = 10;

/// For how long watches may be open in a row without an event or a bookmark, before the objects are listed again. API
/// servers send a bookmark each minute; without, a quiet watch and one whose events are held back look the same.
const MAX_SILENCE: Duration = Duration::from_secs(15 * 60);

/// How often in a row requests have come to nothing since the watch last made progress.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Attempts {
    /// The version was forgotten.
    pub(super) gone: u32,
    /// The version seems not to be known, or the server has an error that it does not explain.
    pub(super) doubtful: u32,
    /// The watch was refused.
    pub(super) refused: u32,
    /// For any reason, as long as the server was there to answer.
    pub(super) fruitless: u32,
    /// For how long watches have been open that brought nothing.
    pub(super) silent: Duration,
}

impl Attempts {
    /// Counts how often in a row a watch has come to nothing.
    pub(super) fn count(&mut self, loss: Loss, lived: Duration, healthy: bool, has_brought_something: bool) {
        match loss {
            Loss::Gone => {}
            Loss::Refused => self.refused += 1,
            Loss::Ahead { .. } | Loss::Empty | Loss::Unexplained { .. } => self.doubtful += 1,
            // A connection that was healthy knew the version. An error that takes its time does not count as health, or
            // it would be retried for ever.
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

    /// Whether watches have come to nothing for so long that the version is in doubt, whatever the reasons.
    pub(super) fn are_used_up(&self) -> bool {
        self.fruitless >= FRUITLESS_TRIES || self.silent >= MAX_SILENCE
    }

    fn reset_fruitless(&mut self) {
        self.fruitless = 0;
        self.silent = Duration::ZERO;
    }
}
