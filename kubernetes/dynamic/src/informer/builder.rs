use std::fmt;

use kubernetes_core::{GroupVersionKind, Str};
use kubernetes_watch::{Store, StoreBuilder, Watch};
use tokio::sync::watch;

use super::KindInformer;
use super::worker::{Selection, Worker};
use crate::{DynamicObject, Mapper};

/// Settings of an informer, made by [`KindInformer::builder`].
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

    /// Has the objects of one namespace only, as long as the kind is namespaced.
    pub fn namespace(mut self, namespace: impl Into<Str>) -> Self {
        self.selection.namespace = Some(namespace.into());
        self
    }

    /// Has the objects with these labels only.
    pub fn label_selector(mut self, selector: impl Into<Str>) -> Self {
        self.selection.label_selector = Some(selector.into());
        self
    }

    /// Has the objects with these fields only.
    pub fn field_selector(mut self, selector: impl Into<Str>) -> Self {
        self.selection.field_selector = Some(selector.into());
        self
    }

    /// Takes the settings of a store, in place of the defaults: indexes, and changes of objects before they are kept.
    pub fn store(mut self, store: StoreBuilder<DynamicObject>) -> Self {
        self.store = store;
        self
    }

    /// Takes the timeouts, the observer and the counters of a watch, in place of the defaults. Stopping that watch
    /// leaves the informer to list again.
    pub fn watch(mut self, watch: &Watch) -> Self {
        self.watch = watch.clone();
        self
    }

    /// Starts to wait for the kind, and to list and watch its objects, in a task of its own.
    ///
    /// # Panics
    /// If it is called outside a tokio runtime.
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
