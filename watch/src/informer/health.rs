use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use kubernetes_client::sync::lock;

use crate::{Error, Reason, Transition};

/// The failures that the workers of an informer are trying to get over.
#[derive(Clone, Debug, Default)]
pub(super) struct Health(Arc<Mutex<Failures>>);

#[derive(Debug, Default)]
struct Failures {
    /// The failure of each worker that has one.
    current: BTreeMap<usize, Failure>,
    last: Option<Error>,
}

#[derive(Debug)]
struct Failure {
    error: Error,
    remedy: Remedy,
}

/// The sign that a failure is over.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Remedy {
    /// The server answers.
    Connection,
    /// The server sends an event or a bookmark, or a list is complete.
    Delivery,
}

impl Health {
    /// The failure of one of the workers.
    pub(super) fn error(&self) -> Option<Error> {
        lock(&self.0).current.values().next().map(|failure| failure.error.clone())
    }

    /// The last failure of any worker, whether it is over or not.
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
    /// So that a healthy worker takes no lock for each event.
    is_failing: Arc<AtomicBool>,
}

impl WorkerHealth {
    /// Takes in a failure that only a complete list shows to be over.
    pub(super) fn failed(&self, error: Error) {
        self.set(error, Remedy::Delivery);
    }

    /// Takes in a change of connection of a watch that asks for bookmarks or not.
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

    /// Takes in that the watch works: an event, a bookmark or a complete list has come.
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
