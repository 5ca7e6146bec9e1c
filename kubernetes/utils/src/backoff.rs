use std::time::Duration;

/// How often something is tried, and how long the waits between are.
///
/// ```
/// use std::time::Duration;
///
/// use kubernetes_utils::Backoff;
///
/// let backoff = Backoff { steps: 4, initial: Duration::from_millis(100), factor: 2.0, jitter: 0.0, ..Backoff::default() };
/// let waits: Vec<_> = backoff.waits().map(|wait| wait.as_millis()).collect();
/// assert_eq!(waits, [100, 200, 400]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// How often it is tried in all; at least once.
    pub steps: u32,
    /// The first wait.
    pub initial: Duration,
    /// What each further wait is multiplied by.
    pub factor: f64,
    /// By how much of itself a wait may be longer, at random, so that many who wait do not come back at once.
    pub jitter: f64,
    /// What no wait is longer than, jitter aside.
    pub longest: Duration,
}

impl Default for Backoff {
    /// For conflicts, as client-go's `retry.DefaultRetry`: 5 times in all, about 10 ms apart.
    fn default() -> Self {
        Self {
            steps: 5,
            initial: Duration::from_millis(10),
            factor: 1.0,
            jitter: 0.1,
            longest: Duration::from_secs(3600),
        }
    }
}

impl Backoff {
    /// For objects that controllers change all the time, as client-go's `retry.DefaultBackoff`: 4 times in all, 10 ms,
    /// 50 ms and 250 ms apart.
    pub const fn for_busy_objects() -> Self {
        Self {
            steps: 4,
            initial: Duration::from_millis(10),
            factor: 5.0,
            jitter: 0.1,
            longest: Duration::from_secs(3600),
        }
    }

    /// The waits between the tries: one less than there are tries.
    pub fn waits(&self) -> impl Iterator<Item = Duration> + use<> {
        let Self { steps, factor, jitter, longest, .. } = *self;
        let mut next = self.initial;
        (1..steps).map(move |_| {
            let wait = next.min(longest);
            next = scaled(wait, factor);
            scaled(wait, 1.0 + fastrand::f64() * jitter.max(0.0))
        })
    }
}

/// A product that makes no sense, or is too large, leaves the time as it is.
fn scaled(time: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(time.as_secs_f64() * factor).unwrap_or(time)
}
