//! Informers that controllers share.

mod scope;
mod watched;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, Weak};

use kubernetes_client::Client;
use kubernetes_client::sync::lock;
use kubernetes_core::{ListRequest, Watchable};
use kubernetes_watch::{ErrorPolicy, Index, Informer, Shard, ShardGroup, Watch};

pub(crate) use scope::Scope;
pub(crate) use watched::{SharedInformer, WatchedStore};

/// The informers of a process: controllers that ask for the same objects in the same form share one watch and one store.
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
    running: Arc<Mutex<Running>>,
}

/// The informers of each form, which differ in their indexes; and of a form in any shard, the [`ShardGroup`].
type Running = HashMap<Form, Vec<Weak<dyn Any + Send + Sync>>>;

/// The objects of an informer, and the form in which it has them.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Form {
    of: TypeId,
    /// The media type, for metadata is read as the same type whether the server sent more or not.
    accept: String,
    request: String,
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

    /// The informer of this request that has these indexes, which is started if there is none; `None` if the request's path
    /// does not name a resource.
    ///
    /// It retries whatever happens: a resource may not exist yet, or a permission be missing for a while.
    pub(crate) fn get<K: Watchable>(
        &self,
        client: &Client,
        request: &ListRequest<K>,
        drops_managed_fields: bool,
        shard: Option<Shard>,
        indexes: &[Index<K>],
    ) -> Option<Arc<SharedInformer<K>>> {
        let scope = Scope::of(request, shard)?;
        let form = Form {
            of: TypeId::of::<K>(),
            accept: String::from_utf8_lossy(request.request().accept.as_bytes()).into_owned(),
            request: format!("{:?}", request.request()),
            drops_managed_fields,
            shard,
        };
        let of_all_shards = Form { shard: None, ..form.clone() };
        let mut running = lock(&self.running);
        running.retain(|_, informers| {
            informers.retain(|informer| informer.strong_count() > 0);
            !informers.is_empty()
        });
        let known = running.get(&form).into_iter().flatten().filter_map(Weak::upgrade);
        let mut known = known.filter_map(|known| known.downcast::<SharedInformer<K>>().ok());
        if let Some(informer) = known.find(|informer| informer.has_indexes(indexes)) {
            return Some(informer);
        }
        let by_owner = Index::owner();
        let builder =
            Informer::builder(client, request.clone()).watch(&self.watch).index(&by_owner).on_error(ErrorPolicy::Retry);
        let builder = indexes.iter().fold(builder, |builder, index| builder.index(index));
        let builder = if drops_managed_fields { builder.drop_managed_fields() } else { builder };
        let builder = match shard {
            None => builder,
            Some(shard) => builder.shard(shard).shard_group(&shard_group(&mut running, of_all_shards)),
        };
        let indexes = indexes.to_vec();
        let informer = Arc::new(SharedInformer { informer: builder.start(), by_owner, indexes, scope });
        let shared: Arc<dyn Any + Send + Sync> = Arc::clone(&informer) as _;
        running.entry(form).or_default().push(Arc::downgrade(&shared));
        Some(informer)
    }
}

/// The group of all shards of a form.
fn shard_group<K: Watchable>(running: &mut Running, of_all_shards: Form) -> Arc<ShardGroup<K>> {
    let known = running.entry(of_all_shards).or_default();
    let mut groups = known.iter().filter_map(Weak::upgrade).filter_map(|known| known.downcast::<ShardGroup<K>>().ok());
    if let Some(group) = groups.next() {
        return group;
    }
    drop(groups);
    let group = Arc::new(ShardGroup::default());
    let shared: Arc<dyn Any + Send + Sync> = Arc::clone(&group) as _;
    known.push(Arc::downgrade(&shared));
    group
}

impl fmt::Debug for Informers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests: Vec<_> = lock(&self.running).keys().map(|form| form.request.clone()).collect();
        f.debug_struct("Informers").field("requests", &requests).finish_non_exhaustive()
    }
}
