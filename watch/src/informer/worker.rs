use std::sync::Arc;

use futures_util::future::select;
use futures_util::{StreamExt, pin_mut};
use kubernetes_core::{ListRequest, ObjectKey, Watchable};
use tokio::sync::OnceCell;
use tracing::warn;

use super::health::WorkerHealth;
use super::lenient::{Lenient, Undecodable};
use super::skipped::SkippedByWorker;
use super::{ErrorPolicy, Shard, UndecodablePolicy};
use crate::clock;
use crate::driver::PAGE_WITHIN;
use crate::error::Cause;
use crate::machine::{BACKOFF, Loss, RECOVERED};
use crate::{Change, Error, ReflectorStream, StoreWriter, Watch};

/// Fills a store from one request, or from its shard.
pub(super) struct Worker<K: Watchable> {
    pub(super) watch: Watch,
    pub(super) request: ListRequest<K>,
    pub(super) shard: Option<ShardAssignment>,
    pub(super) writer: StoreWriter<K>,
    pub(super) policy: ErrorPolicy,
    pub(super) undecodable: UndecodablePolicy,
    pub(super) health: WorkerHealth,
    pub(super) skipped: SkippedByWorker,
}

/// The shard of a request's objects that a worker has.
pub(super) struct ShardAssignment {
    pub(super) shard: Shard,
    /// Whether the server makes shards, once that is known. All workers of a request share it.
    pub(super) server: Arc<OnceCell<bool>>,
    /// Whether the workers of the request have all shards together.
    pub(super) complete: bool,
    /// Whether it is the worker that has all objects if the server makes no shards.
    pub(super) first: bool,
}

/// The objects to ask for; those that are not in the shard are left out.
type Selection<K> = (ListRequest<K>, Option<Shard>);

impl<K: Watchable> Worker<K> {
    /// Fills the store until it has stopped, by whatever worker: an informer ends as a whole.
    pub(super) async fn run(self) {
        let store = self.writer.store();
        let stopped = store.wait_until_stopped();
        let work = self.work();
        pin_mut!(stopped, work);
        select(stopped, work).await;
    }

    async fn work(mut self) {
        let mut delays = BACKOFF.delays();
        let health = self.health.clone();
        let bookmarks = self.watch.settings.bookmarks;
        self.watch = self.watch.also_observe(move |transition| health.observe(transition, bookmarks));
        loop {
            let started = clock::now();
            let followed = match self.select().await {
                Ok(Some(selection)) => self.follow(selection).await,
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
                delays.reset();
            }
            let wait = delays.next_delay();
            warn!(request = ?self.request.request(), ?wait, ?error, "informer: trying again");
            self.health.failed(error);
            clock::sleep(wait).await;
        }
    }

    async fn follow(&mut self, (request, shard): Selection<K>) -> Result<(), Error> {
        let Watch { client, settings, streams } = &self.watch;
        let mut changes = ReflectorStream::<Lenient<K>>::new(client.clone(), request, settings, streams.add());
        let mut list = ListCount::default();
        let mut is_listing = false;
        while let Some(change) = changes.next().await {
            let change = change?;
            match change {
                Change::Applied(object) | Change::Deleted(object)
                    if shard.is_some_and(|shard| !shard.contains(&object)) => {}
                Change::Applied(Lenient::Decoded(object)) => {
                    list.decoded += 1;
                    self.skipped.remove(&ObjectKey::of(&object));
                    self.writer.apply(Change::Applied(object));
                }
                Change::Applied(Lenient::Undecodable(object)) => {
                    list.last_error = Some(self.skip(*object)?);
                }
                Change::Deleted(object) => {
                    self.skipped.remove(&ObjectKey::of(&object));
                    match object {
                        Lenient::Decoded(object) => self.writer.apply(Change::Deleted(object)),
                        Lenient::Undecodable(object) => self.writer.delete_without_state(&object.metadata),
                    }
                }
                Change::RestartBegin => {
                    list = ListCount::default();
                    is_listing = true;
                    self.skipped.clear();
                    self.writer.apply(Change::RestartBegin);
                }
                Change::RestartEnd => {
                    list.check()?;
                    is_listing = false;
                    self.writer.apply(Change::RestartEnd);
                    // A list that may be of any state (`0`) could be older than what the store has now.
                    self.request = self.request.clone().without_version();
                }
                Change::Bookmark(bookmark) => self.writer.apply(Change::Bookmark(bookmark)),
            }
            // A list may still break off.
            if !is_listing {
                self.health.delivered();
            }
            // Many changes may have come together: the runtime gets its turn between them.
            tokio::task::coop::consume_budget().await;
        }
        Ok(())
    }

    /// Goes on without an object that can't be decoded, unless that is not wanted.
    fn skip(&mut self, object: Undecodable) -> Result<Error, Error> {
        let Undecodable { metadata, error } = object;
        let key = ObjectKey::new(metadata.namespace.as_deref(), metadata.name.as_deref().unwrap_or_default());
        let error = Error::new(self.request.request(), Cause::UndecodableObject(key.clone(), error));
        if self.undecodable == UndecodablePolicy::Fail {
            return Err(error);
        }
        warn!(request = ?self.request.request(), ?error, "informer: skipping an object");
        self.skipped.insert(key, error.clone());
        self.writer.keep(&metadata);
        Ok(error)
    }

    /// The objects to ask for; `None` if another worker has them.
    async fn select(&self) -> Result<Option<Selection<K>>, Error> {
        let request = self.request.clone();
        let Some(ShardAssignment { shard, server, complete, first }) = &self.shard else {
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
        let mut delays = BACKOFF.delays();
        loop {
            let cause = match clock::timeout(PAGE_WITHIN, request().send(&self.watch.client)).await {
                Ok(Ok(list)) if list.metadata.shard_info.is_some() => return Ok(true),
                Ok(Ok(_)) => break,
                Ok(Err(error)) => Cause::Client(error),
                Err(_) => Cause::Silent(PAGE_WITHIN),
            };
            match cause.loss() {
                Loss::Final => return Err(Error::new(self.request.request(), cause)),
                Loss::Refused => break,
                _ => {
                    let (wait, error) = (delays.next_delay(), Error::new(self.request.request(), cause));
                    warn!(request = ?self.request.request(), ?wait, ?error, "informer: asking for shards again");
                    self.health.failed(error);
                    clock::sleep(wait).await;
                }
            }
        }
        warn!(request = ?self.request.request(), "informer: the server makes no shards");
        Ok(false)
    }
}

/// The objects of a list that have come so far.
#[derive(Default)]
struct ListCount {
    decoded: usize,
    /// Why the last one that can't be decoded can't be.
    last_error: Option<Error>,
}

impl ListCount {
    /// Takes a list of which no object can be decoded for an error: it is the type that is wrong.
    fn check(&self) -> Result<(), Error> {
        match &self.last_error {
            Some(error) if self.decoded == 0 => Err(error.clone()),
            _ => Ok(()),
        }
    }
}
