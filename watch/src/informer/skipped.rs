use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use kubernetes_client::sync::lock;
use kubernetes_core::ObjectKey;

use crate::Error;

/// The maximum number of objects that are remembered; all are logged.
const LIMIT: usize = 1000;

/// The objects that an informer skips because they can't be decoded.
#[derive(Clone, Debug, Default)]
pub(super) struct SkippedObjects(Arc<Mutex<Errors>>);

type Errors = BTreeMap<(usize, ObjectKey), Error>;

impl SkippedObjects {
    pub(super) fn list(&self) -> Vec<(ObjectKey, Error)> {
        lock(&self.0).iter().map(|((_, key), error)| (key.clone(), error.clone())).collect()
    }

    /// The objects of one worker.
    pub(super) fn of_worker(&self, worker: usize) -> SkippedByWorker {
        SkippedByWorker { all: self.clone(), worker, count: 0 }
    }
}

/// The objects that one worker skips.
#[derive(Debug)]
pub(super) struct SkippedByWorker {
    all: SkippedObjects,
    worker: usize,
    /// The number of objects, so that a worker without any needs no lock for each event.
    count: usize,
}

impl SkippedByWorker {
    pub(super) fn insert(&mut self, key: ObjectKey, error: Error) {
        let mut errors = lock(&self.all.0);
        if errors.len() < LIMIT && errors.insert((self.worker, key), error).is_none() {
            self.count += 1;
        }
    }

    pub(super) fn remove(&mut self, key: &ObjectKey) {
        if self.count > 0 && lock(&self.all.0).remove(&(self.worker, key.clone())).is_some() {
            self.count -= 1;
        }
    }

    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.count) > 0 {
            lock(&self.all.0).retain(|(worker, _), _| *worker != self.worker);
        }
    }
}
