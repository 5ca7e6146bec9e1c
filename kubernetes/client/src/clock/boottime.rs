//! Tokio's clock, which tests can pause, and the time that the machine was suspended.
//!
//! Others see that time pass: they take a Lease, and close connections. Both Rust's and Go's monotonic clocks stand still
//! meanwhile, so that a leader that wakes up would believe in a Lease that ended hours ago. On Linux and Android the
//! difference between `CLOCK_BOOTTIME` and `CLOCK_MONOTONIC` tells how long it was; elsewhere it is not counted.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::time::Instant;

use super::later;

/// After a suspension, timers are late by at most this.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// The monotonic time, which goes on while the machine is suspended.
pub fn now() -> Instant {
    later(super::now(), suspended())
}

/// Sleeps, also through a suspension of the machine.
pub async fn sleep(duration: Duration) {
    sleep_until(later(now(), duration)).await;
}

/// Sleeps until an [`Instant`] of [`now`].
pub async fn sleep_until(end: Instant) {
    loop {
        let rest = end.saturating_duration_since(now());
        if rest.is_zero() {
            return;
        }
        tokio::time::sleep(rest.min(LONGEST_SLEEP)).await;
    }
}

/// Runs a future until `end`; `None` if it has not completed by then.
pub async fn timeout_at<T>(end: Instant, future: impl Future<Output = T>) -> Option<T> {
    match select(pin!(future), pin!(sleep_until(end))).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn suspended() -> Duration {
    use rustix::time::{ClockId, clock_gettime};

    // Read in this order, so that the difference is never negative.
    let monotonic = clock_gettime(ClockId::Monotonic);
    let boot = clock_gettime(ClockId::Boottime);
    let nanoseconds = |time: rustix::time::Timespec| i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec);
    let difference = u64::try_from(nanoseconds(boot) - nanoseconds(monotonic)).unwrap_or_default();
    // The two readings are some nanoseconds apart.
    let milliseconds = Duration::from_millis(difference / 1_000_000);
    #[cfg(test)]
    let milliseconds = milliseconds + tests::SUSPENDED.get();
    milliseconds
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn suspended() -> Duration {
    #[cfg(test)]
    return tests::SUSPENDED.get();
    #[cfg(not(test))]
    Duration::ZERO
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        /// How long the machine was suspended, beside the time that it really was.
        pub(crate) static SUSPENDED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_goes_on_while_the_machine_is_suspended() {
        let start = now();
        sleep(Duration::from_secs(60)).await;
        assert!(now().duration_since(start) >= Duration::from_secs(60));
        assert!(now().duration_since(start) < Duration::from_secs(61));
        SUSPENDED.set(Duration::from_secs(3600));
        assert!(now().duration_since(start) >= Duration::from_secs(3660));
        let before = Instant::now();
        assert_eq!(timeout_at(later(start, Duration::from_secs(3000)), std::future::pending::<()>()).await, None);
        assert_eq!(Instant::now(), before, "it is over already");
        SUSPENDED.set(Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sleep_ends_soon_after_a_suspension() {
        let start = Instant::now();
        let sleeping = tokio::spawn(sleep(Duration::from_secs(1000)));
        tokio::time::sleep(Duration::from_millis(2500)).await;
        SUSPENDED.set(Duration::from_secs(2000));
        sleeping.await.unwrap();
        assert!(start.elapsed() <= Duration::from_millis(3010), "{:?}", start.elapsed());
        SUSPENDED.set(Duration::ZERO);
    }
}
