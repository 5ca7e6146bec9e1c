use std::time::Duration;

/// An exponential backoff: the delays before retries, so that clients that failed at the same time do not retry at the
/// same time.
///
/// The delays start at one duration and are multiplied by a factor up to a maximum; each is then multiplied by a random
/// number, its jitter. By default the factor is 2, and there is no jitter.
///
/// ```
/// use std::time::Duration;
///
/// use kubernetes_client::Backoff;
///
/// const RECONNECT: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1)).jitter(0.5, 1.0);
///
/// let mut delays = RECONNECT.delays();
/// let first = delays.next_delay();
/// assert!((50..=100).contains(&first.as_millis()));
///
/// let exact: Vec<_> = (0..5).map(|retry| RECONNECT.delay(retry).as_millis()).collect();
/// assert_eq!(exact, [100, 200, 400, 800, 1000]);
/// ```
///
/// It neither sleeps nor uses a clock: [`Delays`] has the state of one operation. It does not limit the number of
/// retries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    initial: Duration,
    max: Duration,
    factor: f64,
    jitter: (f64, f64),
}

impl Backoff {
    /// Creates a backoff that doubles from `initial` to `max`, without jitter.
    pub const fn new(initial: Duration, max: Duration) -> Self {
        Self { initial, max, factor: 2.0, jitter: (1.0, 1.0) }
    }

    /// Multiplies each delay by `factor` to get the next. If the result is not a valid duration, the delay is the
    /// maximum.
    pub const fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// Multiplies each delay by a random number from `least` to `most`, after applying the maximum.
    ///
    /// `jitter(0.5, 1.0)` draws from the upper half of each delay. `jitter(1.0, 1.1)` is client-go's `wait.Jitter`
    /// with 0.1.
    pub const fn jitter(mut self, least: f64, most: f64) -> Self {
        self.jitter = (least, most);
        self
    }

    /// The delay before a retry, without jitter; the first retry is 0.
    pub fn delay(&self, retry: u32) -> Duration {
        let exponent = i32::try_from(retry).unwrap_or(i32::MAX);
        scaled(self.initial, self.factor.powi(exponent)).map_or(self.max, |delay| delay.min(self.max))
    }

    /// The delays of one operation, with random jitter.
    pub fn delays(self) -> Delays {
        Delays { backoff: self, retries: 0, random: fastrand::Rng::new() }
    }

    /// The delays of one operation, with jitter determined by `seed`, for tests and simulations.
    pub fn seeded(self, seed: u64) -> Delays {
        Delays { backoff: self, retries: 0, random: fastrand::Rng::with_seed(seed) }
    }
}

/// The delays of a [`Backoff`] for one operation.
#[derive(Clone, Debug)]
pub struct Delays {
    backoff: Backoff,
    retries: u32,
    random: fastrand::Rng,
}

impl Delays {
    /// The delay before the next retry, with jitter.
    pub fn next_delay(&mut self) -> Duration {
        let delay = self.backoff.delay(self.retries);
        self.retries = self.retries.saturating_add(1);
        let (least, most) = self.backoff.jitter;
        scaled(delay, least + self.random.f64() * (most - least)).unwrap_or(delay)
    }

    /// The number of delays taken since the start or the last [`reset`](Self::reset).
    pub fn retries(&self) -> u32 {
        self.retries
    }

    /// Starts over at the first delay, after a success.
    pub fn reset(&mut self) {
        self.retries = 0;
    }
}

/// `None` for a product that is not a duration.
fn scaled(duration: Duration, factor: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WATCH: Backoff = Backoff::new(Duration::from_millis(800), Duration::from_secs(30)).jitter(0.5, 1.0);

    #[test]
    fn doubles_to_the_maximum_and_starts_over() {
        let mut delays = WATCH.seeded(1);
        for step in [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0] {
            let delay = delays.next_delay().as_secs_f64();
            assert!((step / 2.0..=step).contains(&delay), "{delay} of {step}");
        }
        assert_eq!(delays.retries(), 8);
        delays.reset();
        assert!(delays.next_delay() <= Duration::from_millis(800));
    }

    #[test]
    fn jitter_spreads_over_its_whole_range() {
        let mut first: Vec<_> = (0..100).map(|seed| WATCH.seeded(seed).next_delay().as_millis()).collect();
        first.sort_unstable();
        assert!(first[0] < 450 && first[99] > 750, "{first:?}");
        assert_eq!(WATCH.seeded(7).next_delay(), WATCH.seeded(7).next_delay());
    }

    #[test]
    fn any_number_of_retries_and_any_factor_stay_below_the_maximum() {
        for factor in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0, 1.0, 2.0, 1e300] {
            let backoff = Backoff::new(Duration::from_millis(10), Duration::from_secs(1)).factor(factor);
            for retry in [0, 1, 2, 63, 64, 1100, u32::MAX] {
                assert!(backoff.delay(retry) <= Duration::from_secs(1), "{factor} {retry}");
            }
            let mut delays = backoff.jitter(factor, factor).seeded(1);
            for _ in 0..5 {
                delays.next_delay();
            }
        }
        assert_eq!(Backoff::new(Duration::MAX, Duration::MAX).delay(9), Duration::MAX);
    }
}
