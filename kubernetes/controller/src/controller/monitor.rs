use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_client::sync::lock;
use kubernetes_core::ObjectKey;

use super::counts::{ControllerCounts, Counters, RunResult};
use super::reason::Reason;
use crate::clock::{self, Instant};
use crate::consistency::ConsistencyCounters;
use crate::queue::Queue;

/// A controller looks for work every 10 s.
const STALLED: Duration = Duration::from_secs(60);

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
    pub(super) consistency: Arc<ConsistencyCounters>,
    /// If all workers have had their items for longer than this, the controller is stuck.
    pub(super) stuck_after: Option<Duration>,
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

    /// Fails if the controller makes no progress: it has not looked for work for a minute, or all its workers have been busy
    /// with the same objects for longer than [`stuck_after`](crate::Controller::stuck_after).
    ///
    /// # Errors
    /// With the reason, for `/livez`.
    pub fn check(&self) -> Result<(), String> {
        if let Some(age) = self.heartbeat_age().filter(|age| *age > STALLED) {
            return Err(format!("the controller has not looked for work for {}s", age.as_secs()));
        }
        let counts = self.inner.queue.counts();
        match (self.inner.stuck_after, counts.shortest_running) {
            (Some(limit), Some(shortest)) if counts.running >= self.inner.concurrency && shortest > limit => {
                Err(format!("all {} runs have taken longer than {limit:?}", counts.running))
            }
            _ => Ok(()),
        }
    }

    /// The numbers of the controller.
    pub fn counts(&self) -> ControllerCounts {
        let counters = self.inner.counters.snapshot();
        let consistency = self.inner.consistency.counts();
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
