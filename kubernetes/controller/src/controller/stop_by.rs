use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::clock::{self, Instant};

/// The time that is left after the runs, to release the Lease of a shard.
const RESERVE: Duration = Duration::from_secs(3);

/// When a program that was told to stop ends; clones are of the same program.
#[derive(Clone, Default)]
pub(crate) struct StopBy(Arc<OnceLock<Instant>>);

impl StopBy {
    /// Sets the time, once.
    pub(crate) fn set(&self, end: Instant) {
        let _ = self.0.set(end);
    }

    /// The time that runs have to end: `at_most` this, and less if the program would otherwise end before the rest is done.
    pub(super) fn time_for_runs(&self, at_most: Duration) -> Duration {
        let Some(end) = self.0.get() else { return at_most };
        let rest = end.saturating_duration_since(clock::now());
        at_most.min(rest.saturating_sub(RESERVE.min(rest / 4)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn some_time_is_left_for_what_follows() {
        let (stop_by, seconds) = (StopBy::default(), Duration::from_secs);
        assert_eq!(stop_by.time_for_runs(seconds(60)), seconds(60));
        stop_by.set(clock::later(clock::now(), seconds(30)));
        assert_eq!((stop_by.time_for_runs(seconds(60)), stop_by.time_for_runs(seconds(5))), (seconds(27), seconds(5)));
        tokio::time::advance(seconds(26)).await;
        assert_eq!(stop_by.time_for_runs(seconds(60)), seconds(3));
        tokio::time::advance(seconds(10)).await;
        assert_eq!(stop_by.time_for_runs(seconds(60)), Duration::ZERO);
    }
}
