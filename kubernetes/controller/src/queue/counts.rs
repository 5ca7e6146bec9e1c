use std::time::Duration;

use crate::Histogram;

/// The numbers of a [`Queue`](crate::Queue), for metrics: see [`Queue::counts`](crate::Queue::counts).
///
/// The names of Prometheus' metrics are those of client-go and controller-runtime.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct QueueCounts {
    /// How many items of each priority can be handed out now, the lowest priority first: `workqueue_depth`. Priorities
    /// that items have had before have 0, up to 32 of them.
    pub depth: Vec<(i32, usize)>,
    /// How many items wait for a time.
    pub waiting: usize,
    /// How many items workers have.
    pub running: usize,
    /// How many items could be handed out so far: `workqueue_adds_total`. Adds that collapsed are one, and an item that
    /// was [held](crate::Delivery::hold) does not count again.
    pub adds: u64,
    /// How many attempts have failed, or asked for another after a time: `workqueue_retries_total`.
    pub retries: u64,
    /// How long items could be handed out before they were: `workqueue_queue_duration_seconds`, without the time for
    /// which they were held.
    pub queue_duration: Histogram,
    /// How long workers had items: `workqueue_work_duration_seconds`.
    pub work_duration: Histogram,
    /// The sum of the times that workers have had the items which they have now: `workqueue_unfinished_work_seconds`.
    pub unfinished_work: Duration,
    /// The longest of these: `workqueue_longest_running_processor_seconds`.
    pub longest_running: Duration,
    /// The shortest of these; `None` if no worker has an item.
    pub shortest_running: Option<Duration>,
}

impl QueueCounts {
    /// How many items can be handed out now.
    pub fn len(&self) -> usize {
        self.depth.iter().map(|(_, len)| len).sum()
    }

    /// Whether no item can be handed out now.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Those that grow.
pub(super) struct Counters {
    pub(super) adds: u64,
    pub(super) retries: u64,
    pub(super) queue_duration: Histogram,
    pub(super) work_duration: Histogram,
}

impl Default for Counters {
    fn default() -> Self {
        let durations = Histogram::new(Histogram::DECADES);
        Self { adds: 0, retries: 0, queue_duration: durations.clone(), work_duration: durations }
    }
}
