use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use kubernetes_core::{Object, Str};

use super::condition::Description;
use super::{Condition, Verdict};

/// What to wait for on all the objects of a list.
///
/// ```
/// use kubernetes_watch::{Condition, ListCondition, Objects, Verdict};
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let labelled = Condition::new("is labelled", |pod: &Pod| !pod.metadata.labels.is_empty());
/// let three = ListCondition::new("three pods", |pods: &Objects<Pod>| pods.len() == 3);
/// assert_eq!(three.and(ListCondition::all(labelled)).to_string(), "three pods and each is labelled");
/// ```
pub struct ListCondition<K> {
    pub(super) description: Description,
    check: Check<K>,
}

type Check<K> = Arc<dyn Fn(&Objects<K>) -> Verdict + Send + Sync>;

impl<K: Object> ListCondition<K> {
    /// A condition on the objects that exist.
    ///
    /// `check` answers a [`Verdict`], or a `bool`. It is called for each change, and must not block.
    pub fn new<V: Into<Verdict>>(
        description: impl Into<Str>,
        check: impl Fn(&Objects<K>) -> V + Send + Sync + 'static,
    ) -> Self {
        let check = Arc::new(move |objects: &Objects<K>| check(objects).into());
        Self { description: Description::simple(description.into()), check }
    }

    /// There is an object at least, and the condition holds for each; it fails as soon as it does for one.
    pub fn all(condition: Condition<K>) -> Self {
        Self::new(format!("each {condition}"), move |objects| {
            let start = if objects.is_empty() { Verdict::waiting("there is no object") } else { Verdict::Met };
            objects.check(&condition).fold(start, Verdict::and)
        })
    }

    /// The condition holds for so many objects at least. It does not fail, since others may come.
    pub fn at_least(count: usize, condition: Condition<K>) -> Self {
        Self::new(format!("at least {count} {condition}"), move |objects| {
            let met = objects.check(&condition).filter(Verdict::is_met).count();
            if met >= count { Verdict::Met } else { Verdict::waiting(format!("{met} of {count}")) }
        })
    }

    /// The condition holds for an object at least.
    pub fn any(condition: Condition<K>) -> Self {
        Self::at_least(1, condition)
    }

    /// There is no object.
    pub fn none() -> Self {
        Self::new("there is none", |objects| match objects.len() {
            0 => Verdict::Met,
            left => Verdict::waiting(format!("there are {left}")),
        })
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let description = self.description.and(&other.description);
        self.combined(description, other, Verdict::and)
    }

    /// One of them holds, or both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let description = self.description.or(&other.description);
        self.combined(description, other, Verdict::or)
    }

    /// This does not hold, be it that it does not yet or that it can't any more.
    #[allow(clippy::should_implement_trait, reason = "an operator would not stand in line with `and` and `or`")]
    #[must_use]
    pub fn not(self) -> Self {
        Self { description: self.description.not(), check: Arc::new(move |objects| (self.check)(objects).not()) }
    }

    fn combined(self, description: Description, other: Self, how: fn(Verdict, Verdict) -> Verdict) -> Self {
        Self { description, check: Arc::new(move |objects| how((self.check)(objects), (other.check)(objects))) }
    }
}

impl<K> ListCondition<K> {
    /// What it says of these objects.
    pub fn check(&self, objects: &Objects<K>) -> Verdict {
        (self.check)(objects)
    }
}

impl<K> Clone for ListCondition<K> {
    fn clone(&self) -> Self {
        Self { description: self.description.clone(), check: Arc::clone(&self.check) }
    }
}

impl<K> fmt::Display for ListCondition<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.description.fmt(f)
    }
}

impl<K> fmt::Debug for ListCondition<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ListCondition").field(&self.description).finish()
    }
}

/// The objects that exist, in the order of their namespaces and names.
#[derive(Clone, Debug)]
pub struct Objects<K>(BTreeMap<Key, K>);

type Key = (Option<Str>, Str);

impl<K> Objects<K> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &K> {
        self.0.values()
    }

    pub(super) fn into_vec(self) -> Vec<K> {
        self.0.into_values().collect()
    }

    fn check(&self, condition: &Condition<K>) -> impl Iterator<Item = Verdict> {
        self.0.iter().map(|((_, name), object)| condition.check(Some(object)).about(name))
    }
}

impl<K: Object> Objects<K> {
    pub(super) fn insert(&mut self, object: K) {
        self.0.insert(key(&object), object);
    }

    pub(super) fn remove(&mut self, object: &K) {
        self.0.remove(&key(object));
    }
}

fn key<K: Object>(object: &K) -> Key {
    let metadata = object.metadata();
    (metadata.namespace.clone(), metadata.name.clone().unwrap_or_default())
}

impl<K> Default for Objects<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Object> FromIterator<K> for Objects<K> {
    fn from_iter<I: IntoIterator<Item = K>>(objects: I) -> Self {
        Self(objects.into_iter().map(|object| (key(&object), object)).collect())
    }
}
