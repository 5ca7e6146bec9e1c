use std::time::Duration;

use tokio::time::Instant;

use crate::clock::later;

/// A rate limit: one event per interval on average, after a burst.
///
/// It keeps one time: when the bucket would be full again (a virtual schedule, as of leaky buckets in ATM networks).
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct TokenBucket {
    interval: Duration,
    /// The time that a burst may be ahead of the rate.
    tolerance: Duration,
    full_at: Option<Instant>,
}

impl TokenBucket {
    /// Creates a full bucket of `burst` tokens, at least one, to which a token is added in each interval.
    pub fn new(interval: Duration, burst: u32) -> Self {
        Self { interval, tolerance: interval.saturating_mul(burst.max(1)), full_at: None }
    }

    /// The interval of a rate; `None` if the rate is not a positive number, or less than one in a year.
    pub fn interval_of(per_second: f64) -> Option<Duration> {
        const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);
        let interval = (per_second > 0.0).then(|| Duration::try_from_secs_f64(per_second.recip()).ok()).flatten();
        interval.filter(|interval| *interval <= LONGEST)
    }

    fn full_after_next(&self, now: Instant) -> Instant {
        later(self.full_at.map_or(now, |at| at.max(now)), self.interval)
    }

    /// Takes a token, and returns the time to wait for it.
    pub fn take(&mut self, now: Instant) -> Duration {
        let full_at = self.full_after_next(now);
        self.full_at = Some(full_at);
        full_at.duration_since(now).saturating_sub(self.tolerance)
    }

    /// Takes a token if there is one.
    pub fn try_take(&mut self, now: Instant) -> bool {
        let full_at = self.full_after_next(now);
        let is_there = full_at.duration_since(now) <= self.tolerance;
        if is_there {
            self.full_at = Some(full_at);
        }
        is_there
    }

    /// The time until the bucket is full.
    pub fn lacks(&self, now: Instant) -> Duration {
        self.full_at.map_or(Duration::ZERO, |full_at| full_at.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    const TENTH: Duration = Duration::from_millis(100);

    /// Like client-go's `TestBucketRateLimiter`: a burst, then the rate.
    #[test]
    fn a_burst_passes_and_the_rest_is_spread() {
        let start = clock::now();
        let mut bucket = TokenBucket::new(TENTH, 3);
        let waits: Vec<_> = (0..6).map(|_| bucket.take(start).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 100, 200, 300]);
        assert_eq!(bucket.lacks(start), TENTH * 6);
        let minute = start + Duration::from_secs(60);
        let waits: Vec<_> = (0..5).map(|_| bucket.take(minute).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 100, 200], "it is full again");
    }

    #[test]
    fn a_token_that_is_not_there_is_not_taken() {
        let start = clock::now();
        let mut bucket = TokenBucket::new(TENTH, 2);
        let taken: Vec<_> = (0..4).map(|_| bucket.try_take(start)).collect();
        assert_eq!(taken, [true, true, false, false]);
        assert!(!bucket.try_take(start + TENTH / 2));
        assert!(bucket.try_take(start + TENTH));
        assert!(!bucket.try_take(start + TENTH));
    }

    #[test]
    fn any_rate_can_be_counted() {
        for (interval, burst) in [(Duration::ZERO, 0), (Duration::MAX, u32::MAX), (TENTH, u32::MAX)] {
            let mut bucket = TokenBucket::new(interval, burst);
            for _ in 0..3 {
                bucket.take(clock::now());
                bucket.try_take(clock::now());
            }
        }
        for rate in [0.0, -1.0, f64::NAN, f64::MIN_POSITIVE, 1e-300] {
            assert_eq!(TokenBucket::interval_of(rate), None, "{rate}");
        }
        assert_eq!(TokenBucket::interval_of(f64::INFINITY), Some(Duration::ZERO));
        assert_eq!(TokenBucket::interval_of(10.0), Some(TENTH));
    }
}
