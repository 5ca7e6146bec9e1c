//! Finalizers: cleanup before an object is deleted.

use std::error::Error as StdError;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use kubernetes_client::{Error, Retry};
use kubernetes_core::{Object, ObjectMeta, Patch, PatchRequest, ReadRequest, Str};

use super::failure::Failure;
use super::{Action, BoxError, Context, ObjectFunction};

/// The outcome of a cleanup that succeeded: see [`Controller::finalizer`](crate::Controller::finalizer).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "return it from the cleanup function"]
pub enum Cleanup {
    /// All is done: the finalizer is removed.
    Complete,
    /// It is not done yet: the function is called again, as the action says.
    Pending(Action),
}

/// A finalizer of a controller.
pub(crate) struct Finalizer<K: Object> {
    pub(crate) name: Str,
    pub(crate) cleanup: ObjectFunction<K, Cleanup>,
}

/// The next step of a run.
pub(crate) enum Flow<K> {
    /// With the reconcile function, for the object with all its finalizers.
    Reconcile(Arc<K>),
    End(Action),
}

/// Adds the finalizers to an object, or, if it is being deleted, cleans up after it.
pub(crate) async fn finalize<K: Object>(
    finalizers: &[Finalizer<K>],
    object: Arc<K>,
    context: &Context<K>,
) -> Result<Flow<K>, BoxError> {
    if object.is_being_deleted() {
        return clean_up(finalizers, object, context).await.map(Flow::End);
    }
    let missing = finalizers.iter().map(|finalizer| &finalizer.name).filter(|name| !object.has_finalizer(name));
    let mut metadata = object.metadata().clone();
    metadata.finalizers.extend(missing.cloned());
    if metadata.finalizers.len() == object.metadata().finalizers.len() {
        return Ok(Flow::Reconcile(object));
    }
    match set_finalizers(&metadata, context).await {
        Ok(changed) => Ok(Flow::Reconcile(Arc::new(changed))),
        // The store is behind: an event is under way.
        Err(error) if error.is_conflict() => Ok(Flow::End(Action::requeue())),
        Err(error) if error.is_not_found() => Ok(Flow::End(Action::await_change())),
        Err(error) => Err(error.into()),
    }
}

/// Calls the cleanup function of each finalizer that the object has, and removes those that are complete.
async fn clean_up<K: Object>(
    finalizers: &[Finalizer<K>],
    object: Arc<K>,
    context: &Context<K>,
) -> Result<Action, BoxError> {
    let (mut pending, mut errors) = (None, Vec::new());
    for finalizer in finalizers.iter().filter(|finalizer| object.has_finalizer(&finalizer.name)) {
        // The function may panic before it returns its future.
        let cleaning = async { (finalizer.cleanup)(Arc::clone(&object), context.clone()).await };
        let outcome = AssertUnwindSafe(cleaning).catch_unwind().await;
        let outcome = match outcome.unwrap_or_else(|panic| Err(Failure::of_panic(&*panic).into())) {
            Ok(Cleanup::Complete) => remove(&finalizer.name, &*object, context).await.map_err(BoxError::from),
            Ok(Cleanup::Pending(action)) => {
                pending = Some(pending.map_or(action, |other: Action| other.sooner(action)));
                Ok(())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            errors.push((finalizer.name.clone(), error));
        }
    }
    match errors.is_empty() {
        true => Ok(pending.unwrap_or_default()),
        false => Err(CleanupError(errors).into()),
    }
}

/// Removes a finalizer from an object, which may have changed since the run began: the cleanup must not be repeated for that.
async fn remove<K: Object>(finalizer: &Str, object: &K, context: &Context<K>) -> Result<(), Error> {
    let mut attempts = Retry::default().start();
    let mut current = context.store().get_key(context.key()).map(|object| object.metadata().clone());
    loop {
        // Otherwise it was deleted, and may have been created again.
        let Some(mut metadata) = current.filter(|current| current.uid == object.metadata().uid) else { return Ok(()) };
        metadata.finalizers.retain(|name| name != finalizer);
        match set_finalizers::<K>(&metadata, context).await {
            Err(error) if error.is_conflict() => attempts.wait_after(error).await?,
            Err(error) if !error.is_not_found() => return Err(error),
            _ => return Ok(()),
        }
        let read = ReadRequest::<K>::at(context.path()).metadata_only().send_opt(context.client()).await?;
        current = read.map(|object| object.metadata);
    }
}

/// Sets the finalizers of an object, unless it has changed since: the list is replaced as a whole.
async fn set_finalizers<K: Object>(metadata: &ObjectMeta, context: &Context<K>) -> Result<K, Error> {
    let patch = Patch::merge(&serde_json::json!({"metadata": {
        "resourceVersion": metadata.resource_version.as_deref(),
        "finalizers": metadata.finalizers.iter().map(Str::as_str).collect::<Vec<_>>(),
    }}));
    PatchRequest::<K>::at(context.path(), &patch).send(context.client()).await
}

/// Finalizers whose cleanup failed.
struct CleanupError(Vec<(Str, BoxError)>);

kubernetes_core::error_text!(CleanupError);

impl CleanupError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cleanup failed for ")?;
        for (index, (name, error)) in self.0.iter().enumerate() {
            // The first is the source.
            match index {
                0 => write!(f, "{name}")?,
                _ => write!(f, ", and for {name}: {error}")?,
            }
        }
        Ok(())
    }
}

impl StdError for CleanupError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.first().map(|(_, error)| &**error as _)
    }
}
