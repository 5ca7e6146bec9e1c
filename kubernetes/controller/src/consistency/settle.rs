use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use kubernetes_client::{Backoff, Client, Error};
use kubernetes_core::{ListRequest, ObjectKey, PartialObjectMetadata, ReadRequest};
use tokio::sync::mpsc;
use tracing::{debug, warn};

use super::requirements::Requirements;
use super::{Writes, lock};
use crate::clock::{self, Instant};
use crate::informers::{StoreId, WatchedStore};

/// Between reads of objects whose state is not known.
const READ_AGAIN: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5)).jitter(0.5, 1.0);

/// The writes for an object that stores must have seen.
struct Required {
    requirements: Vec<(StoreId, Requirements)>,
    /// The number of the last of them.
    last: u64,
    written_at: Instant,
}

impl Writes {
    /// Waits until stores have seen the writes of objects that are held, and releases each then.
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
            let Some(Required { mut requirements, last, written_at }) = self.required(&key) else { return key };
            let end = clock::later(written_at, self.limit.unwrap_or_default());
            let met = clock::timeout_at(end, self.wait_until_met(client, &mut requirements)).await;
            let mut pending = lock(&self.pending);
            // Later writes have their own time.
            if pending.by_object.get(&key).is_some_and(|pending| pending.last != last) {
                continue;
            }
            let held_since = pending.by_object.remove(&key).and_then(|pending| pending.held_since);
            drop(pending);
            if let Some(since) = held_since {
                lock(&self.counters.0).wait.observe(clock::now().duration_since(since));
            }
            if met.is_err() {
                self.timed_out(&key);
            }
            return key;
        }
    }

    fn required(&self, key: &ObjectKey) -> Option<Required> {
        let pending = lock(&self.pending);
        let pending = pending.by_object.get(key)?;
        let requirements = pending.requirements.iter().map(|(id, required)| (*id, required.clone())).collect();
        Some(Required { requirements, last: pending.last, written_at: pending.written_at })
    }

    async fn wait_until_met(&self, client: &Client, requirements: &mut [(StoreId, Requirements)]) {
        for (id, required) in requirements {
            let Some(store) = self.stores.snapshot().get(id).cloned() else { continue };
            find_out(client, &*store, required).await;
            let required = &*required;
            // A store that has stopped ends the controller.
            self.stores.wait_for(*id, &|store| required.are_met_by(store)).await;
        }
    }
}

/// Reads the objects of which it is not known whether they were written.
async fn find_out(client: &Client, store: &dyn WatchedStore, required: &mut Requirements) {
    for key in required.unknown_objects() {
        let read = retry(&key, || read(client, store, &key)).await;
        match read {
            // Nothing can be required.
            None => required.set_known(key, None, None),
            Some(Some(object)) => required.set_known(key, object.metadata.resource_version, None),
            Some(None) => {
                let gone = store.uid_of(&key);
                required.set_known(key, None, gone);
            }
        }
    }
    if required.asks_for_version() {
        let request = ListRequest::<()>::at(store.scope().collection()).metadata_only().limit(1);
        let list = retry(&ObjectKey::default(), || request.clone().send(client)).await;
        match list {
            Some(list) => required.set_version(list.resource_version().into()),
            None => required.give_up_version(),
        }
    }
}

/// The object, if it is one of the store's.
async fn read(
    client: &Client,
    store: &dyn WatchedStore,
    key: &ObjectKey,
) -> Result<Option<PartialObjectMetadata<()>>, Error> {
    let scope = store.scope();
    let object = if scope.is_selective() {
        scope.selected(key).send(client).await?.items.into_iter().next()
    } else {
        ReadRequest::<()>::at(scope.path(key)).metadata_only().send_opt(client).await?
    };
    Ok(object.filter(|object| scope.has_uid(object.metadata.uid.as_deref())))
}

/// Repeats a read until it succeeds; `None` if the server refuses it, as without permission.
async fn retry<T, F: Future<Output = Result<T, Error>>>(key: &ObjectKey, read: impl Fn() -> F) -> Option<T> {
    let mut delays = READ_AGAIN.delays();
    loop {
        match read().await {
            Ok(read) => return Some(read),
            Err(error) if is_refused(&error) => {
                warn!(%key, %error, "controller: the outcome of a write can't be read; the next run may not see it");
                return None;
            }
            Err(error) => {
                debug!(%key, ?error, "controller: reading the outcome of a write again");
                clock::sleep(delays.next_delay()).await;
            }
        }
    }
}

/// Whether the server would refuse the same request again.
fn is_refused(error: &Error) -> bool {
    let is_transient = error.is_retryable() || error.is_too_many_requests();
    error.http_status().is_some_and(|status| status.is_client_error()) && !is_transient
}
