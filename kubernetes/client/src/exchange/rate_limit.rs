//! A limit on how often requests are sent.

use std::sync::Mutex;

use crate::clock;
use crate::sync::lock;
use crate::token_bucket::TokenBucket;

/// A token bucket of requests; `None` when the rate makes no sense.
#[derive(Debug)]
pub(crate) struct RateLimit(Option<Mutex<TokenBucket>>);

impl RateLimit {
    pub(crate) fn new(per_second: f64, burst: u32) -> Self {
        let interval = TokenBucket::interval_of(per_second).filter(|_| burst > 0);
        Self(interval.map(|interval| Mutex::new(TokenBucket::new(interval, burst))))
    }

    pub(crate) fn is_possible(&self) -> bool {
        self.0.is_some()
    }

    /// Waits for a token. They are given in the order of the calls; a future that is dropped has used up its own.
    pub(crate) async fn acquire(&self) {
        let Some(bucket) = &self.0 else { return };
        let now = clock::now();
        let wait = lock(bucket).take(now);
        if !wait.is_zero() {
            clock::sleep_until(clock::later(now, wait)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

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
