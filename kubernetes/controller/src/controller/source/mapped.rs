use std::sync::Arc;

use kubernetes_core::{Object, ObjectKey, Watchable};
use kubernetes_watch::{Store, StoreEvent};

use super::{AnySource, Enqueuer, Source, Started, related};
use crate::controller::reason::Reason;
use crate::informers::Unwatchable;

/// Objects that a function maps to those of the controller.
pub(crate) struct Mapped<O, F> {
    pub(crate) source: Source<O>,
    pub(crate) map: F,
}

impl<K, O, F, I> AnySource<K> for Mapped<O, F>
where
    K: Object,
    O: Watchable,
    F: Fn(&O, &Store<K>) -> I + Send + 'static,
    I: IntoIterator<Item = ObjectKey>,
{
    fn start(self: Box<Self>, enqueuer: &Arc<Enqueuer<K>>) -> Result<Started, Unwatchable> {
        let Self { source, map } = *self;
        let reason = |resource, key| Reason::Mapped { resource, key };
        let ends_backoff = |event: &StoreEvent<O>| matches!(event, StoreEvent::Added(_));
        related::start(source, enqueuer, reason, ends_backoff, move |object, enqueuer, add| {
            map(object, &enqueuer.primary.store()).into_iter().for_each(add);
        })
    }
}
