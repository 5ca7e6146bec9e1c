use std::sync::Arc;

use kubernetes_core::{Object, ObjectKey, Str, Watchable};
use kubernetes_watch::StoreEvent;

use super::{AnySource, Follower, Source, Started, Target, is_low};
use crate::controller::reason::Reason;

/// Objects that a function maps to those of the controller.
pub(crate) struct Mapped<O, F> {
    pub(crate) source: Source<O>,
    pub(crate) map: F,
}

impl<K, O, F, I> AnySource<K> for Mapped<O, F>
where
    K: Object,
    O: Watchable,
    F: Fn(&O) -> I + Send + 'static,
    I: IntoIterator<Item = ObjectKey>,
{
    fn start(self: Box<Self>, target: &Arc<Target<K>>) -> Option<Started> {
        let informer = self.source.informer(&target.informers, &target.client)?;
        let target = Arc::clone(target);
        let resource: Str = informer.scope.resource.resource.clone();
        let name = Arc::clone(&target.name);
        let events = informer.informer.subscribe();
        let follower = Follower::of_events(&name, events, move |event, is_initial| {
            if !self.source.passes(event) {
                return;
            }
            let mapped = event.key();
            let add = |key: ObjectKey| {
                let reason = Reason::Mapped { resource: resource.clone(), key: mapped.clone() };
                target.add(key, reason, is_low(event, is_initial));
            };
            // A reference that moved concerns both ends.
            if let StoreEvent::Updated { old, .. } = event {
                (self.map)(old).into_iter().for_each(&add);
            }
            (self.map)(event.object()).into_iter().for_each(&add);
        });
        Some(Started { store: Some(informer), follower })
    }
}
