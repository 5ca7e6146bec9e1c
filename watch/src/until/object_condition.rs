use std::fmt;
use std::sync::Arc;

use kubernetes_core::Str;

use super::Verdict;

/// A condition to wait for, on a single object. (The entries of `status.conditions` are
/// [`meta::v1::Condition`](kubernetes_core::meta::v1::Condition)s.)
///
/// ```
/// use kubernetes_watch::{ObjectCondition, Verdict};
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let red = ObjectCondition::new("is red", |pod: &Pod| match pod.metadata.labels.get("color") {
///     Some(color) if color == "red" => Verdict::Met,
///     Some(color) => Verdict::waiting(format!("its color is {color}")),
///     None => Verdict::waiting("it has no color"),
/// });
/// let gone_or_red = red.or(ObjectCondition::deleted());
/// assert_eq!(gone_or_red.to_string(), "is red or is deleted");
/// assert_eq!(gone_or_red.check(None), Verdict::Met);
/// assert_eq!(gone_or_red.not().check(Some(&Pod::named("web"))), Verdict::Met);
/// ```
///
/// Errors show the description, which has no subject, such as "is red".
pub struct ObjectCondition<K> {
    pub(super) description: Description,
    pub(super) check: Check<K>,
}

pub(super) type Check<K> = Arc<dyn Fn(Option<&K>) -> Verdict + Send + Sync>;

impl<K: 'static> ObjectCondition<K> {
    /// Creates a condition on an existing object: it does not hold while the object does not exist.
    ///
    /// `check` returns a [`Verdict`] or a `bool`. It is called for each state of the object, and must not block.
    pub fn new<V: Into<Verdict>>(description: impl Into<Str>, check: impl Fn(&K) -> V + Send + Sync + 'static) -> Self {
        Self::of_state(description, move |object| match object {
            Some(object) => check(object).into(),
            None => Verdict::waiting("it does not exist"),
        })
    }

    /// Creates a condition that may hold for a missing object, for which `check` gets `None`.
    pub fn of_state<V: Into<Verdict>>(
        description: impl Into<Str>,
        check: impl Fn(Option<&K>) -> V + Send + Sync + 'static,
    ) -> Self {
        let check = Arc::new(move |object: Option<&K>| check(object).into());
        Self { description: Description::simple(description.into()), check }
    }

    /// Holds if the object exists.
    pub fn exists() -> Self {
        Self::new("exists", |_| true)
    }

    /// Holds if the object does not exist, because it was deleted or never created.
    pub fn deleted() -> Self {
        Self::of_state("is deleted", |object| match object {
            None => Verdict::Met,
            Some(_) => Verdict::waiting("it exists"),
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
        Self { description: self.description.not(), check: Arc::new(move |object| (self.check)(object).not()) }
    }

    fn combined(self, description: Description, other: Self, how: fn(Verdict, Verdict) -> Verdict) -> Self {
        Self { description, check: Arc::new(move |object| how((self.check)(object), (other.check)(object))) }
    }
}

impl<K> ObjectCondition<K> {
    /// The verdict on an object, or on its absence.
    pub fn check(&self, object: Option<&K>) -> Verdict {
        (self.check)(object)
    }
}

impl<K> Clone for ObjectCondition<K> {
    fn clone(&self) -> Self {
        Self { description: self.description.clone(), check: Arc::clone(&self.check) }
    }
}

impl<K> fmt::Display for ObjectCondition<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.description.fmt(f)
    }
}

impl<K> fmt::Debug for ObjectCondition<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ObjectCondition").field(&self.description.text).finish()
    }
}

/// A condition, in words.
#[derive(Clone, Debug)]
pub(super) struct Description {
    text: Str,
    /// Whether it is a combination, so that it needs parentheses inside another one.
    compound: bool,
}

impl Description {
    pub(super) fn simple(text: Str) -> Self {
        Self { text, compound: false }
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        Self { text: format!("{} and {}", self.bracketed(), other.bracketed()).into(), compound: true }
    }

    pub(super) fn or(&self, other: &Self) -> Self {
        Self { text: format!("{} or {}", self.bracketed(), other.bracketed()).into(), compound: true }
    }

    pub(super) fn not(&self) -> Self {
        Self::simple(format!("not {}", self.bracketed()).into())
    }

    fn bracketed(&self) -> Str {
        if self.compound { format!("({})", self.text).into() } else { self.text.clone() }
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
