use std::fmt;

use kubernetes_core::{GroupVersionKind, Str};
use kubernetes_watch::{Store, StoreBuilder, Watch};
use tokio::sync::watch;

use super::KindInformer;
use super::worker::{Selection, Worker};
use crate::{DynamicObject, Mapper};

/// The settings of an informer, created by [`KindInformer::builder`].
#[must_use = "an informer does nothing until it is started"]
pub struct KindInformerBuilder {
    mapper: Mapper,
    of_type: GroupVersionKind,
    selection: Selection,
    store: StoreBuilder<DynamicObject>,
    watch: Watch,
}

impl KindInformerBuilder {
    pub(super) fn new(mapper: &Mapper, of_type: &GroupVersionKind) -> Self {
        Self {
            mapper: mapper.clone(),
            of_type: of_type.clone(),
            selection: Selection::default(),
            store: Store::builder(),
            watch: Watch::new(mapper.client()),
        }
    }

    /// Restricts the informer to one namespace, as long as the kind is namespaced.
    pub fn namespace(mut self, namespace: impl Into<Str>) -> Self {
        self.selection.namespace = Some(namespace.into());
        self
    }

    /// Restricts the informer to objects with these labels.
    pub fn label_selector(mut self, selector: impl Into<Str>) -> Self {
        self.selection.label_selector = Some(selector.into());
        self
    }

    /// Restricts the informer to objects with these fields.
    pub fn field_selector(mut self, selector: impl Into<Str>) -> Self {
        self.selection.field_selector = Some(selector.into());
        self
    }

    /// Sets the settings of the store, such as indexes, and transforms of objects before they are kept.
    pub fn store(mut self, store: StoreBuilder<DynamicObject>) -> Self {
        self.store = store;
        self
    }

    /// Takes timeouts, observer and counters from a watch instead of the defaults. Stopping that watch makes the
    /// informer list again.
    pub fn watch(mut self, watch: &Watch) -> Self {
        self.watch = watch.clone();
        self
    }

    /// Starts a task that waits for the kind, and lists and watches its objects.
    ///
    /// # Panics
    /// Panics if it is called outside a tokio runtime.
    pub fn start(self) -> KindInformer {
        let Self { mapper, of_type, selection, store, watch } = self;
        let writer = store.build();
        let store = writer.store();
        let (announce, resource) = watch::channel(None);
        let definitions = mapper.watch_definitions();
        let worker = Worker { mapper, of_type, selection, writer, watch, announce, _definitions: definitions };
        KindInformer { store, resource, task: tokio::spawn(worker.run()).abort_handle() }
    }
}

impl fmt::Debug for KindInformerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KindInformerBuilder")
            .field("of_type", &self.of_type)
            .field("selection", &self.selection)
            .finish_non_exhaustive()
    }
}
