use std::sync::Arc;

use futures_util::future::select;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, pin_mut};
use kubernetes_core::{ListRequest, ObjectKey, Watchable};
use tracing::warn;

use super::attempts::Attempts;
use super::changes::{LenientChange, changes};
use super::health::WorkerHealth;
use super::lenient::{Lenient, Undecodable};
use super::shard_group::ShardGroup;
use super::skipped::SkippedByWorker;
use super::{ErrorPolicy, Shard, UndecodablePolicy};
use crate::clock;
use crate::driver::PAGE_WITHIN;
use crate::error::Cause;
use crate::machine::{BACKOFF, Loss};
use crate::{Change, Error, StoreWriter, Watch};

/// Fills a store from a request or a shard of it.
pub(super) struct Worker<K: Watchable> {
    pub(super) watch: Watch,
    pub(super) request: ListRequest<K>,
    pub(super) shard: Option<ShardAssignment<K>>,
    pub(super) writer: StoreWriter<K>,
    pub(super) policy: ErrorPolicy,
    pub(super) undecodable: UndecodablePolicy,
    pub(super) health: WorkerHealth,
    pub(super) skipped: SkippedByWorker,
}

/// A worker's shard of a request's objects.
pub(super) struct ShardAssignment<K> {
    pub(super) shard: Shard,
    /// All workers of a request share it.
    pub(super) group: Arc<ShardGroup<K>>,
    /// Whether the workers of the request cover all shards.
    pub(super) complete: bool,
    /// Whether this worker takes all objects if the server does not support shards.
    pub(super) first: bool,
}

/// The changes to follow: of a request, or of those that shards share. Objects outside the shard are discarded.
type Selection<K> = (BoxStream<'static, LenientChange<K>>, Option<Shard>);

impl<K: Watchable> Worker<K> {
    /// Fills the store until any worker has stopped it: an informer ends as a whole.
    pub(super) async fn run(self) {
        let store = self.writer.store();
        let stopped = store.wait_until_stopped();
        let work = self.work();
        pin_mut!(stopped, work);
        select(stopped, work).await;
    }

    async fn work(mut self) {
        let mut attempts = Attempts::new();
        loop {
            attempts.begin();
            let followed = match self.select().await {
                Ok(Some((changes, shard))) => self.follow(changes, shard).await,
                Ok(None) => return self.writer.retire(),
                Err(error) => Err(error),
            };
            let Err(error) = followed else {
                return self.writer.stop(None);
            };
            let ready = self.writer.store().is_ready();
            let is_end = match self.policy {
                ErrorPolicy::Stop => true,
                ErrorPolicy::StopUntilReady => !ready,
                ErrorPolicy::Retry => false,
            };
            if is_end || error.is_panic() {
                return self.writer.stop(error);
            }
            let wait = attempts.delay_after(&error, self.request.request());
            self.health.failed(error);
            clock::sleep(wait).await;
        }
    }

    /// The changes of a request.
    fn stream(&self, request: ListRequest<K>) -> BoxStream<'static, LenientChange<K>> {
        let (health, bookmarks) = (self.health.clone(), self.watch.settings.bookmarks);
        changes(&self.watch.clone().also_observe(move |transition| health.observe(transition, bookmarks)), request)
    }

    async fn follow(
        &mut self,
        mut changes: BoxStream<'static, LenientChange<K>>,
        shard: Option<Shard>,
    ) -> Result<(), Error> {
        let mut is_listing = false;
        while let Some(change) = changes.next().await {
            let change = change?;
            match change {
                Change::Applied(object) | Change::Deleted(object)
                    if shard.is_some_and(|shard| !shard.contains(&object)) => {}
                Change::Applied(Lenient::Decoded(object)) => {
                    self.skipped.remove(&ObjectKey::of(&object));
                    self.writer.apply(Change::Applied(object));
                }
                Change::Applied(Lenient::Undecodable(object)) => self.skip(&object)?,
                Change::Deleted(object) => {
                    self.skipped.remove(&ObjectKey::of(&object));
                    match object {
                        Lenient::Decoded(object) => self.writer.apply(Change::Deleted(object)),
                        Lenient::Undecodable(object) => self.writer.delete_without_state(&object.metadata),
                    }
                }
                Change::RestartBegin => {
                    is_listing = true;
                    self.skipped.clear();
                    self.writer.apply(Change::RestartBegin);
                }
                Change::RestartEnd => {
                    is_listing = false;
                    self.writer.apply(Change::RestartEnd);
                    // A list of any state (`0`) could be older than the store.
                    self.request = self.request.clone().without_version();
                }
                Change::Bookmark(bookmark) => self.writer.apply(Change::Bookmark(bookmark)),
            }
            // A list may still be cut short.
            if !is_listing {
                self.health.delivered();
            }
            // Many changes may arrive together, so the task yields between them.
            tokio::task::coop::consume_budget().await;
        }
        Ok(())
    }

    /// Skips an object that can't be decoded, if the policy allows that.
    fn skip(&mut self, object: &Undecodable) -> Result<(), Error> {
        let error = object.error(self.request.request());
        if self.undecodable == UndecodablePolicy::Fail {
            return Err(error);
        }
        warn!(request = ?self.request.request(), ?error, "informer: skipping an object");
        self.skipped.insert(object.key(), error);
        self.writer.keep(&object.metadata);
        Ok(())
    }

    /// The changes to follow; `None` if another worker has them.
    async fn select(&self) -> Result<Option<Selection<K>>, Error> {
        let request = self.request.clone();
        let Some(ShardAssignment { shard, group, complete, first }) = &self.shard else {
            return Ok(Some((self.stream(request), None)));
        };
        // A server with shards may be replaced by one without, so objects outside the shard are always discarded.
        let sharded = group.is_selected(self.probe(shard)).await?;
        // The other shards would list again with one that fails by itself.
        let is_shareable = self.policy == ErrorPolicy::Retry && self.undecodable == UndecodablePolicy::Skip;
        Ok(match (sharded, complete, first) {
            (true, ..) => Some((self.stream(shard.select(request)), Some(*shard))),
            (false, true, true) => Some((self.stream(request), None)),
            (false, true, false) => None,
            (false, false, _) => {
                let subscribe = || group.subscribe(&self.watch, &request, *shard, &self.health);
                let shared = is_shareable.then(subscribe).flatten();
                Some(match shared {
                    Some(changes) => (changes, None),
                    None => (self.stream(request), Some(*shard)),
                })
            }
        })
    }

    /// Requests a list of a shard, to see whether the response says that it is one. A server without support ignores
    /// the parameter.
    async fn probe(&self, shard: &Shard) -> Result<bool, Error> {
        // The most recent state, as the version of the request may be forgotten.
        let request = self.request.clone().without_version().selection().read_as::<Lenient<K>>();
        let request = || shard.select(request.clone()).limit(1);
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
        warn!(request = ?self.request.request(), "informer: the server does not support shards");
        Ok(false)
    }
}
