//! What all waits have in common: a stream, another one when the version is forgotten, and the end of one's patience.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures_core::Stream;
use kubernetes_core::{ListRequest, Object, Str, Watchable};

use super::error::{Cause, Trouble};
use super::{UntilError, Verdict};
use crate::backoff::Backoff;
use crate::timer::Timer;
use crate::{Event, StopHandle, Watch};

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

    /// An object of a list, or of an event after it.
    fn applied(&mut self, object: Self::Object) -> Asked<Self::Output>;

    /// An object that is gone.
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
        let watch = self.watch.clone().also_observe(move |transition| {
            *told.lock() = transition.error().map(|error| format!("{error:?}"));
        });
        let mut seen = LastSeen::default();
        let result = {
            let following = follow(&watch, &self.request, &mut state, &mut seen);
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
    watch: &Watch,
    request: &ListRequest<S::Object>,
    state: &mut S,
    seen: &mut LastSeen,
) -> Result<S::Output, Cause>
where
    S: State<Object: Watchable>,
{
    let mut backoff = Backoff::new(fastrand::Rng::new());
    let stop = watch.stop_handle();
    loop {
        // A wait begins with what exists, whatever version the request has.
        let mut stream = watch.stoppable_stream(request.clone().resource_version(""), stop.clone());
        state.list();
        let mut listed = false;
        let forgotten = loop {
            let item = poll_fn(|context| Pin::new(&mut stream).poll_next(context)).await;
            if listed && item.as_ref().is_some_and(Result::is_ok) {
                // What a list brings is no progress: the server may forget its version at once, again and again.
                backoff.reset();
            }
            let asked = match item {
                None => return Err(Cause::Stopped),
                Some(Err(error)) => break error,
                Some(Ok(Event::Added(object) | Event::Modified(object))) => state.applied(object),
                Some(Ok(Event::Deleted(object))) => state.deleted(object),
                Some(Ok(Event::Bookmark(bookmark))) if bookmark.ends_initial_events() => {
                    listed = true;
                    state.listed()
                }
                Some(Ok(Event::Bookmark(_))) => Asked::Nothing,
            };
            seen.resource_version = stream.resource_version().map(Str::from).or_else(|| seen.resource_version.take());
            match asked {
                Asked::Nothing => {}
                Asked::Met(output) => return Ok(output),
                Asked::Waiting(reason) => seen.reason = Some(reason),
                Asked::Failed(reason) => return Err(Cause::Failed(reason)),
                Asked::Deleted(reason) => return Err(Cause::Deleted(reason)),
                Asked::Ambiguous => return Err(Cause::Ambiguous),
            }
        };
        if !forgotten.is_gone() {
            return Err(Cause::Watch(forgotten));
        }
        pause(backoff.next(), &stop).await?;
    }
}

/// Waits before the next list.
async fn pause(wait: Duration, stop: &StopHandle) -> Result<(), Cause> {
    let mut timer = Timer::default();
    timer.set(Some(wait));
    poll_fn(|context| match stop.poll_stopped(context) {
        true => Poll::Ready(Err(Cause::Stopped)),
        false => timer.poll(context).map(|_| Ok(())),
    })
    .await
}
