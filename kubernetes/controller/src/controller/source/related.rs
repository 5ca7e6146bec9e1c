use std::sync::Arc;

use kubernetes_core::{Object, ObjectKey, Str, Watchable};
use kubernetes_watch::StoreEvent;

use super::{Enqueuer, Follower, Source, Started, is_low};
use crate::controller::reason::Reason;
use crate::informers::Unwatchable;
use crate::queue::Add;

/// Follows the objects of a source, and adds each key of the controller's objects that `keys` hands on for one.
///
/// After an update these are also those of the object as it was: a reference that moved concerns both ends.
pub(super) fn start<K: Object, O: Watchable>(
    source: Source<O>,
    enqueuer: &Arc<Enqueuer<K>>,
    reason: fn(Str, ObjectKey) -> Reason,
    ends_backoff: fn(&StoreEvent<O>) -> bool,
    keys: impl Fn(&O, &Enqueuer<K>, &dyn Fn(ObjectKey)) + Send + 'static,
) -> Result<Started, Unwatchable> {
    let informer = source.informer(enqueuer)?;
    let enqueuer = Arc::clone(enqueuer);
    let resource: Str = informer.resource.resource.clone();
    let name = Arc::clone(&enqueuer.name);
    let events = informer.informer.subscribe();
    // Runs for its events must find it.
    let stores = enqueuer.stores.add(informer.stores());
    let follower = Follower::of_events(&name, informer.latency.clone(), events, move |event, is_initial| {
        if !source.passes(event) {
            return;
        }
        let related = event.key();
        let is_low = is_low(event, is_initial);
        let ends_backoff = !is_low && source.ends_backoff_by(event, ends_backoff(event));
        let add = |key: ObjectKey| {
            let add = Add::new().reason(reason(resource.clone(), related.clone()));
            let add = if is_low { add.priority(Add::<()>::LOW) } else { add };
            enqueuer.add(key, if ends_backoff { add.reset_backoff() } else { add });
        };
        if let StoreEvent::Updated { old, .. } = event {
            keys(old, &enqueuer, &add);
        }
        keys(event.object(), &enqueuer, &add);
    });
    Ok(Started { stores, follower })
}
