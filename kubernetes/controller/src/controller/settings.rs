use std::sync::Arc;
use std::time::Duration;

use kubernetes_client::Backoff;
use kubernetes_core::{ObjectKey, Str, Watchable};
use kubernetes_election::HeldShard;
use kubernetes_watch::Shard;
use tokio_util::task::TaskTracker;

use super::finalizer::Finalizer;
use super::reason::Reason;
use super::stop_by::StopBy;
use super::{Action, Controller, CurrentLeadership, ObjectFunction};
use crate::events::Recorder;
use crate::names::field_manager_of;
use crate::queue::{Queue, QueueBuilder};

/// The settings of a controller.
pub(super) struct Settings<K: Watchable> {
    pub(super) name: Arc<str>,
    /// Whether the name was chosen, and is not that of the resource.
    pub(super) is_named: bool,
    /// The program, as its manager is named.
    pub(super) program: Option<Str>,
    pub(super) concurrency: usize,
    pub(super) run_timeout: Option<Duration>,
    pub(super) consistency_timeout: Option<Duration>,
    pub(super) sync_timeout: Option<Duration>,
    pub(super) shutdown_timeout: Duration,
    pub(super) stop_by: StopBy,
    pub(super) stuck_after: Option<Duration>,
    pub(super) records_errors: bool,
    pub(super) leadership: Option<CurrentLeadership>,
    /// Tracks the runs.
    pub(super) runs: TaskTracker,
    pub(super) resync: Option<Duration>,
    /// The annotation by which an object is paused.
    pub(super) paused_by: Option<Str>,
    pub(super) queue: QueueBuilder<ObjectKey, Reason>,
    pub(super) finalizers: Vec<Finalizer<K>>,
    pub(super) on_deleted: Option<ObjectFunction<K, Action>>,
    pub(super) recorder: Option<Recorder>,
    /// The part of the objects that the controller works on.
    pub(super) shard: Option<Shard>,
}

impl<K: Watchable> Settings<K> {
    pub(super) fn new(name: Arc<str>) -> Self {
        Self {
            name,
            is_named: false,
            program: None,
            concurrency: 1,
            run_timeout: None,
            consistency_timeout: Some(Duration::from_secs(30)),
            sync_timeout: None,
            shutdown_timeout: Duration::from_secs(30),
            stop_by: StopBy::default(),
            stuck_after: None,
            records_errors: false,
            leadership: None,
            runs: TaskTracker::new(),
            resync: None,
            paused_by: None,
            queue: Queue::builder().fair_by_namespace(),
            finalizers: Vec::new(),
            on_deleted: None,
            recorder: None,
            shard: None,
        }
    }

    /// The field manager of what runs apply. That of another program must never be the same.
    pub(super) fn field_manager(&self) -> Option<Str> {
        match &self.program {
            Some(program) => Some(field_manager_of(program, &self.name)),
            None => self.is_named.then(|| Str::from(&*self.name)),
        }
    }

    pub(super) fn take_shard(&mut self, shard: &HeldShard) {
        self.shard = Shard::split(shard.count()).nth(shard.index() as usize);
    }
}

impl<K: Watchable> Controller<K> {
    /// `/livez` fails when all workers have been busy with the same objects for longer than this, as in a deadlock; by
    /// default never. A [`Manager`](crate::Manager) looks at it; see [`Monitor::check`](crate::Monitor::check).
    pub fn stuck_after(mut self, limit: Duration) -> Self {
        self.settings.stuck_after = Some(limit);
        self
    }

    /// Records a warning about an object whose run fails, panics or times out: `ReconcileFailed`, with the error as its note.
    ///
    /// It needs a [recorder](Self::recorder), which makes a series of repetitions; a [`Manager`](crate::Manager) has one.
    pub fn record_errors(mut self) -> Self {
        self.settings.records_errors = true;
        self
    }

    /// Names the controller, for logs, metrics, and as the [field manager](crate::Context::field_manager) of its applies.
    /// The default is its resource, such as `crontabs.stable.example.com`.
    ///
    /// Outside a [`Manager`](crate::Manager), choose a name that no other program in the cluster has, such as
    /// `shop.example.com/crontabs`.
    pub fn named(mut self, name: impl AsRef<str>) -> Self {
        self.settings.is_named = true;
        self.settings.name = name.as_ref().into();
        self
    }

    /// Sets a recorder of events for runs, available as [`Context::recorder`](crate::Context::recorder).
    pub fn recorder(mut self, recorder: &Recorder) -> Self {
        self.settings.recorder = Some(recorder.clone());
        self
    }

    /// Sets the number of concurrent runs; one by default.
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.settings.concurrency = concurrency.max(1);
        self
    }

    /// Sets the time limit of a run, after which it fails and its future is dropped. By default, there is no limit.
    pub fn run_timeout(mut self, limit: Duration) -> Self {
        self.settings.run_timeout = Some(limit);
        self
    }

    /// Sets how long after the last write of earlier runs for its object a run is delayed until the stores have seen
    /// them; 30 s by default. After that, it runs although a store may be behind, and a warning is logged. With `None`,
    /// runs are not delayed.
    ///
    /// Each store whose request covers the object, before or after the write, must have seen it through its watch, in
    /// every namespace, selector and form. While a run is delayed, a read finds the outcome of a write for which it is
    /// unknown, such as after a timeout.
    ///
    /// If such a write does not name its object, as a create with `generateName`, the store must have seen everything up to
    /// that read. Where nothing happens, only a bookmark shows this: the server sends one about every minute, and one two
    /// seconds before a watch [ends](kubernetes_watch::Watch::timeout_seconds), unless the watch is shorter than that.
    pub fn consistency_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.settings.consistency_timeout = limit.into();
        self
    }

    /// Fails if the objects of all sources have not been listed within this time. By default, the controller waits
    /// forever, for example for a resource that is defined later; see [`Monitor::is_ready`](crate::Monitor::is_ready).
    pub fn sync_timeout(mut self, limit: Duration) -> Self {
        self.settings.sync_timeout = Some(limit);
        self
    }

    /// Sets the time for runs to end at shutdown; 30 s by default.
    pub fn shutdown_timeout(mut self, limit: Duration) -> Self {
        self.settings.shutdown_timeout = limit;
        self
    }

    /// Runs for every object at intervals, with low priority, for controllers of something that does not report its
    /// changes.
    pub fn resync_every(mut self, interval: Duration) -> Self {
        self.settings.resync = Some(interval);
        self
    }

    /// Skips objects that have this annotation, unless its value is `false`: neither the reconcile function nor the
    /// cleanup of a [finalizer](Self::finalizer) is called for them, and a run that was requested is forgotten, also by
    /// [`Action::requeue_after`](crate::Action::requeue_after). Once an object no longer has it, there is a run at once,
    /// whatever the [filter](crate::Source::filter) of the source says.
    ///
    /// ```
    /// # kubernetes_core::doc_test_resource!(Pod);
    /// # use kubernetes_controller::Controller;
    /// # fn example(controller: Controller<Pod>) {
    /// let controller = controller.paused_by("example.com/paused");
    /// # }
    /// ```
    ///
    /// A run that is in progress is not interrupted. An object with a finalizer can't be deleted until it is resumed. The
    /// deletion of one without is handled by [`on_deleted`](Self::on_deleted), paused or not.
    pub fn paused_by(mut self, annotation: impl Into<Str>) -> Self {
        self.settings.paused_by = Some(annotation.into());
        self
    }

    /// Sets the delays after failed runs; see [`QueueBuilder::backoff`].
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.settings.queue = self.settings.queue.backoff(backoff);
        self
    }

    /// Limits the retries of all objects together; see [`QueueBuilder::retry_limit`].
    pub fn retry_limit(mut self, per_second: f64, burst: u32) -> Self {
        self.settings.queue = self.settings.queue.retry_limit(per_second, burst);
        self
    }
}
