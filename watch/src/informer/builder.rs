use std::fmt;
use std::sync::Arc;

use kubernetes_client::Client;
use kubernetes_core::{ListRequest, Watchable};
use tokio::sync::OnceCell;

use super::health::Health;
use super::skipped::SkippedObjects;
use super::worker::{ShardAssignment, Worker};
use super::{ErrorPolicy, Informer, Shard, UndecodablePolicy};
use crate::{Index, Store, StoreBuilder, StoreWriter, Watch};

/// Settings of an informer, made by [`Informer::builder`].
#[must_use = "an informer does nothing until it is started"]
pub struct InformerBuilder<K> {
    watch: Watch,
    requests: Vec<ListRequest<K>>,
    store: StoreBuilder<K>,
    policy: ErrorPolicy,
    undecodable: UndecodablePolicy,
    shards: Vec<Shard>,
    /// Whether the shards are all that there are.
    complete: bool,
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
        }
    }

    /// Adds the objects of another request: another namespace, or another selector. The store has the objects of all
    /// requests, each once.
    pub fn and(mut self, request: ListRequest<K>) -> Self {
        self.requests.push(request);
        self
    }

    /// Keeps an index.
    pub fn index(mut self, index: &Index<K>) -> Self {
        self.store = self.store.index(index);
        self
    }

    /// Changes every object before it is stored: see [`StoreBuilder::transform`].
    pub fn transform(mut self, transform: impl Fn(&mut K) + Send + Sync + 'static) -> Self {
        self.store = self.store.transform(transform);
        self
    }

    /// Does not keep `metadata.managedFields`: see [`StoreBuilder::drop_managed_fields`].
    pub fn drop_managed_fields(mut self) -> Self {
        self.store = self.store.drop_managed_fields();
        self
    }

    /// Takes client, timeouts, observer and counters of a watch, in place of the defaults.
    ///
    /// So the client that the [builder](Informer::builder) was given is not used: give it the same one. Stopping the
    /// watch leaves the informer running, which has a [`stop`](Informer::stop) of its own.
    pub fn watch(mut self, watch: &Watch) -> Self {
        self.watch = watch.clone();
        self
    }

    /// Sets what to do after an error that a retry can't cure.
    pub fn on_error(mut self, policy: ErrorPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets what to do with an object that can't be decoded: by default, it is reported and passed over.
    pub fn on_undecodable(mut self, policy: UndecodablePolicy) -> Self {
        self.undecodable = policy;
        self
    }

    /// Has this many connections share the work, each in a task of its own: for a resource with more changes than one
    /// processor core can decode.
    ///
    /// The server sends each object to one of them (`shardSelector`, an alpha feature of Kubernetes 1.36). If it does
    /// not know how, there is one connection only, and a warning is logged; the store has the same objects.
    pub fn shards(mut self, count: u32) -> Self {
        self.shards = Shard::split(count).collect();
        self.complete = true;
        self
    }

    /// Has only the objects of one shard, for a program of which several copies run and share the work.
    ///
    /// If the server does not know how, it sends all objects, those of other shards are left out here, and a warning is
    /// logged.
    pub fn shard(mut self, shard: Shard) -> Self {
        self.shards = vec![shard];
        self.complete = false;
        self
    }

    /// Starts to list and watch, in tasks of its own.
    ///
    /// # Panics
    /// If it is called outside a tokio runtime.
    pub fn start(self) -> Informer<K> {
        let Self { watch, requests, store, policy, undecodable, shards, complete } = self;
        // Stopping the informer shall not end what else the watch has made.
        let watch = watch.with_streams_of_its_own();
        let sources: Vec<_> =
            requests.into_iter().flat_map(|request| assignments(request, &shards, complete)).collect();
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

/// The work of each worker of a request.
fn assignments<K>(
    request: ListRequest<K>,
    shards: &[Shard],
    complete: bool,
) -> Vec<(ListRequest<K>, Option<ShardAssignment>)> {
    let server = Arc::new(OnceCell::new());
    let assignment = |(index, shard): (usize, &Shard)| {
        let shard = ShardAssignment { shard: *shard, server: Arc::clone(&server), complete, first: index == 0 };
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
