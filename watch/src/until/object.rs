use std::time::Duration;

use kubernetes_core::{Object, Str, Watchable};

use super::follow::{Outcome, State, Wait};
use super::{ObjectCondition, UntilError, Verdict};

/// A wait for one object, which need not exist yet: made by [`Until::named`](super::Until::named).
#[derive(Clone, Debug)]
#[must_use = "a wait does nothing until it is awaited"]
pub struct UntilObject<K> {
    pub(super) wait: Wait<K>,
    pub(super) name: Str,
    pub(super) uid: Option<Str>,
    pub(super) same_object: bool,
}

impl<K: Watchable> UntilObject<K> {
    /// Limits the wait; by default it has no limit.
    pub fn within(mut self, limit: Duration) -> Self {
        self.wait.limit = Some(limit);
        self
    }

    /// Waits for the object with this uid only: once it is gone, it is gone for good, and a later object of the same name
    /// does not count.
    pub fn uid(mut self, uid: impl Into<Str>) -> Self {
        self.uid = Some(uid.into());
        self
    }

    /// Only the first object that is seen counts, as `kubectl rollout status` does: if it is deleted, the wait ends in
    /// an [error](UntilError::is_deleted), unless the wait is for its deletion.
    ///
    /// Without it, the wait continues with the next object of this name, as `kubectl wait` does.
    pub fn same_object(mut self) -> Self {
        self.same_object = true;
        self
    }

    /// Waits until the condition holds, and returns the object; `None` if the condition holds for its absence.
    ///
    /// # Errors
    /// If the limit is reached, the condition [fails](Verdict::Failed), the object is gone for good, the watch is
    /// [stopped](crate::Watch::stop), or fails in a way that no retry can cure.
    ///
    /// # Cancel safety
    /// Dropping the future ends the wait; nothing is changed on the server.
    pub async fn is(self, condition: ObjectCondition<K>) -> Result<Option<K>, UntilError> {
        let Self { wait, name, uid, same_object } = self;
        let current = Current { condition, name, uid, same_object, object: None, listed: None, is_listing: true };
        wait.run(current).await
    }

    /// Waits until the object does not exist, or returns at once if it never did; with a [uid](Self::uid), until no object
    /// has that uid, as `kubectl delete` does.
    ///
    /// # Errors
    /// As [`is`](Self::is).
    ///
    /// # Cancel safety
    /// As [`is`](Self::is).
    pub async fn deleted(self) -> Result<(), UntilError> {
        self.is(ObjectCondition::deleted()).await.map(drop)
    }
}

/// The object as it is known.
struct Current<K> {
    condition: ObjectCondition<K>,
    name: Str,
    uid: Option<Str>,
    same_object: bool,
    object: Option<K>,
    /// The object of a list that is not complete.
    listed: Option<K>,
    is_listing: bool,
}

impl<K: Object> Current<K> {
    /// Whether an object of an event is the awaited one.
    fn is_meant(&self, object: &K) -> bool {
        self.uid.as_deref().is_none_or(|uid| object.metadata().uid.as_deref() == Some(uid))
    }

    /// Goes over to another state, by way of absence if that is how it must have been.
    fn transition(&mut self, next: Option<K>) -> Outcome<Option<K>> {
        let was_deleted = match (&self.object, &next) {
            (Some(before), Some(next)) => before.metadata().uid != next.metadata().uid,
            _ => false,
        };
        if was_deleted {
            self.object = None;
            let outcome = self.ask();
            if !matches!(outcome, Outcome::Waiting(_)) {
                return outcome;
            }
        }
        if self.same_object && self.uid.is_none() {
            self.uid = next.as_ref().and_then(|next| next.metadata().uid.clone());
        }
        self.object = next;
        self.ask()
    }

    fn ask(&mut self) -> Outcome<Option<K>> {
        let verdict = self.condition.check(self.object.as_ref());
        match verdict {
            // No later object has this uid.
            Verdict::Waiting(reason) if self.object.is_none() && self.uid.is_some() => Outcome::Deleted(reason),
            verdict => Outcome::of(verdict, || self.object.take()),
        }
    }

    fn is_in_another_namespace(&self, object: &K) -> bool {
        let known = if self.is_listing { &self.listed } else { &self.object };
        known.as_ref().is_some_and(|known| known.metadata().namespace != object.metadata().namespace)
    }
}

impl<K: Object> State for Current<K> {
    type Object = K;
    type Output = Option<K>;

    fn list(&mut self) {
        self.is_listing = true;
        self.listed = None;
    }

    fn listed(&mut self) -> Outcome<Option<K>> {
        self.is_listing = false;
        let listed = self.listed.take();
        self.transition(listed)
    }

    fn applied(&mut self, object: K) -> Outcome<Option<K>> {
        let elsewhere = self.is_in_another_namespace(&object);
        match (self.is_meant(&object), self.is_listing) {
            (true, _) if elsewhere => Outcome::Ambiguous,
            (true, true) => {
                self.listed = Some(object);
                Outcome::Nothing
            }
            (true, false) => self.transition(Some(object)),
            // It has taken the place of the one that is meant.
            (false, false) if !elsewhere => self.transition(None),
            (false, _) => Outcome::Nothing,
        }
    }

    fn deleted(&mut self, object: K) -> Outcome<Option<K>> {
        match (self.is_meant(&object), self.is_listing) {
            (false, _) => Outcome::Nothing,
            (true, true) => {
                self.listed = None;
                Outcome::Nothing
            }
            (true, false) => self.transition(None),
        }
    }

    fn description(&self) -> String {
        match &self.uid {
            Some(uid) => format!("{} (uid {uid}) {}", self.name, self.condition),
            None => format!("{} {}", self.name, self.condition),
        }
    }
}
