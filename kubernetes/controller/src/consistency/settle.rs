use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use kubernetes_client::{Backoff, Client, Error};
use kubernetes_core::{ListRequest, ObjectKey, ReadRequest};
use tokio::sync::mpsc;
use tracing::{debug, warn};

use super::requirements::Requirements;
use super::{Writes, lock};
use crate::clock;
use crate::informers::WatchedStore;

/// Between reads of objects whose state is not known.
const READ_AGAIN: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5)).jitter(0.5, 1.0);

impl Writes {
    /// Waits until stores have seen the writes, and releases each object then.
    pub(crate) async fn settle(
        self: Arc<Self>,
        client: Client,
        mut unsettled: mpsc::UnboundedReceiver<ObjectKey>,
        release: impl Fn(&ObjectKey),
    ) {
        let mut waiting = FuturesUnordered::new();
        loop {
            let next = std::pin::pin!(unsettled.recv());
            let settled = if waiting.is_empty() {
                Either::Left(next.await)
            } else {
                match select(next, waiting.next()).await {
                    Either::Left((key, _)) => Either::Left(key),
                    Either::Right((key, _)) => Either::Right(key),
                }
            };
            match settled {
                Either::Left(None) => return,
                Either::Left(Some(key)) => waiting.push(self.settle_object(&client, key)),
                Either::Right(key) => key.iter().for_each(&release),
            }
        }
    }

    async fn settle_object(&self, client: &Client, key: ObjectKey) -> ObjectKey {
        loop {
            let Some((mut requirements, writes)) = self.required(&key) else { return key };
            let met = clock::timeout(self.limit, self.wait_until_met(client, &mut requirements)).await;
            let mut pending = lock(&self.pending);
            let is_last = pending.get(&key).is_none_or(|pending| pending.writes == writes);
            // Writes that have come meanwhile have their own time.
            if !is_last {
                continue;
            }
            let held_since = pending.remove(&key).and_then(|pending| pending.held_since);
            drop(pending);
            let mut counters = lock(&self.counters);
            if let Some(since) = held_since {
                counters.wait.observe(since.elapsed());
            }
            if met.is_err() {
                counters.timeouts += 1;
                warn!(%key, limit = ?self.limit, "controller: a store has not seen a write in time; the next run may not see it");
            }
            return key;
        }
    }

    /// The stores that must have seen something, and the number of writes that this is about.
    fn required(&self, key: &ObjectKey) -> Option<(Vec<(usize, Requirements)>, u64)> {
        let pending = lock(&self.pending);
        let pending = pending.get(key)?;
        let requirements = pending.requirements.iter().map(|(index, required)| (*index, required.clone()));
        Some((requirements.collect(), pending.writes))
    }

    async fn wait_until_met(&self, client: &Client, requirements: &mut [(usize, Requirements)]) {
        for (index, required) in requirements {
            let Some(store) = self.stores().get(*index) else { continue };
            find_out(client, &**store, required).await;
            let required = &*required;
            // A store that has stopped ends the controller.
            let _ = store.wait_for(&|| required.are_met_by(&**store)).await;
        }
    }
}

/// Reads the objects of which it is not known whether they were written.
async fn find_out(client: &Client, store: &dyn WatchedStore, required: &mut Requirements) {
    for key in required.unknown_objects() {
        let request = ReadRequest::<()>::at(store.scope().path(&key)).metadata_only();
        let read = retry(&key, || request.clone().send_opt(client)).await;
        match read {
            Some(object) => required.set_known(key, object.metadata.resource_version, None),
            None => {
                let gone = store.uid_of(&key);
                required.set_known(key, None, gone);
            }
        }
    }
    if required.asks_for_version() {
        let request = ListRequest::<()>::at(store.scope().collection()).metadata_only().limit(1);
        let list = retry(&ObjectKey::default(), || request.clone().send(client)).await;
        required.set_version(list.resource_version().into());
    }
}

/// Repeats a read until it succeeds.
async fn retry<T, F: Future<Output = Result<T, Error>>>(key: &ObjectKey, read: impl Fn() -> F) -> T {
    let mut delays = READ_AGAIN.delays();
    loop {
        match read().await {
            Ok(read) => return read,
            Err(error) => {
                debug!(%key, ?error, "controller: reading the outcome of a write again");
                clock::sleep(delays.next_delay()).await;
            }
        }
    }
}
