//! The common part of all waits: a reflector and a time limit.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use kubernetes_client::sync::lock;
use kubernetes_core::{ListRequest, Object, Path, Str, Watchable};

use super::error::Cause;
use super::last_seen::LastSeen;
use super::{UntilError, Verdict};
use crate::{Change, Error, Reflector, Watch, clock};

/// The list that a wait follows, and the time limit.
#[derive(Clone, Debug)]
pub(super) struct Wait<K> {
    pub(super) watch: Watch,
    pub(super) request: ListRequest<K>,
    pub(super) limit: Option<Duration>,
}

/// The state that a wait checks its condition on.
pub(super) trait State {
    type Object: Object;
    type Output;

    /// A list begins. Until it is [complete](Self::listed), the previous state remains.
    fn list(&mut self);

    /// The list is complete.
    fn listed(&mut self) -> Outcome<Self::Output>;

    /// An object of the list, or of an event after it.
    fn applied(&mut self, object: Self::Object) -> Outcome<Self::Output>;

    /// An object was deleted, possibly during the list.
    fn deleted(&mut self, object: Self::Object) -> Outcome<Self::Output>;

    /// The condition, in words.
    fn description(&self) -> String;

    /// The path of what is waited for, given that of the list.
    fn path(&self, list: Path) -> Path {
        list
    }
}

/// The result of checking a condition on a state.
pub(super) enum Outcome<T> {
    /// The condition was not checked, because the state is incomplete.
    Nothing,
    Met(T),
    Waiting(Str),
    /// The condition can no longer hold.
    Failed(Str),
    /// The object has been deleted for good.
    Deleted(Str),
    /// Objects of the same name in several namespaces.
    Ambiguous,
}

impl<T> Outcome<T> {
    /// The verdict, with the result if the condition is met.
    pub(super) fn of(verdict: Verdict, output: impl FnOnce() -> T) -> Self {
        match verdict {
            Verdict::Met => Self::Met(output()),
            Verdict::Waiting(reason) => Self::Waiting(reason),
            Verdict::Failed(reason) => Self::Failed(reason),
        }
    }
}

impl<K: Watchable> Wait<K> {
    pub(super) async fn run<S: State<Object = K>>(self, mut state: S) -> Result<S::Output, UntilError> {
        let failure = Arc::new(Mutex::new(None::<Error>));
        let latest = Arc::clone(&failure);
        let watch = self.watch.clone().reconnect(true).also_observe(move |transition| {
            *lock(&latest) = transition.error().cloned();
        });
        let mut seen = LastSeen::default();
        let result = {
            let following = follow(watch, &self.request, &mut state, &mut seen);
            match self.limit {
                None => following.await,
                Some(limit) => match clock::timeout(limit, following).await {
                    Ok(result) => result,
                    Err(_) => Err(Cause::TimedOut { limit, failure: lock(&failure).take() }),
                },
            }
        };
        let path = state.path(self.request.request().path.clone());
        result.map_err(|cause| UntilError::new(&path, state.description(), seen, cause))
    }
}

async fn follow<S>(
    watch: Watch,
    request: &ListRequest<S::Object>,
    state: &mut S,
    seen: &mut LastSeen,
) -> Result<S::Output, Cause>
where
    S: State<Object: Watchable>,
{
    // A wait begins with what exists, whatever version the request has.
    let mut changes = Reflector::from(watch).stream(request.clone().without_version());
    loop {
        let outcome = match changes.next().await {
            None => return Err(Cause::Stopped),
            Some(Err(error)) => return Err(Cause::Watch(error)),
            Some(Ok(change)) => take(state, change),
        };
        if let Some(version) = changes.resource_version() {
            seen.resource_version = Some(version.into());
        }
        match outcome {
            Outcome::Nothing => {}
            Outcome::Met(output) => return Ok(output),
            Outcome::Waiting(reason) => seen.reason = Some(reason),
            Outcome::Failed(reason) => return Err(Cause::Failed(reason)),
            Outcome::Deleted(reason) => return Err(Cause::Deleted(reason)),
            Outcome::Ambiguous => return Err(Cause::Ambiguous),
        }
        // Many changes may arrive together, so the task yields between them, also for the time limit.
        tokio::task::coop::consume_budget().await;
    }
}

fn take<S: State>(state: &mut S, change: Change<S::Object>) -> Outcome<S::Output> {
    match change {
        Change::RestartBegin => {
            state.list();
            Outcome::Nothing
        }
        Change::Applied(object) => state.applied(object),
        Change::Deleted(object) => state.deleted(object),
        Change::RestartEnd => state.listed(),
        Change::Bookmark(_) => Outcome::Nothing,
    }
}
