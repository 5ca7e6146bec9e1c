use std::fmt;
use std::sync::Arc;

use kubernetes_core::{Object, Str};

type Function<K> = dyn Fn(&K, &mut dyn FnMut(Str)) + Send + Sync;

/// Finds objects of a [`Store`](crate::Store) by something other than their name.
///
/// Create it once, pass it to the [builder of the store](crate::StoreBuilder::index), and use it for queries:
///
/// ```
/// # use kubernetes_core::Object;
/// # kubernetes_core::doc_test_resource!(Pod);
/// use kubernetes_watch::{Index, Store};
///
/// let by_app = Index::label("app");
/// let by_finalizer = Index::new(|pod: &Pod| pod.metadata().finalizers.clone());
///
/// let store = Store::<Pod>::builder().index(&by_app).index(&by_finalizer).build().store();
/// assert!(store.by_index(&by_app, "web").is_empty());
/// ```
pub struct Index<K> {
    function: Arc<Function<K>>,
}

impl<K> Index<K> {
    /// Creates an index of objects by the values that `function` returns for them; an object without values is not in
    /// the index.
    ///
    /// The function is called when an object is stored, and again when it is removed, so it must depend only on the
    /// object. Readers do not wait for it.
    pub fn new<I>(function: impl Fn(&K) -> I + Send + Sync + 'static) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Str>,
    {
        Self {
            function: Arc::new(move |object, found| {
                for value in function(object) {
                    found(value.into());
                }
            }),
        }
    }

    /// Creates an index of objects by the value of a label.
    pub fn label(name: impl Into<Str>) -> Self
    where
        K: Object,
    {
        let name = name.into();
        Self::new(move |object: &K| object.labels().get(&name).cloned())
    }

    /// Creates an index of objects by the uids of their owners.
    pub fn owner() -> Self
    where
        K: Object,
    {
        Self::new(|object: &K| {
            object.metadata().owner_references.iter().map(|owner| owner.uid.clone()).collect::<Vec<_>>()
        })
    }

    /// Whether `object` has `value`.
    pub(super) fn matches(&self, object: &K, value: &str) -> bool {
        let mut found = false;
        (self.function)(object, &mut |each| found |= *each == *value);
        found
    }

    /// The values of `object`, sorted and without duplicates.
    pub(super) fn values(&self, object: &K) -> Vec<Str> {
        let mut values = Vec::new();
        (self.function)(object, &mut |value| values.push(value));
        values.sort_unstable();
        values.dedup();
        values
    }

    /// Whether both are clones of one index.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.function, &other.function)
    }
}

// Not derived, so that it does not depend on the type of objects.
impl<K> Clone for Index<K> {
    fn clone(&self) -> Self {
        Self { function: Arc::clone(&self.function) }
    }
}

impl<K> fmt::Debug for Index<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use kubernetes_core::meta::v1::OwnerReference;

    use super::*;
    use crate::{Change, Store};

    kubernetes_core::doc_test_resource!(Pod);

    /// It took seconds while each value was compared with each other, and readers of the store had to wait.
    #[test]
    fn an_object_may_have_very_many_values() {
        let owner = |index: u32| OwnerReference { uid: format!("uid-{:06}", index / 2).into(), ..Default::default() };
        let mut pod = Pod::named("a");
        pod.metadata.owner_references = (0..60_000).rev().map(owner).collect();
        let index = Index::owner();
        assert_eq!(index.values(&pod).len(), 30_000, "each value once");
        let mut writer = Store::builder().index(&index).build();
        let store = writer.store();
        for version in ["1", "2"] {
            pod.metadata.resource_version = Some(version.into());
            writer.apply(Change::Applied(pod.clone()));
            assert_eq!(store.by_index(&index, "uid-007000").len(), 1);
        }
        pod.metadata.owner_references.clear();
        pod.metadata.resource_version = Some("3".into());
        writer.apply(Change::Applied(pod));
        assert!(store.by_index(&index, "uid-007000").is_empty());
    }
}
