use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Error;

/// The errors that workers try to get over.
#[derive(Clone, Debug, Default)]
pub(super) struct Health {
    errors: Arc<Mutex<BTreeMap<usize, Arc<Error>>>>,
    /// Which worker it is.
    worker: usize,
}

impl Health {
    pub(super) fn of(&self, worker: usize) -> Self {
        Self { errors: Arc::clone(&self.errors), worker }
    }

    pub(super) fn failed(&self, error: Error) {
        self.lock().insert(self.worker, Arc::new(error));
    }

    pub(super) fn recovered(&self) {
        self.lock().remove(&self.worker);
    }

    /// One of them.
    pub(super) fn error(&self) -> Option<Arc<Error>> {
        self.lock().values().next().cloned()
    }

    /// No code that holds the lock can panic, so a poisoned lock has consistent data.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<usize, Arc<Error>>> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
