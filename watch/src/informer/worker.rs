use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_core::Stream;
use kubernetes_core::{ListRequest, Watchable};
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep};
use tracing::warn;

use super::health::Health;
use super::{ErrorPolicy, Shard};
use crate::backoff::Backoff;
use crate::driver::PAGE_WITHIN;
use crate::error::Cause;
use crate::machine::Loss;
use crate::{Change, Error, Reflector, StoreWriter, Watch};

/// After how long without an error the next one is answered as the first.
const RECOVERED: Duration = Duration::from_secs(60);

/// What fills a store from one request, or its shard.
pub(super) struct Worker<K: Watchable> {
    pub(super) watch: Watch,
    pub(super) request: ListRequest<K>,
    pub(super) part: Option<Part>,
    pub(super) writer: StoreWriter<K>,
    pub(super) policy: ErrorPolicy,
    pub(super) health: Health,
}

/// Which part of a request's objects a worker has.
pub(super) struct Part {
    pub(super) shard: Shard,
    /// Whether the server makes shards, once that is known. All workers of a request share it.
    pub(super) server: Arc<OnceCell<bool>>,
    /// Whether the workers of the request have all shards together.
    pub(super) complete: bool,
    /// Whether it is the worker that has all objects if the server makes no shards.
    pub(super) first: bool,
}

/// The objects to ask for; those that are not in the shard are left out.
type Share<K> = (ListRequest<K>, Option<Shard>);

impl<K: Watchable> Worker<K> {
    /// Fills the store until it has stopped, by whatever worker: an informer ends as a whole.
    pub(super) async fn run(self) {
        let store = self.writer.store();
        let mut stopped = std::pin::pin!(store.wait_until_stopped());
        let mut work = std::pin::pin!(self.work());
        poll_fn(|context| match stopped.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(()),
            Poll::Pending => work.as_mut().poll(context),
        })
        .await;
    }

    async fn work(mut self) {
        let mut backoff = Backoff::new(fastrand::Rng::new());
        loop {
            let started = Instant::now();
            let followed = match self.share().await {
                Ok(Some(share)) => self.follow(share).await,
                Ok(None) => return self.writer.retire(),
                Err(error) => Err(error),
            };
            let Err(error) = followed else {
                return self.writer.stop(None);
            };
            let ready = self.writer.store().is_ready();
            if self.policy == ErrorPolicy::Stop || self.policy == ErrorPolicy::StopUntilReady && !ready {
                return self.writer.stop(error);
            }
            if started.elapsed() >= RECOVERED {
                backoff.reset();
            }
            let wait = backoff.next();
            warn!(request = ?self.request.request(), ?wait, ?error, "informer: trying again");
            self.health.failed(error);
            sleep(wait).await;
        }
    }

    async fn follow(&mut self, (request, shard): Share<K>) -> Result<(), Error> {
        let mut changes = Reflector::from(self.watch.clone()).stream(request);
        while let Some(change) = poll_fn(|context| Pin::new(&mut changes).poll_next(context)).await {
            let change = change?;
            match &change {
                Change::Applied(object) | Change::Deleted(object)
                    if shard.is_some_and(|shard| !shard.contains(object)) => {}
                Change::RestartEnd => {
                    self.health.recovered();
                    self.writer.apply(change);
                    // A list that may be of any state (`0`) could be older than what the store has now.
                    self.request = self.request.clone().without_version();
                }
                _ => self.writer.apply(change),
            }
            // Many changes may have come together: the runtime gets its turn between them.
            tokio::task::coop::consume_budget().await;
        }
        Ok(())
    }

    /// What to ask for; nothing if another worker has it.
    async fn share(&self) -> Result<Option<Share<K>>, Error> {
        let request = self.request.clone();
        let Some(Part { shard, server, complete, first }) = &self.part else {
            return Ok(Some((request, None)));
        };
        // A server that makes shards may be replaced by one that does not: what is not in the shard is left out anyway.
        let sharded = *server.get_or_try_init(|| self.probe(shard)).await?;
        Ok(match (sharded, complete, first) {
            (true, ..) => Some((shard.select(request), Some(*shard))),
            (false, true, true) => Some((request, None)),
            (false, true, false) => None,
            (false, false, _) => Some((request, Some(*shard))),
        })
    }

    /// Asks the server for a list of a shard, to see whether it says that it is one. A server that does not know the
    /// parameter leaves it out of account.
    async fn probe(&self, shard: &Shard) -> Result<bool, Error> {
        // Of the most recent state: a version of the request may be forgotten.
        let request = || shard.select(self.request.clone().without_version().selection()).limit(1);
        let mut backoff = Backoff::new(fastrand::Rng::new());
        loop {
            let cause = match tokio::time::timeout(PAGE_WITHIN, request().send(&self.watch.client)).await {
                Ok(Ok(list)) if list.metadata.shard_info.is_some() => return Ok(true),
                Ok(Ok(_)) => break,
                Ok(Err(error)) => Cause::Client(error),
                Err(_) => Cause::Silent(PAGE_WITHIN),
            };
            match cause.loss() {
                Loss::Final => return Err(Error::new(self.request.request(), cause)),
                Loss::Refused => break,
                _ => {
                    let (wait, error) = (backoff.next(), Error::new(self.request.request(), cause));
                    warn!(request = ?self.request.request(), ?wait, ?error, "informer: asking for shards again");
                    self.health.failed(error);
                    sleep(wait).await;
                }
            }
        }
        warn!(request = ?self.request.request(), "informer: the server makes no shards");
        Ok(false)
    }
}
