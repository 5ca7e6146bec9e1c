//! The only source of time, so that tokio's paused clock controls everything.

use std::future::Future;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// The monotonic time.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The wall-clock time, for comparison with the times of files; it advances with the monotonic time.
pub(crate) fn wall() -> SystemTime {
    static START: OnceLock<(SystemTime, Instant)> = OnceLock::new();
    let (wall, start) = START.get_or_init(|| (SystemTime::now(), now()));
    *wall + now().saturating_duration_since(*start)
}

/// Waits for a duration.
pub(crate) async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// The output of a future, unless it takes longer than the duration.
pub(crate) async fn timeout<T>(duration: Duration, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(duration, future).await.ok()
}
