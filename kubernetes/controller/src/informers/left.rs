use std::collections::HashSet;
use std::sync::Mutex;

use kubernetes_client::sync::lock;

use super::{InformerId, Informers};

/// The informers that a controller has left, while they run for others.
///
/// It does not take them again: they may not have seen writes that were no longer awaited when it had left, whereas a new
/// informer lists all that was written before.
#[derive(Default)]
pub(crate) struct Left(Mutex<HashSet<InformerId>>);

impl Left {
    pub(super) fn has(&self, id: InformerId) -> bool {
        lock(&self.0).contains(&id)
    }

    /// Adds informers, and forgets those that have ended.
    pub(crate) fn add(&self, ids: impl IntoIterator<Item = InformerId>, informers: &Informers) {
        // Not under the lock, which is taken under that of the informers.
        let running = informers.ids();
        let mut left = lock(&self.0);
        left.retain(|id| running.contains(id));
        left.extend(ids);
    }
}
