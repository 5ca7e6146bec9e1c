use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kubernetes_core::{Object, Str, Watchable};
use kubernetes_watch::StoreEvent;

use super::{Enqueuer, Follower, Source, Started, is_low};
use crate::consistency::{Author, Effect};
use crate::controller::paused::is_paused;
use crate::controller::reason::Reason;
use crate::queue::Add;

/// Follows the controller's own objects, of which some may be paused by an annotation.
pub(crate) fn start<K: Watchable>(
    source: Source<K>,
    resync: Option<Duration>,
    paused_by: Option<Str>,
    enqueuer: &Arc<Enqueuer<K>>,
) -> Started {
    let (informer, enqueuer) = (Arc::clone(&enqueuer.primary), Arc::clone(enqueuer));
    let events = informer.informer.subscribe();
    let events = match resync {
        Some(interval) => events.resync_every(interval),
        None => events,
    };
    let name = Arc::clone(&enqueuer.name);
    let stores = enqueuer.stores.add(informer.stores());
    let follower = Follower::of_events(&name, informer.latency.clone(), events, move |event, is_initial| {
        let effect = effect(event, &source, paused_by.as_ref());
        // Each event is the state of one write, whether it counts or not.
        let author = author(event, effect, &enqueuer);
        if effect > Effect::Nothing {
            let may_cure = effect == Effect::StartOver && author == Author::Other && !is_initial;
            let add = if author == Author::Other { Add::new() } else { Add::new().keep_requeue() };
            handle(event, is_initial, if may_cure { add.reset_backoff() } else { add }, &enqueuer);
        }
    });
    Started { stores, follower }
}

fn handle<K: Object>(event: &StoreEvent<K>, is_initial: bool, add: Add<Reason>, enqueuer: &Enqueuer<K>) {
    let key = event.key();
    let reason = match event {
        StoreEvent::Added(_) if is_initial => Reason::Listed,
        StoreEvent::Added(_) => Reason::Created,
        StoreEvent::Updated { .. } if event.is_resync() => Reason::Resync,
        StoreEvent::Updated { .. } => Reason::Updated,
        StoreEvent::Deleted { object, .. } => {
            if !enqueuer.has_started_runs.load(Ordering::Acquire) {
                return enqueuer.queue.remove(&key);
            }
            if let Some(tombstones) = &enqueuer.tombstones {
                tombstones.insert(key.clone(), Arc::clone(object));
            }
            Reason::Deleted
        }
    };
    let add = if is_low(event, is_initial) { add.priority(Add::<()>::LOW) } else { add };
    enqueuer.queue.add_with(key, add.reason(reason));
}

/// The effect of an event that is not a run's own doing.
fn effect<K: Object>(event: &StoreEvent<K>, source: &Source<K>, paused_by: Option<&Str>) -> Effect {
    if let StoreEvent::Updated { old, new } = event
        && is_paused(&**old, paused_by)
        && !is_paused(&**new, paused_by)
    {
        return Effect::StartOver;
    }
    let may_cure = match event {
        StoreEvent::Added(_) | StoreEvent::Deleted { .. } => true,
        StoreEvent::Updated { .. } if event.is_resync() => false,
        StoreEvent::Updated { old, new } => is_wanted_otherwise(&**old, &**new) || source.ends_backoff_by(event, false),
    };
    match (source.passes(event), may_cure) {
        (false, _) => Effect::Nothing,
        (true, false) => Effect::Run,
        (true, true) => Effect::StartOver,
    }
}

/// Whether something else is wanted than before, which may have been why runs failed. Status, labels and annotations do not
/// count; where there is no generation, they can't be told apart.
fn is_wanted_otherwise<K: Object>(old: &K, new: &K) -> bool {
    let (old, new) = (old.metadata(), new.metadata());
    let generation_differs = old.generation != new.generation || new.generation.is_none();
    generation_differs || old.uid != new.uid || old.deletion_timestamp.is_some() != new.deletion_timestamp.is_some()
}

/// The author of an event's state. A run that changes its own object, and fails or asks to run again, would otherwise be
/// repeated without a pause.
fn author<K: Object>(event: &StoreEvent<K>, effect: Effect, enqueuer: &Enqueuer<K>) -> Author {
    let key = event.key();
    match event {
        StoreEvent::Updated { new, .. } if !event.is_resync() => {
            enqueuer.writes.author(&key, new.metadata().resource_version.as_ref(), effect)
        }
        StoreEvent::Deleted { .. } => {
            enqueuer.writes.forget(&key);
            Author::Other
        }
        StoreEvent::Added(_) | StoreEvent::Updated { .. } => Author::Other,
    }
}
