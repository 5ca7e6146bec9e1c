use std::time::Duration;

/// How many durations were within each of a number of limits, as Prometheus counts them.
///
/// ```
/// use std::time::Duration;
///
/// use kubernetes_serving::Histogram;
///
/// let mut durations = Histogram::new(Histogram::SECONDS);
/// durations.observe(Duration::from_millis(30));
/// assert_eq!(durations.count(), 1);
/// for (limit, count) in durations.buckets() {
///     println!("shop_bill_seconds_bucket{{le=\"{}\"}} {count}", limit.as_secs_f64());
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Histogram {
    limits: &'static [Duration],
    /// The number of durations in each bucket, and not in the one before.
    counts: Vec<u64>,
    count: u64,
    sum: Duration,
}

impl Histogram {
    /// Limits from 5 ms to a minute, as controller-runtime has them for runs (`pkg/internal/controller/metrics`).
    pub const SECONDS: &[Duration] = &{
        const MILLIS: [u64; 39] = [
            5, 10, 25, 50, 100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1000, 1250, 1500, 1750,
            2000, 2500, 3000, 3500, 4000, 4500, 5000, 6000, 7000, 8000, 9000, 10_000, 15_000, 20_000, 25_000, 30_000,
            40_000, 50_000,
        ];
        let mut limits = [Duration::from_secs(60); 40];
        let mut index = 0;
        while index < MILLIS.len() {
            limits[index] = Duration::from_millis(MILLIS[index]);
            index += 1;
        }
        limits
    };

    /// Limits from 10 ns to 1000 s, each ten times the one before, as client-go and controller-runtime have them for work
    /// queues and webhooks.
    pub const DECADES: &[Duration] = &{
        let mut limits = [Duration::from_nanos(10); 12];
        let mut index = 1;
        while index < limits.len() {
            limits[index] = limits[index - 1].saturating_mul(10);
            index += 1;
        }
        limits
    };

    /// A histogram with these limits, in ascending order.
    pub fn new(limits: &'static [Duration]) -> Self {
        Self { limits, counts: vec![0; limits.len()], count: 0, sum: Duration::ZERO }
    }

    /// Counts a duration.
    pub fn observe(&mut self, duration: Duration) {
        let bucket = self.limits.partition_point(|limit| *limit < duration);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
        }
        self.count += 1;
        self.sum = self.sum.saturating_add(duration);
    }

    /// Each limit, and how many durations were not longer; [`count`](Self::count) is that of the last bucket, `+Inf`.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> {
        let cumulative = self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        self.limits.iter().copied().zip(cumulative)
    }

    /// How many durations there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The sum of all durations.
    pub fn sum(&self) -> Duration {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_cumulative() {
        const LIMITS: &[Duration] = &[Duration::from_secs(1), Duration::from_secs(10)];
        let mut histogram = Histogram::new(LIMITS);
        for seconds in [0, 1, 2, 10, 11] {
            histogram.observe(Duration::from_secs(seconds));
        }
        assert_eq!(histogram.buckets().map(|(_, count)| count).collect::<Vec<_>>(), [2, 4]);
        assert_eq!((histogram.count(), histogram.sum()), (5, Duration::from_secs(24)));
    }
}
