use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::clock::{self, Instant};

/// The time that a controller's end leaves for others, as for the release of its shard's Lease.
const SPARE: Duration = Duration::from_secs(3);

/// When a program that was told to stop ends; clones are of the same program.
#[derive(Clone, Default)]
pub(crate) struct StopBy(Arc<OnceLock<Instant>>);

impl StopBy {
    /// Sets the time, once.
    pub(crate) fn set(&self, end: Instant) {
        let _ = self.0.set(end);
    }

    /// How long runs may take to end: `limit` at most, and no longer than leaves time for what follows.
    pub(super) fn limit(&self, limit: Duration) -> Duration {
        let Some(end) = self.0.get() else { return limit };
        let rest = end.saturating_duration_since(clock::now());
        limit.min(rest.saturating_sub(SPARE.min(rest / 4)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn some_time_is_left_for_what_follows() {
        let (stop_by, seconds) = (StopBy::default(), Duration::from_secs);
        assert_eq!(stop_by.limit(seconds(60)), seconds(60));
        stop_by.set(clock::later(clock::now(), seconds(30)));
        assert_eq!((stop_by.limit(seconds(60)), stop_by.limit(seconds(5))), (seconds(27), seconds(5)));
        tokio::time::advance(seconds(26)).await;
        assert_eq!(stop_by.limit(seconds(60)), seconds(3));
        tokio::time::advance(seconds(10)).await;
        assert_eq!(stop_by.limit(seconds(60)), Duration::ZERO);
    }
}
