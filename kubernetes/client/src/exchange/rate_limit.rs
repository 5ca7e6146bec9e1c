//! A limit on how often requests are sent.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::clock;

/// A longer interval is refused: several of them may be more than a clock counts.
const MAX_INTERVAL: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A token bucket, kept as the time at which it will be full again.
#[derive(Debug)]
pub(crate) struct RateLimit {
    /// In which time a token is added; `None` when the rate makes no sense.
    interval: Option<Duration>,
    burst: u32,
    full_at: Mutex<Option<Instant>>,
}

impl RateLimit {
    pub(crate) fn new(per_second: f64, burst: u32) -> Self {
        let interval = (per_second > 0.0).then(|| Duration::try_from_secs_f64(per_second.recip()).ok()).flatten();
        let interval = interval.filter(|interval| *interval <= MAX_INTERVAL);
        Self { interval, burst, full_at: Mutex::new(None) }
    }

    pub(crate) fn is_possible(&self) -> bool {
        self.interval.is_some() && self.burst > 0
    }

    /// Waits for a token. They are given in the order of the calls; a future that is dropped has used up its own.
    pub(crate) async fn acquire(&self) {
        let Some(interval) = self.interval else { return };
        let now = clock::now();
        let ready_at = {
            let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = full_at.map_or(now, |at| at.max(now)) + interval;
            *full_at = Some(taken);
            // As long as the bucket lacks no more than it holds, a token was there.
            taken.checked_sub(interval.saturating_mul(self.burst))
        };
        if let Some(ready_at) = ready_at.filter(|at| *at > now) {
            tokio::time::sleep_until(ready_at).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn lets_a_burst_through_and_then_so_many_a_second() {
        let limit = RateLimit::new(10.0, 5);
        let start = Instant::now();
        for _ in 0..5 {
            limit.acquire().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        for _ in 0..20 {
            limit.acquire().await;
        }
        let taken = start.elapsed();
        assert!((Duration::from_millis(1999)..Duration::from_millis(2025)).contains(&taken), "{taken:?}");

        tokio::time::advance(Duration::from_secs(60)).await;
        let start = Instant::now();
        for _ in 0..5 {
            limit.acquire().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO, "it never holds more than a burst, and no less");
        limit.acquire().await;
        assert!(start.elapsed() >= Duration::from_millis(100));
    }

    #[test]
    fn tells_what_is_impossible() {
        for (per_second, burst) in [(0.0, 1), (-1.0, 1), (f64::NAN, 1), (f64::INFINITY, 0), (5.0, 0), (1e-300, 1)] {
            assert!(!RateLimit::new(per_second, burst).is_possible(), "{per_second} {burst}");
        }
        assert!(RateLimit::new(0.1, 1).is_possible());
    }
}
