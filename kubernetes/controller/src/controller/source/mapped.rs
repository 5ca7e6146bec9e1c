use std::sync::Arc;

use kubernetes_core::{Object, ObjectKey, Watchable};

use super::{AnySource, Source, Started, Target, related};
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
        let Self { source, map } = *self;
        let reason = |resource, key| Reason::Mapped { resource, key };
        related::start(source, target, reason, move |object, _, add| map(object).into_iter().for_each(add))
    }
}
