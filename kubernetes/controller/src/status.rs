use std::fmt;

use kubernetes_client::{Error, Retry};
use kubernetes_core::json::{EncodeError, Tree};
use kubernetes_core::meta::v1::Condition;
use kubernetes_core::{InvalidRequest, Object, ObjectKey, Patch, PatchRequest, ReadRequest, RequestError as _};

use crate::Context;

type Set<'a, K> = Box<dyn Fn(&mut K) + Send + Sync + 'a>;

/// A change of an object's status; created by [`Context::update_status`].
///
/// ```
/// # kubernetes_core::doc_test_resource!(Pod);
/// use std::sync::Arc;
///
/// use kubernetes_client::Error;
/// use kubernetes_controller::{Action, Context};
/// use kubernetes_core::meta::v1::Condition;
///
/// async fn reconcile(tab: Arc<Pod>, context: Context<Pod>) -> Result<Action, Error> {
///     context.update_status(&tab).condition(Condition::of("Ready", "True", "Scheduled")).send().await?;
///     Ok(Action::await_change())
/// }
/// ```
///
/// It sets `status.observedGeneration`, and that of each condition, to the generation of the run's object. A condition
/// keeps its transition time unless its status changes. Only differences to the object's status are sent, and nothing
/// if there are none. A type whose status has no `observedGeneration` does without it.
#[must_use = "it does nothing until it is sent"]
pub struct StatusUpdate<'a, K: Object> {
    context: &'a Context<K>,
    object: &'a K,
    conditions: Vec<Condition>,
    sets: Vec<Set<'a, K>>,
    observes_generation: bool,
}

impl<K: Object> Context<K> {
    /// A change of the status of `object`, which is the object that the run is for.
    pub fn update_status<'a>(&'a self, object: &'a K) -> StatusUpdate<'a, K> {
        StatusUpdate { context: self, object, conditions: Vec::new(), sets: Vec::new(), observes_generation: true }
    }
}

impl<'a, K: Object + Clone> StatusUpdate<'a, K> {
    /// Adds a condition, or updates the one of the same type. Conditions of other types stay.
    pub fn condition(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// Sets other fields of the status. Changes to anything else are ignored.
    ///
    /// The function may be called several times, on newer states of the object.
    pub fn set(mut self, set: impl Fn(&mut K) + Send + Sync + 'a) -> Self {
        self.sets.push(Box::new(set));
        self
    }

    /// Omits `status.observedGeneration`, for types that do not have it. Conditions still have theirs.
    pub fn without_observed_generation(mut self) -> Self {
        self.observes_generation = false;
        self
    }

    /// Sends the differences; returns the resulting object, or `None` if there are none.
    ///
    /// If the object has changed in the meantime, it is read again, up to five times, so that changes by others are
    /// kept.
    ///
    /// # Errors
    /// Returns the first error other than a conflict, or the last conflict. Also fails if `status.conditions` can't be
    /// read, if the type has no field for the status or its conditions, and with the conflict if the object was deleted
    /// and created again in the meantime.
    ///
    /// # Cancel safety
    /// If the future is dropped, it is unknown whether the status was changed.
    pub async fn send(self) -> Result<Option<K>, Error> {
        let (client, path) = (self.context.client(), self.context.path());
        let generation = self.object.metadata().generation;
        let mut attempts = Retry::default().start();
        let mut newer = None;
        loop {
            let object = newer.as_ref().unwrap_or(self.object);
            let Some(patch) = self.patch(object, generation)? else { return Ok(None) };
            match PatchRequest::<K>::at(path.clone(), &patch).subresource("status").send(client).await {
                Err(error) if error.is_conflict() => {
                    let read = ReadRequest::<K>::at(path.clone()).send(client).await?;
                    if read.metadata().uid != self.object.metadata().uid {
                        return Err(error);
                    }
                    attempts.wait_after(error).await?;
                    newer = Some(read);
                }
                result => return result.map(Some),
            }
        }
    }

    /// The merge patch that makes the status of `object` as it should be; `None` if it is.
    fn patch(&self, object: &K, generation: Option<i64>) -> Result<Option<Patch>, Error> {
        let before = status_of(object)?;
        let mut changed = object.clone();
        self.sets.iter().for_each(|set| set(&mut changed));
        let mut after = status_of(&changed)?;
        if !self.conditions.is_empty() {
            let mut conditions: Vec<Condition> = match after.get("conditions") {
                Some(conditions) => conditions.to_value().map_err(Error::from_decode)?,
                None => Vec::new(),
            };
            for condition in &self.conditions {
                let mut condition = condition.clone();
                condition.observed_generation = condition.observed_generation.or(generation);
                Condition::set(&mut conditions, condition);
            }
            set(&mut after, "conditions", Tree::from_value(&conditions).map_err(encoding)?)?;
        }
        if let Some(generation) = generation.filter(|_| self.observes_generation) {
            set(&mut after, "observedGeneration", Tree::from_value(&generation).map_err(encoding)?)?;
        }
        if before == after {
            return Ok(None);
        }
        let after = self.as_of_type(object, after)?;
        if before == after {
            return Ok(None);
        }
        let document = |status: Tree, version: Option<&str>| {
            let mut document = empty();
            set(&mut document, "status", status)?;
            if let Some(version) = version {
                let mut metadata = empty();
                set(&mut metadata, "resourceVersion", Tree::String(version.into()))?;
                set(&mut document, "metadata", metadata)?;
            }
            Ok::<_, Error>(document)
        };
        let before = document(before, None)?;
        let after = document(after, object.metadata().resource_version.as_deref())?;
        Ok(Some(Patch::merge_between(&before, &after)))
    }

    /// The status with the fields that the type has. What it does not have would differ in each run.
    fn as_of_type(&self, object: &K, status: Tree) -> Result<Tree, Error> {
        let mut tree = Tree::from_value(object).map_err(encoding)?;
        set(&mut tree, "status", status)?;
        let known = status_of(&tree.to_value::<K>().map_err(Error::from_decode)?)?;
        if !self.conditions.is_empty() && known.get("conditions").is_none() {
            let object = ObjectKey::of(object);
            let message = format!("the type of {object} has no field `status.conditions`: add it, or use `set` alone");
            return Err(InvalidRequest::new(message).into());
        }
        Ok(known)
    }
}

fn status_of(object: &impl Object) -> Result<Tree, Error> {
    let tree = Tree::from_value(object).map_err(encoding)?;
    Ok(tree.get("status").filter(|status| matches!(status, Tree::Object(_))).cloned().unwrap_or_else(empty))
}

fn empty() -> Tree {
    Tree::Object(Vec::new())
}

fn set(tree: &mut Tree, key: &str, value: Tree) -> Result<(), Error> {
    tree.set([key], value).map_err(|error| InvalidRequest::new(error.to_string()).into())
}

fn encoding(error: EncodeError) -> Error {
    InvalidRequest::new(error.to_string()).into()
}

impl<K: Object> fmt::Debug for StatusUpdate<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusUpdate").field("conditions", &self.conditions.len()).finish_non_exhaustive()
    }
}
