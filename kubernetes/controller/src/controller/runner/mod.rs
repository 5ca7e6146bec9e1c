mod run;
mod sources;

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::{Either, select};
use kubernetes_core::{ObjectKey, Watchable};
use kubernetes_election::HeldShard;
use kubernetes_watch::Index;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::warn;

use super::counts::Counters;
use super::error::{Cause, ControllerError};
use super::monitor::{Inner, Monitor};
use super::program::Program;
use super::reason::Reason;
use super::settings::Settings;
use super::source::{AnySource, Source};
use super::sources::Sources;
use super::tombstones::Tombstones;
use super::{Action, Controller, ObjectFunction};
use crate::clock;
use crate::consistency::Writes;
use crate::informers::{Informers, WatchedStores};
use crate::queue::Delivery;
use run::Runs;
use sources::StartedSources;

/// How often a controller looks for work at least.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// A [`Controller`] with its reconcile function, to be started in steps: by programs that run several, or that warm up
/// before they are leaders.
///
/// ```no_run
/// # kubernetes_core::doc_test_resource!(Pod);
/// # use std::sync::Arc;
/// # use kubernetes_controller::{Action, Context, Controller};
/// # async fn reconcile(_: Arc<Pod>, _: Context<Pod>) -> Result<Action, kubernetes_client::Error> {
/// #     Ok(Action::await_change())
/// # }
/// # async fn is_leader() {}
/// # async fn is_told_to_stop() {}
/// # async fn example(controller: Controller<Pod>) -> Result<(), Box<dyn std::error::Error>> {
/// let mut runner = controller.runner(reconcile);
/// let monitor = runner.monitor();
/// runner.warm_up().await?;
/// is_leader().await;
/// runner.run_until(is_told_to_stop()).await?;
/// println!("{} runs succeeded", monitor.counts().successes);
/// # Ok(())
/// # }
/// ```
#[must_use = "a controller does nothing until it runs"]
pub struct Runner<K: Watchable> {
    client: kubernetes_client::Client,
    /// Its own, if there are none.
    informers: Option<Informers>,
    settings: Settings<K>,
    reconcile: ObjectFunction<K, Action>,
    writes: Arc<Writes>,
    stores: Arc<WatchedStores>,
    added: Sources<K>,
    monitor: Monitor,
    state: State<K>,
}

enum State<K: Watchable> {
    New(New<K>),
    Started(StartedSources<K>),
    /// Its sources could not be started.
    Failed(ControllerError),
}

/// The parts of a controller that has not started.
struct New<K> {
    primary: Source<K>,
    indexes: Vec<Index<K>>,
    others: Vec<Box<dyn AnySource<K>>>,
    unsettled: mpsc::UnboundedReceiver<ObjectKey>,
}

/// The next thing that a controller reacts to.
enum Event {
    Shutdown,
    Stopped(ControllerError),
    Item(Delivery<ObjectKey, Reason>),
    Heartbeat,
}

impl<K: Watchable> Runner<K> {
    pub(super) fn new(controller: Controller<K>, reconcile: ObjectFunction<K, Action>) -> Self {
        let Controller { client, primary, indexes, sources, informers, mut settings } = controller;
        let stores = WatchedStores::new();
        let (writes, unsettled) = Writes::new(settings.consistency_timeout, &stores);
        let queue = std::mem::replace(&mut settings.queue, crate::Queue::builder());
        let inner = Inner {
            name: Arc::clone(&settings.name),
            queue: queue.build(),
            concurrency: settings.concurrency,
            counters: Counters::new(),
            consistency: writes.counters(),
            stuck_after: settings.stuck_after,
            is_ready: AtomicBool::new(false),
            heartbeat: std::sync::Mutex::default(),
        };
        let monitor = Monitor { inner: Arc::new(inner) };
        let state = State::New(New { primary, indexes, others: sources, unsettled });
        Self { client, informers, settings, reconcile, writes, stores, added: Sources::new(), monitor, state }
    }

    /// The controller's state, for metrics and health checks.
    pub fn monitor(&self) -> Monitor {
        self.monitor.clone()
    }

    /// The sources that are added and removed while the controller runs. Those that are added before it starts are started
    /// with it, and runs wait for their first lists.
    pub fn sources(&self) -> Sources<K> {
        self.added.clone()
    }

    /// The controller's name.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// Uses these informers, if it has been given none and has not started.
    pub(crate) fn share(&mut self, informers: &Informers) {
        if informers.are_of(&self.client) {
            self.informers.get_or_insert_with(|| informers.clone());
        }
    }

    /// Works on the objects of a shard only; this is to be called before it starts.
    pub(crate) fn take_shard(&mut self, shard: &HeldShard) {
        self.settings.take_shard(shard);
    }

    /// Takes part in a program: its name, its end, its recorder unless it has one, and its leadership.
    pub(crate) fn take_part(&mut self, program: Program) {
        let Program { stop_by, recorder, leadership, runs } = program;
        self.settings.program = Some(recorder.controller().into());
        self.settings.stop_by = stop_by;
        self.settings.recorder.get_or_insert(recorder);
        self.settings.leadership = Some(leadership);
        self.settings.runs = runs;
    }

    /// Starts the sources, and waits until all objects have been listed. No run starts.
    ///
    /// # Errors
    /// Returns an error if a source can't start or has ended, or after the [`sync_timeout`](Controller::sync_timeout).
    ///
    /// # Cancel safety
    /// Dropping the future is safe: the sources continue, and it can be called again.
    pub async fn warm_up(&mut self) -> Result<(), ControllerError> {
        let sources = self.start()?;
        let (limit, name) = (sources.sync_timeout, Arc::clone(&sources.name));
        let mut synced = pin!(sources.wait_until_synced());
        let mut stopped = pin!(sources.wait_until_stopped());
        let either = poll_fn(|context| match synced.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Ok(())),
            Poll::Pending => stopped.as_mut().poll(context).map(Err),
        });
        match limit {
            None => either.await,
            Some(limit) => match clock::timeout(limit, either).await {
                Ok(result) => result,
                Err(_) => Err(ControllerError::new(&name, sources.not_synced(limit))),
            },
        }
    }

    fn start(&mut self) -> Result<&StartedSources<K>, ControllerError> {
        if let State::New(_) = self.state {
            let failed = State::Failed(ControllerError::new(&self.settings.name, Cause::NotStarted));
            if let State::New(new) = std::mem::replace(&mut self.state, failed) {
                let tombstones = self.settings.on_deleted.is_some().then(|| Arc::new(Tombstones::new()));
                self.state = match StartedSources::start(self, new, tombstones) {
                    Ok(sources) => State::Started(sources),
                    Err(error) => {
                        self.added.end(&self.settings.name);
                        State::Failed(error)
                    }
                };
            }
        }
        match &self.state {
            State::Started(sources) => Ok(sources),
            State::Failed(error) => Err(error.clone()),
            State::New(_) => Err(ControllerError::new(&self.settings.name, Cause::NotStarted)),
        }
    }

    /// Runs until `shutdown` completes; then it starts no more runs, and waits for those that are under way, up to the
    /// [`shutdown_timeout`](Controller::shutdown_timeout). It [warms up](Self::warm_up) if it has not yet.
    ///
    /// # Errors
    /// See [`Controller::run`].
    ///
    /// # Cancel safety
    /// Like [`Controller::run`].
    pub async fn run_until(mut self, shutdown: impl Future<Output = ()>) -> Result<(), ControllerError> {
        let mut shutdown = pin!(shutdown);
        let monitor = self.monitor.clone();
        // Whatever ends it, cancellation included.
        let _ended = OnDrop(|| monitor.ended());
        monitor.beat();
        {
            let mut warm_up = pin!(self.warm_up());
            let is_shut_down = poll_fn(|context| match shutdown.as_mut().poll(context) {
                Poll::Ready(()) => Poll::Ready(Ok(true)),
                Poll::Pending => warm_up.as_mut().poll(context).map_ok(|()| false),
            });
            if beating(&monitor, is_shut_down).await? {
                return Ok(());
            }
        }
        let State::Started(sources) = self.state else {
            return Err(ControllerError::new(&self.settings.name, Cause::NotStarted));
        };
        sources.start_runs();
        let runs = Arc::new(Runs {
            reconcile: self.reconcile,
            settings: self.settings,
            client: self.client,
            writes: self.writes,
            monitor: monitor.clone(),
            stores: sources.stores(),
            tombstones: sources.tombstones(),
            count: AtomicU64::new(0),
        });
        let stop = CancellationToken::new();
        // A task of its own: that of the caller may be the program's main one, whose thread would have to be woken for each
        // event and run.
        let mut working = AbortOnDropHandle::new(tokio::spawn(work(runs, sources, stop.clone())));
        let ended = match select(shutdown, &mut working).await {
            Either::Right((ended, _)) => ended,
            Either::Left(_) => {
                stop.cancel();
                working.await
            }
        };
        match ended {
            Ok(result) => result,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime has ended.
            Err(_) => Ok(()),
        }
    }
}

/// Starts runs until the controller is told to stop, or a source has stopped, and waits for those that are under way.
async fn work<K: Watchable>(
    runs: Arc<Runs<K>>,
    sources: StartedSources<K>,
    stop: CancellationToken,
) -> Result<(), ControllerError> {
    let monitor = runs.monitor.clone();
    monitor.inner.is_ready.store(true, Ordering::Release);
    let mut tasks = JoinSet::new();
    let result = dispatch(&runs, &sources, pin!(stop.cancelled()), &mut tasks).await;
    monitor.inner.is_ready.store(false, Ordering::Release);
    monitor.inner.queue.shut_down();
    let limit = runs.settings.stop_by.time_for_runs(runs.settings.shutdown_timeout);
    let ended = beating(&monitor, async { while tasks.join_next().await.is_some() {} });
    if clock::timeout(limit, ended).await.is_err() {
        let name = monitor.name();
        warn!(
            controller = name,
            runs = tasks.len(),
            ?limit,
            "controller: runs have not ended in time, and are canceled"
        );
        tasks.shutdown().await;
    }
    result
}

/// Waits for a future, and shows meanwhile that the controller is not stuck.
async fn beating<T>(monitor: &Monitor, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        monitor.beat();
        if let Ok(output) = clock::timeout(HEARTBEAT, future.as_mut()).await {
            return output;
        }
    }
}

/// Starts runs until the controller is asked to stop, or a source has stopped.
async fn dispatch<K: Watchable>(
    runs: &Arc<Runs<K>>,
    sources: &StartedSources<K>,
    mut shutdown: std::pin::Pin<&mut impl Future<Output = ()>>,
    tasks: &mut JoinSet<()>,
) -> Result<(), ControllerError> {
    let inner = &runs.monitor.inner;
    let mut stopped = pin!(sources.wait_until_stopped());
    let mut next = pin!(inner.queue.next());
    let mut heartbeat = pin!(clock::sleep(HEARTBEAT));
    loop {
        let event = poll_fn(|context| {
            if shutdown.as_mut().poll(context).is_ready() {
                return Poll::Ready(Event::Shutdown);
            }
            if let Poll::Ready(error) = stopped.as_mut().poll(context) {
                return Poll::Ready(Event::Stopped(error));
            }
            while let Poll::Ready(Some(_)) = tasks.poll_join_next(context) {}
            if tasks.len() < inner.concurrency
                && let Poll::Ready(Some(item)) = next.as_mut().poll(context)
            {
                return Poll::Ready(Event::Item(item));
            }
            heartbeat.as_mut().poll(context).map(|()| Event::Heartbeat)
        });
        match event.await {
            Event::Shutdown => return Ok(()),
            Event::Stopped(error) => return Err(error),
            Event::Heartbeat => heartbeat.set(clock::sleep(HEARTBEAT)),
            Event::Item(delivery) => {
                next.set(inner.queue.next());
                if let Some(delivery) = runs.writes.hold_back(delivery) {
                    // It has kilobytes, which the task would be made of by several moves.
                    let run = Box::pin(Arc::clone(runs).run(delivery));
                    tasks.spawn(runs.settings.runs.track_future(run));
                }
            }
        }
        runs.monitor.beat();
    }
}

/// Calls a function when it is dropped.
struct OnDrop<F: Fn()>(F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

impl<K: Watchable> fmt::Debug for Runner<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("monitor", &self.monitor).finish_non_exhaustive()
    }
}
