use std::sync::Mutex;
use std::time::Duration;

use kubernetes_client::sync::lock;

use crate::Histogram;
use crate::queue::QueueCounts;

/// The numbers of a [controller](crate::Controller), for metrics: see [`Monitor::counts`](crate::Monitor::counts).
///
/// The names of Prometheus' metrics are those of controller-runtime, whose label `controller` is the controller's name.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ControllerCounts {
    /// Runs that succeeded: `controller_runtime_reconcile_total{result="success"}`.
    pub successes: u64,
    /// Runs that asked for another after a time: `…{result="requeue_after"}`.
    pub requeues_after: u64,
    /// Runs that asked for another after a backoff: `…{result="requeue"}`.
    pub requeues: u64,
    /// Runs that failed: `…{result="error"}` and `controller_runtime_reconcile_errors_total`.
    pub errors: u64,
    /// Those that failed with a [terminal](crate::Terminal) error: `controller_runtime_terminal_reconcile_errors_total`.
    pub terminal_errors: u64,
    /// Those that panicked: `controller_runtime_reconcile_panics_total`.
    pub panics: u64,
    /// Those that took too long: `controller_runtime_reconcile_timeouts_total`.
    pub timeouts: u64,
    /// How long runs took: `controller_runtime_reconcile_time_seconds`.
    pub durations: Histogram,
    /// Runs that are under way: `controller_runtime_active_workers`.
    pub active: usize,
    /// How many may be: `controller_runtime_max_concurrent_reconciles`.
    pub concurrency: usize,
    /// How long runs were held back for stores that had not seen the writes of earlier ones:
    /// `controller_runtime_client_consistency_wait_duration_seconds`.
    pub consistency_waits: Histogram,
    /// How often a store had not seen them in time.
    pub consistency_timeouts: u64,
    /// The numbers of the queue.
    pub queue: QueueCounts,
}

/// The result of a run, as it is counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum RunResult {
    Success,
    RequeueAfter,
    Requeue,
    Error,
    TerminalError,
    Panic,
    Timeout,
}

#[derive(Debug)]
pub(super) struct Counters(Mutex<Inner>);

#[derive(Clone, Debug)]
pub(super) struct Inner {
    pub(super) results: [u64; 7],
    pub(super) durations: Histogram,
    pub(super) active: usize,
}

impl Counters {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Inner { results: [0; 7], durations: Histogram::new(Histogram::SECONDS), active: 0 }))
    }

    pub(super) fn started(&self) {
        lock(&self.0).active += 1;
    }

    /// A run has ended, or was canceled.
    pub(super) fn finished(&self, result: Option<RunResult>, duration: Duration) {
        let mut counters = lock(&self.0);
        counters.active -= 1;
        if let Some(result) = result {
            counters.results[result as usize] += 1;
            counters.durations.observe(duration);
        }
    }

    pub(super) fn snapshot(&self) -> Inner {
        lock(&self.0).clone()
    }
}

impl Inner {
    pub(super) fn of(&self, result: RunResult) -> u64 {
        self.results[result as usize]
    }

    /// Terminal errors, panics and timeouts are errors.
    pub(super) fn errors(&self) -> u64 {
        use RunResult::{Error, Panic, TerminalError, Timeout};
        [Error, TerminalError, Panic, Timeout].map(|result| self.of(result)).iter().sum()
    }
}
