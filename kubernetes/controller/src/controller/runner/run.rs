use std::error::Error as StdError;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt;
use kubernetes_client::Client;
use kubernetes_core::debug::Chain;
use kubernetes_core::{ObjectKey, Watchable};
use tracing::{Instrument, debug, debug_span, warn};

use crate::clock;
use crate::consistency::Writes;
use crate::controller::action::Next;
use crate::controller::context::Stores;
use crate::controller::counts::RunResult;
use crate::controller::failure::Failure;
use crate::controller::finalizer::{Flow, finalize};
use crate::controller::monitor::Monitor;
use crate::controller::paused::is_paused;
use crate::controller::reason::Reason;
use crate::controller::settings::Settings;
use crate::controller::tombstones::Tombstones;
use crate::controller::{Action, BoxError, Context, ObjectFunction, Terminal};
use crate::events::Event;
use crate::queue::{Add, Delivery};

/// The parts that all runs of a controller share.
pub(super) struct Runs<K: Watchable> {
    pub(super) reconcile: ObjectFunction<K, Action>,
    pub(super) settings: Settings<K>,
    pub(super) client: Client,
    pub(super) writes: Arc<Writes>,
    pub(super) monitor: Monitor,
    pub(super) stores: Arc<Stores<K>>,
    pub(super) tombstones: Option<Arc<Tombstones<K>>>,
    pub(super) count: AtomicU64,
}

impl<K: Watchable> Runs<K> {
    /// Runs for one item of the queue, and tells the queue how that went.
    pub(super) async fn run(self: Arc<Self>, delivery: Delivery<ObjectKey, Reason>) {
        let started = clock::now();
        let counters = &self.monitor.inner.counters;
        counters.started();
        // Also when the run is canceled, with the controller.
        let mut finished = Finished { runs: &self, result: None, started };
        let (key, attempt) = (delivery.item(), delivery.attempt());
        let context = self.context(&delivery);
        let span = debug_span!("reconcile", controller = &*self.settings.name, %key, attempt, run = context.run);
        let running = AssertUnwindSafe(self.reconcile(context)).catch_unwind();
        let result = match self.settings.run_timeout {
            None => running.instrument(span).await,
            Some(limit) => match clock::timeout(limit, running.instrument(span)).await {
                Ok(result) => result,
                Err(_) => Ok(Err(Failure::Timeout(limit).into())),
            },
        };
        let result = result.unwrap_or_else(|panic| Err(Failure::of_panic(&*panic).into()));
        finished.result = Some(match result {
            Ok(action) => succeed(delivery, action),
            Err(error) => {
                let error: &(dyn StdError + 'static) = &*error;
                let result = result_of(error);
                self.record_error(delivery.item(), error);
                match result {
                    RunResult::TerminalError => {
                        warn!(controller = &*self.settings.name, %key, error, "controller: a run failed; it waits for a change");
                        delivery.done();
                    }
                    _ => {
                        warn!(controller = &*self.settings.name, %key, attempt, error, "controller: a run failed; it is retried");
                        delivery.retry();
                    }
                }
                result
            }
        });
    }

    fn record_error(&self, key: &ObjectKey, error: &(dyn StdError + 'static)) {
        if let (true, Some(recorder)) = (self.settings.records_errors, &self.settings.recorder)
            && let Some(object) = self.stores.primary.store().get_key(key)
        {
            recorder.record(&*object, Event::warning("ReconcileFailed", "Reconcile").note(Chain(error).to_string()));
        }
    }

    fn context(&self, delivery: &Delivery<ObjectKey, Reason>) -> Context<K> {
        let key = delivery.item();
        Context {
            client: self.writes.client(&self.client, key),
            stores: Arc::clone(&self.stores),
            key: key.clone(),
            attempt: delivery.attempt(),
            reasons: Arc::new(delivery.reasons()),
            run: self.count.fetch_add(1, Ordering::Relaxed) + 1,
        }
    }

    async fn reconcile(&self, context: Context<K>) -> Result<Action, BoxError> {
        let mut action = Action::await_change();
        if let (Some(tombstones), Some(on_deleted)) = (&self.tombstones, &self.settings.on_deleted)
            && let Some(last) = tombstones.get(&context.key)
        {
            let outcome = on_deleted(Arc::clone(&last), context.clone()).await;
            let is_over = match &outcome {
                Ok(action) => action.next == Next::Change,
                Err(error) => Terminal::is(&**error),
            };
            if is_over {
                tombstones.remove(&context.key, &last);
            }
            action = outcome?;
        }
        let Some(object) = self.stores.primary.store().get_key(&context.key) else {
            debug!("controller: the object does not exist");
            return Ok(action);
        };
        if is_paused(&*object, self.settings.paused_by.as_ref()) {
            debug!("controller: the object is paused");
            return Ok(action);
        }
        let flow = match self.settings.finalizers.as_slice() {
            [] => Flow::Reconcile(object),
            // Boxed, or each run would be allocated with room for it.
            finalizers => Box::pin(finalize(finalizers, object, &context)).await?,
        };
        match flow {
            Flow::End(next) => Ok(action.sooner(next)),
            Flow::Reconcile(object) => Ok(action.sooner((self.reconcile)(object, context).await?)),
        }
    }
}

fn succeed(delivery: Delivery<ObjectKey, Reason>, action: Action) -> RunResult {
    let priority = action.priority.unwrap_or_else(|| delivery.priority());
    match action.next {
        Next::Change => {
            delivery.done();
            RunResult::Success
        }
        Next::After(after) => {
            delivery.done_and_add(Add::new().after(after).priority(priority).reason(Reason::Requeued));
            RunResult::RequeueAfter
        }
        Next::Backoff => {
            delivery.requeue(Add::new().priority(priority).reason(Reason::Requeued));
            RunResult::Requeue
        }
    }
}

fn result_of(error: &(dyn StdError + 'static)) -> RunResult {
    match error.downcast_ref() {
        Some(Failure::Timeout(_)) => RunResult::Timeout,
        Some(Failure::Panic(_)) => RunResult::Panic,
        None if Terminal::is(error) => RunResult::TerminalError,
        None => RunResult::Error,
    }
}

/// Counts a run when it ends, whatever ends it.
struct Finished<'a, K: Watchable> {
    runs: &'a Runs<K>,
    /// `None` if it was canceled, as at the end of the program.
    result: Option<RunResult>,
    started: clock::Instant,
}

impl<K: Watchable> Drop for Finished<'_, K> {
    fn drop(&mut self) {
        let duration = clock::now().duration_since(self.started);
        self.runs.monitor.inner.counters.finished(self.result, duration);
    }
}
