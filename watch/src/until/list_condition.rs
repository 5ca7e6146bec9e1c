use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kubernetes_core::{Object, Str};

use super::condition::{Check as CheckOne, Description};
use super::{Condition, Verdict};

/// How many objects a reason names that are not yet as they should be.
const REASONS: usize = 10;

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
    ///
    /// The condition is asked once about each state of an object, however often others change meanwhile.
    pub fn all(condition: Condition<K>) -> Self {
        Self::new(format!("each {condition}"), move |objects| {
            if objects.is_empty() {
                return Verdict::waiting("there is no object");
            }
            let (mut reasons, mut more) = (Vec::new(), 0_usize);
            for verdict in objects.check(&condition) {
                match verdict {
                    Verdict::Met => {}
                    Verdict::Failed(reason) => return Verdict::Failed(reason),
                    Verdict::Waiting(reason) if reasons.len() < REASONS => reasons.push(reason),
                    Verdict::Waiting(_) => more += 1,
                }
            }
            match (reasons.is_empty(), more) {
                (true, _) => Verdict::Met,
                (false, 0) => Verdict::waiting(reasons.join("; ")),
                (false, more) => Verdict::waiting(format!("{}; and {more} more", reasons.join("; "))),
            }
        })
    }

    /// The condition holds for so many objects at least. It does not fail, since others may come.
    ///
    /// The condition is asked as by [`all`](Self::all).
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
#[derive(Clone)]
pub struct Objects<K>(BTreeMap<Key, Entry<K>>);

type Key = (Option<Str>, Str);

/// What a condition has said.
type Known<K> = (CheckOne<K>, Verdict);

/// An object, and what conditions have said of it: they are asked anew when something else takes its place.
struct Entry<K> {
    object: K,
    verdicts: Mutex<Vec<Known<K>>>,
}

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
        self.0.values().map(|entry| &entry.object)
    }

    pub(super) fn into_vec(self) -> Vec<K> {
        self.0.into_values().map(|entry| entry.object).collect()
    }

    fn check(&self, condition: &Condition<K>) -> impl Iterator<Item = Verdict> {
        self.0.iter().map(|((_, name), entry)| entry.check(condition, name))
    }
}

impl<K> Entry<K> {
    fn new(object: K) -> Self {
        Self { object, verdicts: Mutex::default() }
    }

    fn check(&self, condition: &Condition<K>, name: &str) -> Verdict {
        let known = |verdicts: &[Known<K>]| {
            verdicts.iter().find(|(check, _)| Arc::ptr_eq(check, &condition.check)).map(|(_, verdict)| verdict.clone())
        };
        if let Some(verdict) = known(&self.verdicts()) {
            return verdict;
        }
        let verdict = condition.check(Some(&self.object)).about(name);
        self.verdicts().push((Arc::clone(&condition.check), verdict.clone()));
        verdict
    }

    /// No code that holds the lock can panic, so a poisoned lock has consistent data.
    fn verdicts(&self) -> MutexGuard<'_, Vec<Known<K>>> {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone> Clone for Entry<K> {
    fn clone(&self) -> Self {
        Self { object: self.object.clone(), verdicts: Mutex::new(self.verdicts().clone()) }
    }
}

impl<K: fmt::Debug> fmt::Debug for Objects<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<K: Object> Objects<K> {
    pub(super) fn insert(&mut self, object: K) {
        self.0.insert(key(&object), Entry::new(object));
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
        Self(objects.into_iter().map(|object| (key(&object), Entry::new(object))).collect())
    }
}
