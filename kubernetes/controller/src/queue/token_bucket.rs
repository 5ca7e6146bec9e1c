use std::time::Duration;

use crate::clock::{Instant, later};

/// A limit for all items together: a number per second, after a burst.
///
/// It keeps one time: when the bucket would be full again (a virtual schedule, as of leaky buckets in ATM networks).
#[derive(Debug)]
pub(super) struct TokenBucket {
    interval: Duration,
    /// The time that a burst may be ahead of the rate.
    tolerance: Duration,
    full_at: Option<Instant>,
}

impl TokenBucket {
    /// A rate that is not positive is taken for one in a day.
    pub(super) fn new(per_second: f64, burst: u32) -> Self {
        let interval = Duration::try_from_secs_f64(1.0 / per_second).unwrap_or(Duration::from_secs(24 * 3600));
        Self { interval, tolerance: interval.saturating_mul(burst.max(1)), full_at: None }
    }

    /// Takes a token, and returns how long to wait for it.
    pub(super) fn take(&mut self, now: Instant) -> Duration {
        let full_at = later(self.full_at.map_or(now, |at| at.max(now)), self.interval);
        self.full_at = Some(full_at);
        full_at.duration_since(now).saturating_sub(self.tolerance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    /// As client-go's `TestBucketRateLimiter`: a burst, then the rate.
    #[test]
    fn a_burst_passes_and_the_rest_is_spread() {
        let start = clock::now();
        let mut bucket = TokenBucket::new(10.0, 3);
        let waits: Vec<_> = (0..6).map(|_| bucket.take(start).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 100, 200, 300]);
        let minute = start + Duration::from_secs(60);
        let waits: Vec<_> = (0..5).map(|_| bucket.take(minute).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 100, 200], "it is full again");
    }

    #[test]
    fn any_rate_can_be_counted() {
        for per_second in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE, f64::MAX] {
            let mut bucket = TokenBucket::new(per_second, u32::MAX);
            for _ in 0..3 {
                bucket.take(clock::now());
            }
        }
    }
}
