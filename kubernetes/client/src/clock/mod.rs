//! The only source of time: a paused tokio clock stops everything in this crate.

pub mod boottime;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use tokio::time::Instant;
pub(crate) use tokio::time::{sleep, sleep_until};

/// The monotonic time, for durations and deadlines.
pub fn now() -> Instant {
    Instant::now()
}

/// The sum of `instant` and a duration; a sum out of range becomes the far future.
pub fn later(instant: Instant, by: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    instant.checked_add(by).or_else(|| instant.checked_add(CENTURY)).unwrap_or(instant)
}

/// The wall-clock time, for comparison with the times of servers and certificates.
///
/// This is the system's time, which advances while the machine is suspended, shifted by as much as a test has shifted
/// tokio's clock.
pub fn timestamp() -> Timestamp {
    let (monotonic, system) = (Instant::now().into_std(), std::time::Instant::now());
    let moved = match monotonic.checked_duration_since(system) {
        Some(ahead) => SignedDuration::try_from(ahead),
        None => SignedDuration::try_from(system.duration_since(monotonic)).map(|behind| -behind),
    };
    let timestamp = Timestamp::now();
    moved.ok().and_then(|moved| timestamp.checked_add(moved).ok()).unwrap_or(timestamp)
}

/// [`timestamp`] for the verification of certificates.
pub fn time_provider() -> Arc<dyn TimeProvider> {
    Arc::new(Clock)
}

#[derive(Debug)]
struct Clock;

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let since_epoch = timestamp().duration_since(Timestamp::UNIX_EPOCH);
        Some(UnixTime::since_unix_epoch(since_epoch.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_duration_is_too_long_for_the_clock() {
        let now = now();
        assert_eq!(later(now, Duration::from_secs(5)), now + Duration::from_secs(5));
        assert!(later(now, Duration::MAX) > now + Duration::from_secs(3600));
    }

    #[tokio::test]
    async fn the_wall_clock_follows_a_paused_one() {
        let start = timestamp();
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(3600)).await;
        let passed = timestamp().duration_since(start);
        assert!((3600..3660).contains(&passed.as_secs()), "{passed:?}");
        let unix = time_provider().current_time().expect("it is after 1970").as_secs();
        assert!(unix.abs_diff(timestamp().as_second().unsigned_abs()) <= 1);
    }
}
