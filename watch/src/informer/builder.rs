use std::fmt;
use std::sync::Arc;

use kubernetes_client::Client;
use kubernetes_core::{ListRequest, Watchable};

use super::health::Health;
use super::shard_group::ShardGroup;
use super::skipped::SkippedObjects;
use super::worker::{ShardAssignment, Worker};
use super::{ErrorPolicy, Informer, Shard, UndecodablePolicy};
use crate::{Index, Store, StoreBuilder, StoreWriter, Watch};

/// The settings of an informer, created by [`Informer::builder`].
#[must_use = "an informer does nothing until it is started"]
pub struct InformerBuilder<K> {
    watch: Watch,
    requests: Vec<ListRequest<K>>,
    store: StoreBuilder<K>,
    policy: ErrorPolicy,
    undecodable: UndecodablePolicy,
    shards: Vec<Shard>,
    /// Whether the shards cover all objects.
    complete: bool,
    /// Those of the first requests.
    groups: Vec<Arc<ShardGroup<K>>>,
}

impl<K: Watchable> InformerBuilder<K> {
    pub(super) fn new(client: &Client, request: ListRequest<K>) -> Self {
        Self {
            watch: Watch::new(client),
            requests: vec![request],
            store: Store::builder(),
            policy: ErrorPolicy::default(),
            undecodable: UndecodablePolicy::default(),
            shards: Vec::new(),
            complete: false,
            groups: Vec::new(),
        }
    }

    /// Adds the objects of another request, such as another namespace or selector. The store has the objects of all
    /// requests, without duplicates.
    pub fn and(mut self, request: ListRequest<K>) -> Self {
        self.requests.push(request);
        self
    }

    /// Adds an index.
    pub fn index(mut self, index: &Index<K>) -> Self {
        self.store = self.store.index(index);
        self
    }

    /// Transforms every object before it is stored; see [`StoreBuilder::transform`].
    pub fn transform(mut self, transform: impl Fn(&mut K) + Send + Sync + 'static) -> Self {
        self.store = self.store.transform(transform);
        self
    }

    /// Drops `metadata.managedFields`; see [`StoreBuilder::drop_managed_fields`].
    pub fn drop_managed_fields(mut self) -> Self {
        self.store = self.store.drop_managed_fields();
        self
    }

    /// Takes client, timeouts, observer and counters from a watch instead of the defaults.
    ///
    /// The client passed to the [builder](Informer::builder) is then not used, so pass the same one. Stopping the watch
    /// does not stop the informer, which has its own [`stop`](Informer::stop).
    pub fn watch(mut self, watch: &Watch) -> Self {
        self.watch = watch.clone();
        self
    }

    /// Sets the reaction to an error that a retry can't fix.
    pub fn on_error(mut self, policy: ErrorPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets the reaction to an object that can't be decoded: by default, it is reported and skipped.
    pub fn on_undecodable(mut self, policy: UndecodablePolicy) -> Self {
        self.undecodable = policy;
        self
    }

    /// Splits the work between this many connections, each in its own task, for a resource with more changes than one
    /// CPU core can decode.
    ///
    /// The server sends each object to one of them (`shardSelector`, an alpha feature of Kubernetes 1.36). If the
    /// server does not support this, there is only one connection, and a warning is logged; the store has the same
    /// objects.
    pub fn shards(mut self, count: u32) -> Self {
        self.shards = Shard::split(count).collect();
        self.complete = true;
        self
    }

    /// Restricts the informer to the objects of one shard, for a program that runs in several copies.
    ///
    /// If the server does not support this, it sends all objects; the informer discards those of other shards, and a
    /// warning is logged.
    pub fn shard(mut self, shard: Shard) -> Self {
        self.shards = vec![shard];
        self.complete = false;
        self
    }

    /// Lets informers of several shards of the same requests share a stream for each where the server does not select
    /// them: the groups are those of the requests, in order.
    ///
    /// For use by the crates of this SDK.
    #[doc(hidden)]
    pub fn shard_groups(mut self, groups: impl IntoIterator<Item = Arc<ShardGroup<K>>>) -> Self {
        self.groups.extend(groups);
        self
    }

    /// Starts background tasks that list and watch.
    ///
    /// # Panics
    /// Panics if it is called outside a tokio runtime.
    pub fn start(self) -> Informer<K> {
        let Self { watch, requests, store, policy, undecodable, shards, complete, groups } = self;
        // Stopping the informer must not end other streams of the watch.
        let watch = watch.with_streams_of_its_own();
        let groups = groups.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
        let requests = requests.into_iter().zip(groups);
        let sources: Vec<_> =
            requests.flat_map(|(request, group)| assignments(request, &shards, complete, group)).collect();
        let mut writers = store.build_with_writers(sources.len());
        let (health, skipped) = (Health::default(), SkippedObjects::default());
        let store = writers.first().map_or_else(|| Store::builder().build().store(), StoreWriter::store);
        let spawn = |(worker, ((request, shard), writer))| {
            let (health, skipped) = (health.of_worker(worker), skipped.of_worker(worker));
            let watch = watch.clone();
            let worker = Worker { watch, request, shard, writer, policy, undecodable, health, skipped };
            tokio::spawn(worker.run()).abort_handle()
        };
        let tasks = sources.into_iter().zip(writers.drain(..)).enumerate().map(spawn).collect();
        Informer { store, watch, health, skipped, tasks }
    }
}

/// The share of each worker of a request.
fn assignments<K>(
    request: ListRequest<K>,
    shards: &[Shard],
    complete: bool,
    group: Option<Arc<ShardGroup<K>>>,
) -> Vec<(ListRequest<K>, Option<ShardAssignment<K>>)> {
    let group = group.unwrap_or_default();
    let assignment = |(index, shard): (usize, &Shard)| {
        let shard = ShardAssignment { shard: *shard, group: Arc::clone(&group), complete, first: index == 0 };
        (request.clone(), Some(shard))
    };
    match shards {
        [] => vec![(request, None)],
        shards => shards.iter().enumerate().map(assignment).collect(),
    }
}

impl<K> fmt::Debug for InformerBuilder<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InformerBuilder")
            .field("requests", &self.requests)
            .field("store", &self.store)
            .field("policy", &self.policy)
            .field("undecodable", &self.undecodable)
            .field("shards", &self.shards)
            .finish_non_exhaustive()
    }
}
