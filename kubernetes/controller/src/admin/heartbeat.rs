use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use kubernetes_client::sync::lock;

use crate::clock::{self, Instant};

/// Shows that a loop makes progress; see [`Admin::heartbeat`](crate::Admin::heartbeat).
#[derive(Debug)]
pub struct Heartbeat(Arc<Pulse>);

/// The last beat, as a check sees it.
#[derive(Debug)]
pub(super) struct Pulse {
    limit: Duration,
    last: Mutex<Instant>,
}

impl Heartbeat {
    pub(super) fn new(limit: Duration) -> (Self, Weak<Pulse>) {
        let pulse = Arc::new(Pulse { limit, last: Mutex::new(clock::now()) });
        let weak = Arc::downgrade(&pulse);
        (Self(pulse), weak)
    }

    /// Notes that the loop has made progress.
    pub fn beat(&self) {
        *lock(&self.0.last) = clock::now();
    }
}

impl Pulse {
    /// `None` once the heartbeat is dropped.
    pub(super) fn check(pulse: &Weak<Self>) -> Option<Result<(), String>> {
        let pulse = pulse.upgrade()?;
        let since = clock::now().saturating_duration_since(*lock(&pulse.last));
        Some(if since <= pulse.limit { Ok(()) } else { Err(format!("no progress for {}s", since.as_secs())) })
    }
}
