//! What all waits have in common: a reflector, and the end of one's patience.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_core::Stream;
use kubernetes_core::{ListRequest, Object, Str, Watchable};

use super::error::{Cause, Trouble};
use super::{UntilError, Verdict};
use crate::{Change, Reflector, Watch};

/// What a wait follows, and for how long.
#[derive(Clone, Debug)]
pub(super) struct Wait<K> {
    pub(super) watch: Watch,
    pub(super) request: ListRequest<K>,
    pub(super) limit: Option<Duration>,
}

/// The state that a wait asks its condition about.
pub(super) trait State {
    type Object: Object;
    type Output;

    /// A list begins. Until it is [complete](Self::listed), the state is that of before.
    fn list(&mut self);

    /// The list is complete.
    fn listed(&mut self) -> Asked<Self::Output>;

    /// An object of the list, or of an event after it.
    fn applied(&mut self, object: Self::Object) -> Asked<Self::Output>;

    /// An object that is gone, be it during the list.
    fn deleted(&mut self, object: Self::Object) -> Asked<Self::Output>;

    /// What is waited for, in words.
    fn description(&self) -> String;
}

/// What a condition made of a state.
pub(super) enum Asked<T> {
    /// It was not asked: the state is not complete.
    Nothing,
    Met(T),
    Waiting(Str),
    /// It can't hold any more.
    Failed(Str),
    /// The object is gone for good.
    Deleted(Str),
    /// Objects of the same name in several namespaces.
    Ambiguous,
}

impl<T> Asked<T> {
    /// The verdict, with what is given back if it is met.
    pub(super) fn of(verdict: Verdict, output: impl FnOnce() -> T) -> Self {
        match verdict {
            Verdict::Met => Self::Met(output()),
            Verdict::Waiting(reason) => Self::Waiting(reason),
            Verdict::Failed(reason) => Self::Failed(reason),
        }
    }
}

/// What was seen last.
#[derive(Debug, Default)]
pub(super) struct LastSeen {
    /// Why the condition did not hold; `None` if nothing was seen.
    pub(super) reason: Option<Str>,
    pub(super) resource_version: Option<Str>,
}

/// What is wrong with the connection, if something is.
#[derive(Clone, Debug, Default)]
struct Connection(Arc<Mutex<Option<String>>>);

impl Connection {
    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Watchable> Wait<K> {
    pub(super) async fn run<S: State<Object = K>>(self, mut state: S) -> Result<S::Output, UntilError> {
        let connection = Connection::default();
        let told = connection.clone();
        let watch = self.watch.clone().reconnect(true).also_observe(move |transition| {
            *told.lock() = transition.error().map(|error| format!("{error:?}"));
        });
        let mut seen = LastSeen::default();
        let result = {
            let following = follow(watch, &self.request, &mut state, &mut seen);
            match self.limit {
                None => following.await,
                Some(limit) => match tokio::time::timeout(limit, following).await {
                    Ok(result) => result,
                    Err(_) => Err(Cause::TimedOut { limit, trouble: connection.lock().take().map(Trouble) }),
                },
            }
        };
        result.map_err(|cause| UntilError::new(self.request.request(), state.description(), seen, cause))
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
        let asked = match poll_fn(|context| Pin::new(&mut changes).poll_next(context)).await {
            None => return Err(Cause::Stopped),
            Some(Err(error)) => return Err(Cause::Watch(error)),
            Some(Ok(change)) => take(state, change),
        };
        if let Some(version) = changes.resource_version() {
            seen.resource_version = Some(version.into());
        }
        match asked {
            Asked::Nothing => {}
            Asked::Met(output) => return Ok(output),
            Asked::Waiting(reason) => seen.reason = Some(reason),
            Asked::Failed(reason) => return Err(Cause::Failed(reason)),
            Asked::Deleted(reason) => return Err(Cause::Deleted(reason)),
            Asked::Ambiguous => return Err(Cause::Ambiguous),
        }
        // Many changes may have come together: the runtime, and the limit, get their turn between them.
        tokio::task::coop::consume_budget().await;
    }
}

fn take<S: State>(state: &mut S, change: Change<S::Object>) -> Asked<S::Output> {
    match change {
        Change::RestartBegin => {
            state.list();
            Asked::Nothing
        }
        Change::Applied(object) => state.applied(object),
        Change::Deleted(object) => state.deleted(object),
        Change::RestartEnd => state.listed(),
        Change::Bookmark(_) => Asked::Nothing,
    }
}
