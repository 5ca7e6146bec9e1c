use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_client::sync::lock;
use kubernetes_core::ObjectKey;

use super::counts::{ControllerCounts, Counters, RunResult};
use super::reason::Reason;
use crate::clock::{self, Instant};
use crate::consistency::Writes;
use crate::queue::Queue;

/// The state of a controller, for metrics and health checks: see [`Runner::monitor`](crate::Runner::monitor).
///
/// A clone is of the same controller.
#[derive(Clone)]
pub struct Monitor {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) name: Arc<str>,
    pub(super) queue: Queue<ObjectKey, Reason>,
    pub(super) concurrency: usize,
    pub(super) counters: Counters,
    pub(super) writes: Arc<Writes>,
    pub(super) is_ready: AtomicBool,
    /// The last time that the controller looked for work.
    pub(super) heartbeat: Mutex<Option<Instant>>,
}

impl Monitor {
    /// The name of the controller.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Whether the controller has listed its objects and works.
    pub fn is_ready(&self) -> bool {
        self.inner.is_ready.load(Ordering::Acquire)
    }

    /// How long ago the controller last looked for work, which it does every 10 seconds at least; `None` if it does not
    /// run. A controller with all its workers busy looks, too.
    pub fn heartbeat_age(&self) -> Option<Duration> {
        lock(&self.inner.heartbeat).map(|heartbeat| clock::now().duration_since(heartbeat))
    }

    /// The numbers of the controller.
    pub fn counts(&self) -> ControllerCounts {
        let counters = self.inner.counters.snapshot();
        let consistency = self.inner.writes.counts();
        ControllerCounts {
            successes: counters.of(RunResult::Success),
            requeues_after: counters.of(RunResult::RequeueAfter),
            requeues: counters.of(RunResult::Requeue),
            errors: counters.errors(),
            terminal_errors: counters.of(RunResult::TerminalError),
            panics: counters.of(RunResult::Panic),
            timeouts: counters.of(RunResult::Timeout),
            active: counters.active,
            durations: counters.durations,
            concurrency: self.inner.concurrency,
            consistency_waits: consistency.wait,
            consistency_timeouts: consistency.timeouts,
            queue: self.inner.queue.counts(),
        }
    }

    pub(super) fn beat(&self) {
        *lock(&self.inner.heartbeat) = Some(clock::now());
    }

    /// Notes that the controller has ended.
    pub(super) fn ended(&self) {
        self.inner.is_ready.store(false, Ordering::Release);
        *lock(&self.inner.heartbeat) = None;
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor")
            .field("name", &self.inner.name)
            .field("ready", &self.is_ready())
            .finish_non_exhaustive()
    }
}
