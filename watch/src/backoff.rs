use std::time::Duration;

/// How long to wait before each next try: doubling from 0.8 s to 30 s, as client-go's reflector does
/// (<https://github.com/kubernetes/client-go/blob/v0.37.2/tools/cache/reflector.go>).
///
/// Each wait is drawn from the upper half of its step, so that the many clients which lost the same API server do not
/// come back together.
#[derive(Debug)]
pub(crate) struct Backoff {
    step: Duration,
    random: fastrand::Rng,
}

impl Backoff {
    pub(crate) const FIRST: Duration = Duration::from_millis(800);
    pub(crate) const LAST: Duration = Duration::from_secs(30);

    pub(crate) fn new(random: fastrand::Rng) -> Self {
        Self { step: Self::FIRST, random }
    }

    /// The next wait.
    pub(crate) fn next(&mut self) -> Duration {
        let wait = self.step.mul_f64(0.5 + self.random.f64() / 2.0);
        self.step = Self::LAST.min(self.step * 2);
        wait
    }

    /// Starts over, after progress.
    pub(crate) fn reset(&mut self) {
        self.step = Self::FIRST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_to_the_limit_and_starts_over() {
        let mut backoff = Backoff::new(fastrand::Rng::with_seed(1));
        for step in [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0] {
            let wait = backoff.next().as_secs_f64();
            assert!((step / 2.0..=step).contains(&wait), "{wait} of {step}");
        }
        backoff.reset();
        assert!(backoff.next() <= Backoff::FIRST);
    }

    #[test]
    fn spreads_the_waits() {
        let mut first: Vec<_> =
            (0..100).map(|seed| Backoff::new(fastrand::Rng::with_seed(seed)).next().as_millis()).collect();
        first.sort_unstable();
        assert!(first[0] < 450 && first[99] > 750, "{first:?}");
    }
}
