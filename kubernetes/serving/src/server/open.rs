use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex};

use futures_util::future::{Either, select};
use kubernetes_client::sync::lock;
use tokio::sync::{AcquireError, Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::activity::Activity;

/// The open connections of a server. When there is no room for another, the one that has been idle longest ends: else
/// strangers could keep all others out by connections that they don't use.
#[derive(Clone)]
pub(super) struct Open {
    permits: Arc<Semaphore>,
    idle: Arc<Notify>,
    connections: Arc<Mutex<Connections>>,
}

#[derive(Default)]
struct Connections {
    last_id: u64,
    by_id: HashMap<u64, (Activity, CancellationToken)>,
}

/// The place of a connection, until it is dropped.
pub(super) struct Place {
    pub(super) activity: Activity,
    /// Asks the connection to end, because another needs its place.
    pub(super) evicted: CancellationToken,
    id: u64,
    open: Open,
    _permit: Result<OwnedSemaphorePermit, AcquireError>,
}

impl Open {
    pub(super) fn new(limit: usize) -> Self {
        let connections = Arc::default();
        Self { permits: Arc::new(Semaphore::new(limit)), idle: Arc::default(), connections }
    }

    /// Waits for room for another connection.
    pub(super) async fn enter(&self) -> Place {
        let permit = match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => Ok(permit),
            Err(_) => self.make_room().await,
        };
        let (activity, evicted) = (Activity::new(&self.idle), CancellationToken::new());
        let mut connections = lock(&self.connections);
        connections.last_id += 1;
        let id = connections.last_id;
        connections.by_id.insert(id, (activity.clone(), evicted.clone()));
        drop(connections);
        Place { activity, evicted, id, open: self.clone(), _permit: permit }
    }

    /// Lets a connection end, now or as soon as one is idle.
    async fn make_room(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        let mut permit = pin!(Arc::clone(&self.permits).acquire_owned());
        while !self.evict() {
            if let Either::Left((permit, _)) = select(permit.as_mut(), pin!(self.idle.notified())).await {
                return permit;
            }
        }
        permit.await
    }

    /// Ends the connection that has been idle longest, those without a request first. Returns whether there is one.
    fn evict(&self) -> bool {
        let connections = lock(&self.connections);
        let idle = connections.by_id.values().filter_map(|(activity, evicted)| Some((activity.idle_since()?, evicted)));
        let Some((_, evicted)) = idle.min_by_key(|(since, _)| *since) else { return false };
        evicted.cancel();
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.open.connections).by_id.remove(&self.id);
    }
}
