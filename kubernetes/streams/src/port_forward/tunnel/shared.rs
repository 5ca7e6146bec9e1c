use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use kubernetes_client::sync::lock;

use super::connections::Connections;
use crate::error::Error;

/// The state that the handles of a tunnel, its connections and its task share.
#[derive(Debug)]
pub(super) struct Shared {
    connections: Mutex<Connections>,
    pub(super) counters: Arc<Counters>,
}

impl Shared {
    pub(super) fn new(receive_bytes: usize, counters: Arc<Counters>) -> Arc<Self> {
        Arc::new(Self { connections: Mutex::new(Connections::new(receive_bytes)), counters })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Connections> {
        lock(&self.connections)
    }

    pub(super) fn lose(&self, error: &Error) {
        self.lock().lose(error);
    }
}

/// The counters of a forwarder.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) opened: AtomicU64,
    pub(crate) open: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) sent: AtomicU64,
    pub(crate) received: AtomicU64,
    pub(crate) tunnels: AtomicU64,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, count: usize) {
        counter.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}
