use std::fmt;
use std::sync::Arc;

use kubernetes_core::{Object, Str};

use super::object_condition::Description;
use super::{ObjectCondition, Objects, Verdict};

/// The maximum number of objects in a reason.
const REASONS: usize = 10;

/// A condition to wait for, on all objects of a list.
///
/// ```
/// use kubernetes_watch::{ObjectCondition, ListCondition, Objects, Verdict};
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let labelled = ObjectCondition::new("is labelled", |pod: &Pod| !pod.metadata.labels.is_empty());
/// let three = ListCondition::new("three pods", |pods: &Objects<Pod>| pods.len() == 3);
/// assert_eq!(three.and(ListCondition::all(labelled)).to_string(), "three pods and each is labelled");
/// ```
pub struct ListCondition<K> {
    pub(super) description: Description,
    check: Check<K>,
}

type Check<K> = Arc<dyn Fn(&Objects<K>) -> Verdict + Send + Sync>;

impl<K: Object> ListCondition<K> {
    /// Creates a condition on the existing objects.
    ///
    /// `check` returns a [`Verdict`] or a `bool`. It is called for each change, and must not block.
    pub fn new<V: Into<Verdict>>(
        description: impl Into<Str>,
        check: impl Fn(&Objects<K>) -> V + Send + Sync + 'static,
    ) -> Self {
        let check = Arc::new(move |objects: &Objects<K>| check(objects).into());
        Self { description: Description::simple(description.into()), check }
    }

    /// Holds if there is at least one object and the condition holds for each; fails as soon as the condition fails for
    /// one.
    ///
    /// The condition is checked once for each state of an object, however often other objects change.
    pub fn all(condition: ObjectCondition<K>) -> Self {
        Self::new(format!("each {condition}"), move |objects| {
            if objects.is_empty() {
                return Verdict::waiting("no object matches");
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

    /// Holds if the condition holds for at least `count` objects. Never fails, since others may be created.
    ///
    /// The condition is checked as in [`all`](Self::all).
    pub fn at_least(count: usize, condition: ObjectCondition<K>) -> Self {
        Self::new(format!("at least {count} {condition}"), move |objects| {
            let met = objects.check(&condition).filter(Verdict::is_met).count();
            if met >= count { Verdict::Met } else { Verdict::waiting(format!("{met} of {count}")) }
        })
    }

    /// Holds if the condition holds for at least one object.
    pub fn any(condition: ObjectCondition<K>) -> Self {
        Self::at_least(1, condition)
    }

    /// Holds if there are no objects.
    pub fn none() -> Self {
        Self::new("there is none", |objects| match objects.len() {
            0 => Verdict::Met,
            left => Verdict::waiting(format!("there are {left}")),
        })
    }

    /// Holds if both conditions hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let description = self.description.and(&other.description);
        self.combined(description, other, Verdict::and)
    }

    /// Holds if at least one of the conditions holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let description = self.description.or(&other.description);
        self.combined(description, other, Verdict::or)
    }

    /// Holds if this condition does not, whether not yet or no longer.
    #[allow(clippy::should_implement_trait, reason = "an operator would be inconsistent with `and` and `or`")]
    #[must_use]
    pub fn not(self) -> Self {
        Self { description: self.description.not(), check: Arc::new(move |objects| (self.check)(objects).not()) }
    }

    fn combined(self, description: Description, other: Self, how: fn(Verdict, Verdict) -> Verdict) -> Self {
        Self { description, check: Arc::new(move |objects| how((self.check)(objects), (other.check)(objects))) }
    }
}

impl<K> ListCondition<K> {
    /// The verdict on these objects.
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

/// A condition on a list, which [`Until::is`](super::Until::is) waits for: a [`ListCondition`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a condition on a list",
    label = "it does not say which of the listed objects is meant",
    note = "wait for one object with `until(…).named(name).is(…)`, for each with `until(…).all(…)`, or for one of them \
            with `until(…).any(…)`"
)]
pub trait OnList<K>: sealed::Sealed {
    #[doc(hidden)]
    fn into_list_condition(self) -> ListCondition<K>;
}

impl<K> OnList<K> for ListCondition<K> {
    fn into_list_condition(self) -> ListCondition<K> {
        self
    }
}

impl<K> sealed::Sealed for ListCondition<K> {}

mod sealed {
    pub trait Sealed {}
}
