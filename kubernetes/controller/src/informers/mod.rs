//! Informers that controllers share.

mod counts;
mod latency;
mod left;
mod scope;
mod stores;
mod unwatchable;
mod watched;

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, Weak};

use kubernetes_client::Client;
use kubernetes_client::sync::lock;
use kubernetes_core::{GroupVersionResource, ListRequest, Str, Watchable};
use kubernetes_watch::{ErrorPolicy, Index, Informer, InformerBuilder, Shard, ShardGroup, Watch};

pub(crate) use counts::InformerCounts;
use counts::Running;
pub(crate) use latency::Latency;
pub(crate) use left::Left;
pub(crate) use scope::Scope;
pub(crate) use stores::{StoreId, WatchedStores};
pub(crate) use unwatchable::Unwatchable;
pub(crate) use watched::{InformerId, SharedInformer, WatchedRequest, WatchedStore};

/// The informers of a process: controllers that ask for the same objects in the same form share one watch and one store.
/// For a [source](crate::Source) of several requests, these are the controllers with the same ones.
///
/// ```no_run
/// # kubernetes_core::doc_test_resource!(Pod);
/// # fn example(client: &kubernetes_client::Client) {
/// use kubernetes_controller::{Controller, Informers};
/// use kubernetes_core::ListRequest;
///
/// let informers = Informers::new(client);
/// let labels = Controller::new(client, ListRequest::<Pod>::all_namespaces()).named("labels").informers(&informers);
/// let quotas = Controller::new(client, ListRequest::<Pod>::all_namespaces()).named("quotas").informers(&informers);
/// # }
/// ```
///
/// An informer ends with the last controller that uses it. A clone has the same informers.
#[derive(Clone)]
pub struct Informers {
    watch: Watch,
    /// That of the watch, if it is known.
    client: Option<Client>,
    running: Arc<Mutex<AllRunning>>,
}

/// The informers of each form, which differ in their indexes; and of a form in any shard, the [`ShardGroup`].
type AllRunning = HashMap<Form, Vec<Weak<dyn Running>>>;

/// The objects of an informer, and the form in which it has them.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Form {
    of: TypeId,
    requests: Vec<String>,
    drops_managed_fields: bool,
    shard: Option<Shard>,
}

impl Informers {
    /// Informers that watch through `client`.
    pub fn new(client: &Client) -> Self {
        Self { client: Some(client.clone()), ..Self::with_watch(&Watch::new(client)) }
    }

    /// Informers with the client, timeouts, observer and counters of a watch.
    pub fn with_watch(watch: &Watch) -> Self {
        Self { watch: watch.clone(), client: None, running: Arc::default() }
    }

    /// Whether they watch through this client, or one that is derived from it.
    pub(crate) fn are_of(&self, client: &Client) -> bool {
        self.client.as_ref().is_some_and(|own| own.is_same_client(client))
    }

    /// The informer of these requests that has these indexes, other than those that were left, which is started if there is
    /// none.
    ///
    /// It retries whatever happens: a resource may not exist yet, or a permission be missing for a while.
    pub(crate) fn get<K: Watchable>(
        &self,
        client: &Client,
        requests: &[ListRequest<K>],
        drops_managed_fields: bool,
        shard: Option<Shard>,
        indexes: &[Index<K>],
        left: &Left,
    ) -> Result<Arc<SharedInformer<K>>, Unwatchable> {
        // Neither their order nor repetitions matter.
        let requests: BTreeMap<_, _> = requests.iter().map(|request| (text_of(request), request)).collect();
        let scopes = requests.values().map(|request| Scope::of(request, shard).ok_or(Unwatchable::NoResource));
        let scopes = scopes.collect::<Result<Vec<_>, _>>()?;
        let resource = scopes.first().ok_or(Unwatchable::NoRequest)?.resource.clone();
        if scopes.iter().any(|scope| scope.resource != resource) {
            return Err(Unwatchable::SeveralResources);
        }
        let form =
            Form { of: TypeId::of::<K>(), requests: requests.keys().cloned().collect(), drops_managed_fields, shard };
        let mut running = lock(&self.running);
        running.retain(|_, informers| {
            informers.retain(|informer| informer.strong_count() > 0);
            !informers.is_empty()
        });
        let known = running.get(&form).into_iter().flatten().filter_map(Weak::upgrade);
        let mut known = known.filter_map(downcast::<SharedInformer<K>>);
        if let Some(informer) = known.find(|informer| informer.has_indexes(indexes) && !left.has(informer.id)) {
            return Ok(informer);
        }
        drop(known);
        let by_owner = Index::owner();
        let mut all = requests.values().map(|request| (*request).clone());
        let first = all.next().ok_or(Unwatchable::NoRequest)?;
        let builder = all.fold(Informer::builder(client, first), InformerBuilder::and);
        let builder = builder.watch(&self.watch).index(&by_owner).on_error(ErrorPolicy::Retry);
        let builder = indexes.iter().fold(builder, |builder, index| builder.index(index));
        let builder = if drops_managed_fields { builder.drop_managed_fields() } else { builder };
        let builder = match shard {
            None => builder,
            Some(shard) => {
                let of_all_shards = |request: &String| {
                    let form = Form { requests: vec![request.clone()], shard: None, ..form.clone() };
                    shard_group(&mut running, form)
                };
                let groups: Vec<_> = requests.keys().map(of_all_shards).collect();
                builder.shard(shard).shard_groups(groups)
            }
        };
        let indexes = indexes.to_vec();
        let latency = latency_of(&running, &resource);
        let informer = builder.start();
        let informer =
            Arc::new(SharedInformer { informer, by_owner, indexes, resource, scopes, latency, id: InformerId::new() });
        let shared: Arc<dyn Running> = Arc::clone(&informer) as _;
        running.entry(form).or_default().push(Arc::downgrade(&shared));
        Ok(informer)
    }

    /// The informers that run.
    fn ids(&self) -> HashSet<InformerId> {
        let running: Vec<_> = lock(&self.running).values().flatten().filter_map(Weak::upgrade).collect();
        running.iter().filter_map(|running| running.id()).collect()
    }

    /// The numbers of all informers by their resource: group, version and plural.
    pub(crate) fn counts(&self) -> BTreeMap<[Str; 3], InformerCounts> {
        let running: Vec<_> = lock(&self.running).values().flatten().filter_map(Weak::upgrade).collect();
        counts::by_resource(&running)
    }
}

fn downcast<T: Any + Send + Sync>(running: Arc<dyn Running>) -> Option<Arc<T>> {
    let running: Arc<dyn Any + Send + Sync> = running;
    running.downcast().ok()
}

/// That of the informers of a resource.
fn latency_of(running: &AllRunning, resource: &GroupVersionResource) -> Latency {
    let running: Vec<_> = running.values().flatten().filter_map(Weak::upgrade).collect();
    let mut counts = running.iter().filter_map(|running| running.counts());
    let found = counts.find(|(other, _)| *other == resource).map(|(_, counts)| counts.latency);
    found.unwrap_or_else(Latency::new)
}

/// A request, and the media type: metadata are read as the same type whether the server sent more or not.
fn text_of<K>(request: &ListRequest<K>) -> String {
    let request = request.request();
    format!("{} {request:?}", String::from_utf8_lossy(request.accept.as_bytes()))
}

/// The group of all shards of a form.
fn shard_group<K: Watchable>(running: &mut AllRunning, of_all_shards: Form) -> Arc<ShardGroup<K>> {
    let known = running.entry(of_all_shards).or_default();
    let mut groups = known.iter().filter_map(Weak::upgrade).filter_map(downcast::<ShardGroup<K>>);
    if let Some(group) = groups.next() {
        return group;
    }
    drop(groups);
    let group = Arc::new(ShardGroup::default());
    let shared: Arc<dyn Running> = Arc::clone(&group) as _;
    known.push(Arc::downgrade(&shared));
    group
}

impl fmt::Debug for Informers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests: Vec<_> = lock(&self.running).keys().map(|form| form.requests.clone()).collect();
        f.debug_struct("Informers").field("requests", &requests).finish_non_exhaustive()
    }
}
