use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kubernetes_core::{Object, ObjectKey, Watchable};
use kubernetes_watch::StoreEvent;

use super::{Follower, Source, Started, Target, is_low};
use crate::consistency::Author;
use crate::controller::reason::Reason;
use crate::queue::Add;

/// Follows the controller's own objects.
pub(crate) fn start<K: Watchable>(source: Source<K>, resync: Option<Duration>, target: &Arc<Target<K>>) -> Started {
    let (informer, target) = (Arc::clone(&target.primary), Arc::clone(target));
    let events = informer.informer.subscribe();
    let events = match resync {
        Some(interval) => events.resync_every(interval),
        None => events,
    };
    let name = Arc::clone(&target.name);
    let follower = Follower::of_events(&name, events, move |event, is_initial| {
        if source.passes(event) {
            handle(event, is_initial, &target);
        }
    });
    Started { store: Some(informer), follower }
}

fn handle<K: Object>(event: &StoreEvent<K>, is_initial: bool, target: &Target<K>) {
    let key = event.key();
    let (reason, may_cure) = match event {
        StoreEvent::Added(_) if is_initial => (Reason::Listed, false),
        StoreEvent::Added(_) => (Reason::Created, true),
        StoreEvent::Updated { .. } if event.is_resync() => (Reason::Resync, false),
        StoreEvent::Updated { old, new } => {
            (Reason::Updated, is_wanted_otherwise(&**old, &**new) && is_of_another(&key, &**new, target))
        }
        StoreEvent::Deleted { object, .. } => {
            target.writes.forget(&key);
            if !target.has_begun.load(Ordering::Acquire) {
                return target.queue.remove(&key);
            }
            if let Some(tombstones) = &target.tombstones {
                tombstones.insert(key.clone(), Arc::clone(object));
            }
            (Reason::Deleted, true)
        }
    };
    let add = Add::new().reason(reason);
    let add = if is_low(event, is_initial) { add.priority(Add::<()>::LOW) } else { add };
    target.queue.add_with(key, if may_cure { add.reset_backoff() } else { add });
}

/// Whether something else is wanted than before, which may have been why runs failed. Status, labels and annotations do not
/// count; where there is no generation, they can't be told apart.
fn is_wanted_otherwise<K: Object>(old: &K, new: &K) -> bool {
    let (old, new) = (old.metadata(), new.metadata());
    let generation_differs = old.generation != new.generation || new.generation.is_none();
    generation_differs || old.uid != new.uid || old.deletion_timestamp.is_some() != new.deletion_timestamp.is_some()
}

/// Whether another than this controller has written a state. A run that changes its own object and fails would otherwise
/// be repeated without a pause.
fn is_of_another<K: Object>(key: &ObjectKey, object: &K, target: &Target<K>) -> bool {
    target.writes.author(key, object.metadata().resource_version.as_ref()) == Author::Other
}
