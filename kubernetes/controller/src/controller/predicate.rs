use std::fmt;
use std::sync::Arc;

use kubernetes_core::selector::LabelSelector;
use kubernetes_core::{Map, Object, Str};
use kubernetes_watch::StoreEvent;

/// Decides which events of a source a controller reacts to.
///
/// ```
/// # kubernetes_core::doc_test_resource!(Pod);
/// use kubernetes_controller::Predicate;
///
/// let predicate = Predicate::<Pod>::generation_changed().or(Predicate::labels_changed());
/// ```
///
/// These are controller-runtime's predicates: creations and deletions always pass those about changes.
pub struct Predicate<K>(Arc<Function<K>>);

type Function<K> = dyn Fn(&StoreEvent<K>) -> bool + Send + Sync;

impl<K: Object> Predicate<K> {
    /// Events for which a function returns `true`.
    pub fn new(function: impl Fn(&StoreEvent<K>) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(function))
    }

    /// Changes of the `metadata.generation`: for most resources, changes of the specification, but not of labels,
    /// annotations and status. Objects without a generation, such as ConfigMaps, never change in this sense.
    pub fn generation_changed() -> Self {
        Self::changed(|old, new| old.metadata().generation != new.metadata().generation)
    }

    /// Changes of labels.
    pub fn labels_changed() -> Self {
        Self::changed(|old, new| differ(old.labels(), new.labels()))
    }

    /// Changes of annotations.
    pub fn annotations_changed() -> Self {
        Self::changed(|old, new| differ(old.annotations(), new.annotations()))
    }

    /// Changes of the `metadata.resourceVersion`: every change, but no resyncs.
    pub fn resource_version_changed() -> Self {
        Self::changed(|old, new| old.metadata().resource_version != new.metadata().resource_version)
    }

    /// Objects whose labels match a selector, before a change or after it.
    pub fn label_selector(selector: LabelSelector) -> Self {
        Self::new(move |event| match event {
            StoreEvent::Updated { old, new } => selector.matches(old.labels()) || selector.matches(new.labels()),
            event => selector.matches(event.object().labels()),
        })
    }

    /// Events that pass both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::new(move |event| self.passes(event) && other.passes(event))
    }

    /// Events that pass either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::new(move |event| self.passes(event) || other.passes(event))
    }

    /// Events that do not pass.
    #[must_use]
    #[allow(clippy::should_implement_trait, reason = "as controller-runtime and iterators of predicates call it")]
    pub fn not(self) -> Self {
        Self::new(move |event| !self.passes(event))
    }

    pub(crate) fn passes(&self, event: &StoreEvent<K>) -> bool {
        (self.0)(event)
    }

    fn changed(differ: impl Fn(&K, &K) -> bool + Send + Sync + 'static) -> Self {
        Self::new(move |event| match event {
            StoreEvent::Updated { old, new } => differ(old, new),
            StoreEvent::Added(_) | StoreEvent::Deleted { .. } => true,
        })
    }
}

fn differ(old: &Map<Str>, new: &Map<Str>) -> bool {
    old != new
}

impl<K> fmt::Debug for Predicate<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Predicate").finish_non_exhaustive()
    }
}

impl<K> Clone for Predicate<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
