use std::time::Duration;

use kubernetes_core::{Object, Path, Str, Watchable};

use super::follow::{Outcome, State, Wait};
use super::{ObjectCondition, UntilError, Verdict};

/// A wait for a single object, which need not exist yet; created by [`Until::named`](super::Until::named).
#[derive(Clone, Debug)]
#[must_use = "a wait does nothing until it is awaited"]
pub struct UntilObject<K> {
    pub(super) wait: Wait<K>,
    pub(super) name: Str,
    pub(super) uid: Option<Str>,
    pub(super) same_object: bool,
}

impl<K: Watchable> UntilObject<K> {
    /// Sets a time limit; by default there is none.
    pub fn within(mut self, limit: Duration) -> Self {
        self.wait.limit = Some(limit);
        self
    }

    /// Waits only for the object with this uid: a later object of the same name does not count.
    pub fn uid(mut self, uid: impl Into<Str>) -> Self {
        self.uid = Some(uid.into());
        self
    }

    /// Waits only for the first object that is seen, like `kubectl rollout status`: if it is deleted, the wait ends
    /// with an [error](UntilError::is_deleted), unless it is a wait for the deletion.
    ///
    /// Otherwise, the wait continues with the next object of this name, like `kubectl wait`.
    pub fn same_object(mut self) -> Self {
        self.same_object = true;
        self
    }

    /// Waits until the condition holds, and returns the object; `None` if the condition holds for its absence.
    ///
    /// # Errors
    /// Returns an error if the time limit is reached, if the condition [fails](Verdict::Failed), if the object is
    /// deleted for good, if the watch is [stopped](crate::Watch::stop), or if the watch fails in a way that a retry
    /// can't fix.
    ///
    /// # Cancel safety
    /// Dropping the future ends the wait; it changes nothing on the server.
    pub async fn is(self, condition: ObjectCondition<K>) -> Result<Option<K>, UntilError> {
        let Self { wait, name, uid, same_object } = self;
        let current = Current { condition, name, uid, same_object, object: None, listed: None, is_listing: true };
        wait.run(current).await
    }

    /// Waits until the object does not exist; with a [uid](Self::uid), until the object with that uid is gone, like
    /// `kubectl delete`.
    ///
    /// # Errors
    /// See [`is`](Self::is).
    ///
    /// # Cancel safety
    /// Like [`is`](Self::is).
    pub async fn deleted(self) -> Result<(), UntilError> {
        self.is(ObjectCondition::deleted()).await.map(drop)
    }
}

/// The known state of the object.
struct Current<K> {
    condition: ObjectCondition<K>,
    name: Str,
    uid: Option<Str>,
    same_object: bool,
    object: Option<K>,
    /// The object of an incomplete list.
    listed: Option<K>,
    is_listing: bool,
}

impl<K: Object> Current<K> {
    /// Whether an object of an event is the awaited one.
    fn is_meant(&self, object: &K) -> bool {
        self.uid.as_deref().is_none_or(|uid| object.metadata().uid.as_deref() == Some(uid))
    }

    /// Changes to another state, via absence if the object must have been deleted in between.
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
            // It has replaced the awaited object.
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

    fn path(&self, list: Path) -> Path {
        // Without a namespace, that of the object is not known, or there is none.
        let is_of_a_namespace = list.as_str().is_ok_and(|path| path.contains("/namespaces/"));
        if is_of_a_namespace { list.object(&self.name) } else { list }
    }

    fn description(&self) -> String {
        match &self.uid {
            Some(uid) => format!("{} (uid {uid}) {}", self.name, self.condition),
            None => format!("{} {}", self.name, self.condition),
        }
    }
}
