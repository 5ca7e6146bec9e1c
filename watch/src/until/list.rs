use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use kubernetes_core::selector::FieldSelector;
use kubernetes_core::{ListRequest, Object, Str, Watchable};

use super::follow::{Outcome, State, Wait};
use super::{ListCondition, ObjectCondition, Objects, OnList, UntilError, UntilObject};
use crate::Watch;

/// A wait for the objects of a list, created by [`until`](super::until) and [`Watch::until`].
#[derive(Clone, Debug)]
#[must_use = "a wait does nothing until it is awaited"]
pub struct Until<K> {
    wait: Wait<K>,
}

/// The future of a wait for a condition on a list.
type UntilList<K> = Pin<Box<dyn Future<Output = Result<Vec<K>, UntilError>> + Send>>;

impl<K: Watchable> Until<K> {
    pub(crate) fn new(watch: Watch, request: ListRequest<K>) -> Self {
        Self { wait: Wait { watch, request, limit: None } }
    }

    /// Sets a time limit; by default there is none.
    pub fn within(mut self, limit: Duration) -> Self {
        self.wait.limit = Some(limit);
        self
    }

    /// Waits for the object with this name.
    ///
    /// The request is restricted to that object. If the request has a label selector, an object that no longer matches
    /// counts as deleted. A request for all namespaces is an error if several have an object with that name.
    pub fn named(mut self, name: impl Into<Str>) -> UntilObject<K> {
        let name = name.into();
        let selector = FieldSelector::new().equals("metadata.name", name.clone());
        let mut selector = selector.expect("metadata.name has no special characters of selectors").to_string();
        if let Some(other) = self.wait.request.request().query.get("fieldSelector") {
            selector = format!("{other},{selector}");
        }
        self.wait.request = self.wait.request.field_selector(selector);
        UntilObject { wait: self.wait, name, uid: None, same_object: false }
    }

    /// Waits until the condition on the whole list holds, and returns its objects.
    ///
    /// For a condition on a single object, [name](Self::named) the object first, or wait for [all](Self::all) or
    /// [any](Self::any) of them.
    ///
    /// All objects are held in memory during the wait.
    ///
    /// # Errors
    /// Returns an error if the time limit is reached, if the condition [fails](super::Verdict::Failed), if the watch is
    /// [stopped](Watch::stop), or if the watch fails in a way that a retry can't fix.
    ///
    /// # Cancel safety
    /// Dropping the future ends the wait; it changes nothing on the server.
    pub fn is(self, condition: impl OnList<K>) -> UntilList<K> {
        // Not an `async fn`, for which the compiler would report a wrong condition three times.
        let condition = condition.into_list_condition();
        Box::pin(self.wait.run(Current { condition, objects: Objects::default(), listed: None }))
    }

    /// Waits until there are objects and the condition holds for each ([`ListCondition::all`]), like `kubectl wait`
    /// with a selector.
    ///
    /// # Errors
    /// See [`is`](Self::is).
    ///
    /// # Cancel safety
    /// Like [`is`](Self::is).
    pub async fn all(self, condition: ObjectCondition<K>) -> Result<Vec<K>, UntilError> {
        self.is(ListCondition::all(condition)).await
    }

    /// Waits until the condition holds for one of the objects; returns all objects ([`ListCondition::any`]).
    ///
    /// # Errors
    /// See [`is`](Self::is).
    ///
    /// # Cancel safety
    /// Like [`is`](Self::is).
    pub async fn any(self, condition: ObjectCondition<K>) -> Result<Vec<K>, UntilError> {
        self.is(ListCondition::any(condition)).await
    }
}

/// The objects that are known.
struct Current<K> {
    condition: ListCondition<K>,
    objects: Objects<K>,
    /// The objects of an incomplete list.
    listed: Option<Objects<K>>,
}

impl<K: Object> Current<K> {
    fn ask(&mut self) -> Outcome<Vec<K>> {
        let verdict = self.condition.check(&self.objects);
        Outcome::of(verdict, || std::mem::take(&mut self.objects).into_vec())
    }
}

impl<K: Object> State for Current<K> {
    type Object = K;
    type Output = Vec<K>;

    fn list(&mut self) {
        self.listed = Some(Objects::default());
    }

    fn listed(&mut self) -> Outcome<Vec<K>> {
        if let Some(listed) = self.listed.take() {
            self.objects = listed;
        }
        self.ask()
    }

    fn applied(&mut self, object: K) -> Outcome<Vec<K>> {
        if let Some(listed) = &mut self.listed {
            listed.insert(object);
            return Outcome::Nothing;
        }
        self.objects.insert(object);
        self.ask()
    }

    fn deleted(&mut self, object: K) -> Outcome<Vec<K>> {
        if let Some(listed) = &mut self.listed {
            listed.remove(&object);
            return Outcome::Nothing;
        }
        self.objects.remove(&object);
        self.ask()
    }

    fn description(&self) -> String {
        self.condition.to_string()
    }
}
