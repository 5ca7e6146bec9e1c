//! Events: short messages about objects, which `kubectl describe` and `kubectl events` show.

mod counts;
mod election;
mod event;
mod pending;
mod reference;
mod series;
mod sink;
mod spam;
mod worker;

#[cfg(test)]
mod tests;

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{Either, select};
use kubernetes_client::Client;
use kubernetes_client::sync::lock;
use kubernetes_core::{Object, ObjectReference, Str};
use kubernetes_election::{ElectionEvent, host_name};
use kubernetes_models::events::v1;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

pub use counts::RecorderCounts;
pub use event::Event;

use crate::clock;
use counts::Counters;
use event::{MAX_FIELD_BYTES, truncated};
use worker::{Message, Worker};

/// How many events wait to be sent, as in client-go (`maxQueuedEvents`).
const QUEUE: usize = 1000;

/// Records events about objects, like client-go's `tools/events`.
///
/// ```no_run
/// # use kubernetes_client::Client;
/// # use kubernetes_core::Object;
/// use kubernetes_controller::{Event, Recorder};
///
/// # fn example<Deployment: Object>(client: &Client, deployment: &Deployment) {
/// let recorder = Recorder::new(client, "example.com/scaler");
/// recorder.record(deployment, Event::normal("Scaled", "ScaleUp").note("scaled up to 3 replicas"));
/// # }
/// ```
///
/// Recording never waits: events go through a queue of 1,000 to a background task, and are dropped and
/// [counted](Self::counts) if the queue is full. The task is started by the first event; it ends when all clones of the
/// recorder are dropped, after sending all recorded events.
///
/// - An event that repeats (all but note and time are equal) becomes a series: the first repetition updates the event,
///   later ones are counted and written every 30 minutes, and when the series has ended, 6 minutes after the last.
/// - For each object, 25 events are sent at once, and then one in 5 minutes, as in client-go's spam filter.
/// - Events that a server can't accept now are retried 12 times, about 10 s apart; refused events are dropped.
/// - Texts that are too long are cut, and end with `…`: notes at 1,024 bytes, reasons and actions at 128.
/// - Events about objects without a namespace are in the namespace `default`.
///
/// The process needs permission to create and patch `events` in `events.k8s.io`. The client must not be behind a
/// leadership gate, or the last events of a leader are refused.
#[derive(Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
}

struct Shared {
    controller: Str,
    instance: Str,
    queue: mpsc::Sender<Message>,
    /// Until it is started.
    worker: Mutex<Option<Worker>>,
    counters: Arc<Counters>,
}

impl Recorder {
    /// A recorder for a controller of this name, such as `example.com/scaler`; its instance is the name with that of
    /// the host.
    pub fn new(client: &Client, controller: &str) -> Self {
        Self::with_instance(client, controller, &format!("{controller}-{}", host_name()))
    }

    /// A recorder for one of several instances of a controller.
    pub fn with_instance(client: &Client, controller: &str, instance: &str) -> Self {
        let (queue, receiver) = mpsc::channel(QUEUE);
        let counters = Arc::new(Counters::default());
        let worker = Mutex::new(Some(Worker::new(client.clone(), receiver, Arc::clone(&counters))));
        let (controller, instance) = (truncated(controller, MAX_FIELD_BYTES), truncated(instance, MAX_FIELD_BYTES));
        Self { shared: Arc::new(Shared { controller, instance, queue, worker, counters }) }
    }

    /// The controller whose events it records.
    pub(crate) fn controller(&self) -> &str {
        &self.shared.controller
    }

    /// Records an event about an object.
    pub fn record(&self, regarding: &impl Object, event: Event) {
        self.record_about(&regarding.reference(), event);
    }

    /// Records an event about an object that is known by reference.
    pub fn record_about(&self, regarding: &ObjectReference, event: Event) {
        let event = event.into_model(regarding, &self.shared.controller, &self.shared.instance);
        self.enqueue(event);
    }

    fn enqueue(&self, event: v1::Event) {
        let is_running = self.start();
        if !is_running || self.shared.queue.try_send(Message::Event(Box::new(event))).is_err() {
            self.shared.counters.overflowed();
        }
    }

    /// Starts the task unless it runs; `false` if there is no runtime to start it on.
    fn start(&self) -> bool {
        let mut worker = lock(&self.shared.worker);
        if worker.is_none() {
            return true;
        }
        let Ok(runtime) = Handle::try_current() else { return false };
        if let Some(worker) = worker.take() {
            runtime.spawn(worker.run());
        }
        true
    }

    /// Waits until all previously recorded events, including the counts of series, have been sent, but no longer than
    /// `deadline`. Returns whether they were.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not keep the events from being sent.
    pub async fn flush(&self, deadline: Duration) -> bool {
        if !self.start() {
            return false;
        }
        let flushed = async {
            let (done, is_done) = oneshot::channel();
            self.shared.queue.send(Message::Flush(done)).await.is_ok() && is_done.await.is_ok()
        };
        match select(pin!(flushed), pin!(clock::sleep(deadline))).await {
            Either::Left((is_flushed, _)) => is_flushed,
            Either::Right(_) => false,
        }
    }

    /// The numbers of events that were sent and dropped.
    pub fn counts(&self) -> RecorderCounts {
        self.shared.counters.snapshot()
    }

    /// An observer for [`LeaseConfig::observe`](kubernetes_election::LeaseConfig::observe), which records when this
    /// process becomes the leader and when it stops leading, about the Lease.
    pub fn election_observer(&self) -> impl Fn(&ElectionEvent<'_>) + Send + Sync + 'static {
        let recorder = self.clone();
        move |event| {
            if let Some((lease, event)) = election::event(event) {
                recorder.record_about(lease, event);
            }
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("controller", &self.shared.controller)
            .field("instance", &self.shared.instance)
            .field("counts", &self.counts())
            .finish()
    }
}
