use std::any::Any;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use kubernetes_core::{GroupVersionResource, Object, Str};
use kubernetes_watch::ShardGroup;

use super::latency::Latency;
use super::{InformerId, SharedInformer};

/// The numbers of the informers of a resource.
pub(crate) struct InformerCounts {
    /// How many of them fail, so that their stores are out of date.
    pub(crate) failing: usize,
    /// The events that wait for controllers.
    pub(crate) queued: usize,
    /// The lowest version that all stores have reached.
    pub(crate) version: Option<Str>,
    pub(crate) latency: Latency,
}

/// An informer or a group of shards.
pub(super) trait Running: Any + Send + Sync {
    /// The latency of the informers of a resource, of one of them.
    fn latency_of(&self, _resource: &GroupVersionResource) -> Option<&Latency> {
        None
    }

    /// The resource and the numbers, of an informer.
    fn counts(&self) -> Option<(&GroupVersionResource, InformerCounts)> {
        None
    }

    /// That of an informer.
    fn id(&self) -> Option<InformerId> {
        None
    }
}

impl<K: Object> Running for SharedInformer<K> {
    fn latency_of(&self, resource: &GroupVersionResource) -> Option<&Latency> {
        (self.resource == *resource).then_some(&self.latency)
    }

    fn counts(&self) -> Option<(&GroupVersionResource, InformerCounts)> {
        let store = self.store();
        let (queued, version) = (store.queued_events(), store.resource_version());
        let failing = usize::from(self.informer.error().is_some());
        Some((&self.resource, InformerCounts { failing, queued, version, latency: self.latency.clone() }))
    }

    fn id(&self) -> Option<InformerId> {
        Some(self.id)
    }
}

impl<K: Send + Sync + 'static> Running for ShardGroup<K> {}

/// The numbers of several informers by their resource: group, version and plural.
pub(super) fn by_resource(running: &[Arc<dyn Running>]) -> BTreeMap<[Str; 3], InformerCounts> {
    let mut all = BTreeMap::new();
    for (resource, counts) in running.iter().filter_map(|running| running.counts()) {
        let GroupVersionResource { group, version, resource } = resource.clone();
        let place = all.entry([group, version, resource]).or_insert_with(|| InformerCounts {
            failing: 0,
            queued: 0,
            version: None,
            latency: counts.latency,
        });
        place.failing += counts.failing;
        place.queued += counts.queued;
        // Versions are numbers of any length; the longer one is larger.
        let newest_first = |version: &Str| Reverse((version.len(), version.clone()));
        place.version = place.version.take().into_iter().chain(counts.version).max_by_key(newest_first);
    }
    all
}
