//! The metrics of this crate's types, by the names of controller-runtime and client-go.

use std::hash::Hash;
use std::sync::Weak;

use kubernetes_core::Str;
use kubernetes_election::{ElectionStatus, ShardsStatus};
use kubernetes_serving::MetricsText;

use super::{Metrics, Owner};
use crate::controller::Monitors;
use crate::{ControllerCounts, Informers, Monitor, Queue, QueueCounts, Recorder};

impl Metrics {
    /// Adds the metrics of a queue, such as `workqueue_depth`, with the labels `name` and `controller`.
    pub fn add_queue<T, R>(&self, name: &str, queue: &Queue<T, R>)
    where
        T: Clone + Eq + Hash + Send + Sync + 'static,
        R: PartialEq + Send + Sync + 'static,
    {
        let (name, queue) = (name.to_owned(), queue.clone());
        self.add(move |text| write_queue(text, &[("controller", &name), ("name", &name)], &queue.counts()));
    }

    /// Adds the metrics of a controller and its queue, such as `controller_runtime_reconcile_total`, with the label
    /// `controller`.
    pub fn add_controller(&self, monitor: Monitor) {
        self.add(move |text| write_monitor(text, &monitor, &[]));
    }

    /// Like [`add_controller`](Self::add_controller), until the owner is gone.
    pub(crate) fn add_controller_of(&self, owner: Weak<Owner>, monitor: Monitor) {
        self.add_of(Some(owner), move |text| write_monitor(text, &monitor, &[]));
    }

    /// Adds the metrics of the shards of a service, `shards_held`, `shards_share` and `shards_members` with the label
    /// `name`, and those of their controllers, with the label `shard`.
    pub(crate) fn add_shards(&self, name: &str, status: ShardsStatus, monitors: Monitors) {
        let name = name.to_owned();
        self.add(move |text| {
            let labels = [("name", name.as_str())];
            let held = status.held().len() as f64;
            text.gauge("shards_held", "Number of shards that this replica holds", &labels, held);
            let help = "Number of shards that this replica should hold";
            text.gauge("shards_share", help, &labels, status.share() as f64);
            text.gauge("shards_members", "Number of replicas that share the shards", &labels, status.members() as f64);
            for (shard, monitor) in monitors.all() {
                write_monitor(text, &monitor, &[("shard", &shard.to_string())]);
            }
        });
    }

    /// Adds the metrics of informers by their resource, as client-go's components have them: `informer_queued_items`,
    /// `informer_processing_latency_seconds` and `informer_store_resource_version`, with the labels `name` (of the program),
    /// `group`, `version` and `resource`; and `informer_failing`, the number of informers whose watches fail, as without
    /// permission, so that their stores are out of date. A [`Manager`](crate::Manager) adds those of its controllers.
    pub fn add_informers(&self, name: &str, informers: &Informers) {
        let (name, informers) = (name.to_owned(), informers.clone());
        self.add(move |text| {
            for ([group, version, resource], counts) in informers.counts() {
                let labels =
                    [("group", &*group), ("name", name.as_str()), ("resource", &*resource), ("version", &*version)];
                let help = "Number of informers whose watches fail, so that their stores are out of date.";
                text.gauge("informer_failing", help, &labels, counts.failing as f64);
                let help = "Number of events that wait for the slowest controller of the informer, at most 1024.";
                text.gauge("informer_queued_items", help, &labels, counts.queued as f64);
                let help = "Time taken to process events after popping from the queue.";
                text.histogram("informer_processing_latency_seconds", help, &labels, &counts.latency.histogram());
                // As a number of floating point has no more.
                let last_digits = |version: Str| version.get(version.len().saturating_sub(15)..)?.parse::<u64>().ok();
                if let Some(version) = counts.version.and_then(last_digits) {
                    let help = "The 15 least significant digits of the resource version of the store.";
                    text.gauge("informer_store_resource_version", help, &labels, version as f64);
                }
            }
        });
    }

    /// Adds the metrics of an election: `leader_election_master_status` and `leader_election_slowpath_total`, with the
    /// label `name`.
    pub fn add_election(&self, status: ElectionStatus) {
        self.add(move |text| {
            // As Kubernetes' components, which do not tell the namespace.
            let labels = [("name", status.lease().rsplit('/').next().unwrap_or_default())];
            let help = "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, \
                        1 indicates master. 'name' is the string used to identify the lease. Please make sure to \
                        group by name.";
            text.gauge("leader_election_master_status", help, &labels, u8::from(status.is_leading()).into());
            let help = "Total number of slow path exercised in renewing leader leases. 'name' is the string used to \
                        identify the lease. Please make sure to group by name.";
            text.counter("leader_election_slowpath_total", help, &labels, status.slow_paths() as f64);
        });
    }

    /// Adds the metrics of a recorder: `event_recorder_events_total`, with the label `result`.
    pub fn add_recorder(&self, recorder: &Recorder) {
        let recorder = recorder.clone();
        self.add(move |text| {
            let counts = recorder.counts();
            for (result, count) in [
                ("sent", counts.sent),
                ("aggregated", counts.aggregated),
                ("overflowed", counts.overflowed),
                ("filtered", counts.filtered),
                ("refused", counts.refused),
                ("failed", counts.failed),
            ] {
                let help = "Number of events, partitioned by outcome";
                text.counter("event_recorder_events_total", help, &[("result", result)], count as f64);
            }
        });
    }
}

/// The names and values of labels.
type Labels<'a> = &'a [(&'a str, &'a str)];

/// Writes the metrics of a controller and its queue, with these labels besides.
fn write_monitor(text: &mut MetricsText, monitor: &Monitor, labels: Labels<'_>) {
    let (counts, name) = (monitor.counts(), monitor.name());
    write_controller(text, &[&[("controller", name)], labels].concat(), &counts);
    write_queue(text, &[&[("controller", name), ("name", name)], labels].concat(), &counts.queue);
}

fn write_controller(text: &mut MetricsText, labels: Labels<'_>, counts: &ControllerCounts) {
    for (result, runs) in [
        ("success", counts.successes),
        ("requeue_after", counts.requeues_after),
        ("requeue", counts.requeues),
        ("error", counts.errors),
    ] {
        let labels = [labels, &[("result", result)]].concat();
        let help = "Total number of reconciliations per controller";
        text.counter("controller_runtime_reconcile_total", help, &labels, runs as f64);
    }
    for (metric, help, runs) in [
        ("reconcile_errors_total", "Total number of reconciliation errors per controller", counts.errors),
        ("terminal_reconcile_errors_total", "Total number of terminal reconciliation errors", counts.terminal_errors),
        ("reconcile_panics_total", "Total number of reconciliation panics per controller", counts.panics),
        ("reconcile_timeouts_total", "Total number of reconciliation timeouts per controller", counts.timeouts),
        (
            "client_consistency_timeouts_total",
            "Total number of stores that missed a write",
            counts.consistency_timeouts,
        ),
    ] {
        text.counter(&format!("controller_runtime_{metric}"), help, labels, runs as f64);
    }
    let help = "Length of time per reconciliation per controller";
    text.histogram("controller_runtime_reconcile_time_seconds", help, labels, &counts.durations);
    let help = "Maximum number of concurrent reconciles per controller";
    text.gauge("controller_runtime_max_concurrent_reconciles", help, labels, counts.concurrency as f64);
    let help = "Number of currently used workers per controller";
    text.gauge("controller_runtime_active_workers", help, labels, counts.active as f64);
    let help = "How long reconciliations were held back for stores that had not seen earlier writes";
    let name = "controller_runtime_client_consistency_wait_duration_seconds";
    text.histogram(name, help, labels, &counts.consistency_waits);
}

fn write_queue(text: &mut MetricsText, labels: Labels<'_>, counts: &QueueCounts) {
    let depth = "Current depth of workqueue by workqueue and priority";
    for (priority, items) in &counts.depth {
        let priority = priority.to_string();
        let labels = [labels, &[("priority", priority.as_str())]].concat();
        text.gauge("workqueue_depth", depth, &labels, *items as f64);
    }
    let help = "Total number of adds handled by workqueue";
    text.counter("workqueue_adds_total", help, labels, counts.adds as f64);
    let help = "Total number of retries handled by workqueue";
    text.counter("workqueue_retries_total", help, labels, counts.retries as f64);
    let help = "How long in seconds an item stays in workqueue before being requested";
    text.histogram("workqueue_queue_duration_seconds", help, labels, &counts.queue_duration);
    let help = "How long in seconds processing an item from workqueue takes.";
    text.histogram("workqueue_work_duration_seconds", help, labels, &counts.work_duration);
    let help = "How many seconds of work has been done that is in progress and hasn't been observed by work_duration. \
                Large values indicate stuck threads. One can deduce the number of stuck threads by observing the rate \
                at which this increases.";
    text.gauge("workqueue_unfinished_work_seconds", help, labels, counts.unfinished_work.as_secs_f64());
    let help = "How many seconds has the longest running processor for workqueue been running.";
    text.gauge("workqueue_longest_running_processor_seconds", help, labels, counts.longest_running.as_secs_f64());
}
