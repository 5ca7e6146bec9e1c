//! How often the objects are looked at.

use std::time::Duration;

use super::changes::Changes;
use crate::clock;

/// The least time between two looks, whatever changes.
const LEAST: Duration = Duration::from_secs(1);

/// The result of a look at the objects.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Look {
    /// All is as it should be.
    Settled,
    /// Others have something to do first.
    Waiting,
    /// Something was refused, or others have undone what was set. Changes don't lead to another look before its time, or
    /// two programs that set the same field would do so without a pause.
    Unsettled,
}

/// The time between two looks.
pub(super) struct Pace {
    interval: Duration,
    backoff: Duration,
}

impl Pace {
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, backoff: LEAST }
    }

    /// Waits until it is time for the next look: until something has changed, or for a time that doubles up to the interval.
    pub(super) async fn wait(&mut self, changes: &mut Changes, last: Look) {
        let backoff = self.backoff.min(self.interval);
        let (least, most) = match last {
            Look::Settled => (LEAST.min(self.interval), self.interval),
            Look::Waiting => (LEAST.min(self.interval), backoff),
            Look::Unsettled => (backoff, backoff),
        };
        self.backoff = if last == Look::Settled { LEAST } else { backoff.saturating_mul(2) };
        clock::sleep(least).await;
        changes.wait(most.saturating_sub(least)).await;
    }
}
