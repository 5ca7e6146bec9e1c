use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use kubernetes_client::sync::lock;

use crate::{Error, Reason, Transition};

/// The failures that the workers of an informer are recovering from.
#[derive(Clone, Debug, Default)]
pub(super) struct Health(Arc<Mutex<Failures>>);

#[derive(Debug, Default)]
struct Failures {
    /// The current failure of each worker, if any.
    current: BTreeMap<usize, Failure>,
    last: Option<Error>,
}

#[derive(Debug)]
struct Failure {
    error: Error,
    remedy: Remedy,
}

/// The evidence that a failure is over.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Remedy {
    /// The server responds.
    Connection,
    /// The server sends an event or a bookmark, or a list is complete.
    Delivery,
}

impl Health {
    /// The failure of one of the workers.
    pub(super) fn error(&self) -> Option<Error> {
        lock(&self.0).current.values().next().map(|failure| failure.error.clone())
    }

    /// The last failure of any worker, even if it is over.
    pub(super) fn last_error(&self) -> Option<Error> {
        lock(&self.0).last.clone()
    }

    /// The health of one worker.
    pub(super) fn of_worker(&self, worker: usize) -> WorkerHealth {
        WorkerHealth { health: self.clone(), worker, is_failing: Arc::default() }
    }
}

/// The health of one worker.
#[derive(Clone, Debug)]
pub(super) struct WorkerHealth {
    health: Health,
    worker: usize,
    /// Avoids locking for each event in a healthy worker.
    is_failing: Arc<AtomicBool>,
}

impl WorkerHealth {
    /// Records a failure that ends only with a complete list.
    pub(super) fn failed(&self, error: Error) {
        self.set(error, Remedy::Delivery);
    }

    /// Records a transition of a watch with or without bookmarks.
    pub(super) fn observe(&self, transition: &Transition<'_>, bookmarks: bool) {
        let remedy = match transition.reason() {
            Reason::Connected => return self.clear(Remedy::Connection),
            Reason::Listed => return self.delivered(),
            Reason::Ended | Reason::NoStreamingList => return,
            Reason::Unavailable | Reason::Broken => Remedy::Connection,
            // Without bookmarks, a quiet watch is silent.
            Reason::Idle | Reason::Overdue if !bookmarks => Remedy::Connection,
            Reason::Idle | Reason::Overdue | Reason::Empty | Reason::Gone | Reason::Ahead | Reason::Refused => {
                Remedy::Delivery
            }
        };
        if let Some(error) = transition.error() {
            self.set(error.clone(), remedy);
        }
    }

    /// Records that the watch works: there was an event, a bookmark or a complete list.
    pub(super) fn delivered(&self) {
        if self.is_failing.load(Ordering::Acquire) {
            self.clear(Remedy::Delivery);
        }
    }

    fn set(&self, error: Error, remedy: Remedy) {
        let mut failures = lock(&self.health.0);
        failures.last = Some(error.clone());
        failures.current.insert(self.worker, Failure { error, remedy });
        self.is_failing.store(true, Ordering::Release);
    }

    fn clear(&self, sign: Remedy) {
        let mut failures = lock(&self.health.0);
        let is_over = |failure: &Failure| sign == Remedy::Delivery || failure.remedy == sign;
        if failures.current.get(&self.worker).is_some_and(is_over) {
            failures.current.remove(&self.worker);
            self.is_failing.store(false, Ordering::Release);
        }
    }
}
