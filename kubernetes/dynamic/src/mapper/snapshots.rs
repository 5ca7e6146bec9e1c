//! The last discovery, and the decision when to make another.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use kubernetes_client::sync::lock;
use kubernetes_client::{Client, Error};
use tokio::sync::watch;
use tokio::time::Instant;

use super::MapError;
use crate::cache::Documents;
use crate::discovery::Fetch;
use crate::{Discovery, DiskCache, clock};

/// The time after a change of a definition during which the server may still report the previous state, as it updates
/// its documents in a loop of its own.
const SETTLING: Duration = Duration::from_secs(3);

/// The minimum interval between two checks of a waiting caller, whatever the settings say.
pub(super) const SHORTEST_WAIT: Duration = Duration::from_millis(100);

/// Makes discoveries, and keeps the last one.
pub(super) struct Snapshots {
    pub(super) client: Client,
    /// Like `client`, but through the disk cache if there is one.
    cached_client: Client,
    documents: Option<Documents>,
    pub(super) settings: Settings,
    state: Mutex<State>,
    /// Held during a discovery, so that there is one at a time.
    loading: tokio::sync::Mutex<()>,
    /// Counts events that may matter to callers that wait for a kind.
    changes: watch::Sender<u64>,
}

/// The settings of discoveries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) ttl: Duration,
    pub(super) reload_interval: Duration,
    pub(super) fetch: Fetch,
}

/// A discovery and its number.
#[derive(Clone)]
pub(super) struct Snapshot {
    pub(super) discovery: Arc<Discovery>,
    number: u64,
    origin: Origin,
}

/// The age of a discovery.
#[derive(Clone, Copy)]
struct Origin {
    begun: Instant,
    /// The number of invalidations before it began: later ones require another discovery.
    invalidations: u64,
}

#[derive(Default)]
struct State {
    snapshot: Option<Snapshot>,
    /// The number of discoveries so far, failed ones included.
    attempts: u64,
    last_attempt: Option<Instant>,
    /// The error of the last discovery.
    failure: Option<Arc<Error>>,
    /// The number of invalidations so far.
    invalidations: u64,
    /// The time until which a discovery may show a state from before a change.
    settled: Option<Instant>,
}

impl Snapshots {
    pub(super) fn new(client: Client, settings: Settings, cache: Option<DiskCache>) -> Self {
        Self {
            cached_client: cache.as_ref().map_or_else(|| client.clone(), |cache| cache.client(&client)),
            // kubectl shares the documents, and discovers peers, too.
            documents: cache.filter(|_| !settings.fetch.without_peers).map(|cache| cache.documents()),
            client,
            settings,
            state: Mutex::default(),
            loading: tokio::sync::Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }

    /// The last discovery, or else a new one. A failure is an error only if there has been no discovery.
    pub(super) async fn current(&self) -> Result<Snapshot, MapError> {
        let known = {
            let state = self.state();
            match &state.snapshot {
                Some(snapshot) if !self.is_outdated(&state, snapshot) => return Ok(snapshot.clone()),
                None if !self.is_rested(&state) => match &state.failure {
                    Some(failure) => return Err(MapError::discovery(Arc::clone(failure))),
                    None => None,
                },
                snapshot => snapshot.clone(),
            }
        };
        match (self.load(known.as_ref()).await, known) {
            (Ok(snapshot), _) => Ok(snapshot),
            (Err(error), Some(known)) => {
                tracing::warn!(%error, "discovery failed: the last result remains in use");
                Ok(known)
            }
            (Err(error), None) => Err(MapError::discovery(error)),
        }
    }

    /// A newer discovery, after something was not found; `None` if the last one was just made.
    ///
    /// # Errors
    /// Returns an error if the last discovery failed, so that the answer is unknown.
    pub(super) async fn after_miss(&self, snapshot: &Snapshot) -> Result<Option<Snapshot>, MapError> {
        {
            let state = self.state();
            if let Some(newer) = state.newer(Some(snapshot)) {
                return Ok(Some(newer.clone()));
            }
            if !self.is_rested(&state) && !self.is_outdated(&state, snapshot) {
                return state.failure.clone().map_or(Ok(None), |failure| Err(MapError::discovery(failure)));
            }
        }
        self.load(Some(snapshot)).await.map(Some).map_err(MapError::discovery)
    }

    pub(super) fn invalidate(&self) {
        self.state().invalidations += 1;
        self.changed();
    }

    /// Marks discoveries as outdated until the server has noticed a change, which takes some time. The interval between
    /// two discoveries is kept, however many changes there are.
    pub(super) fn invalidate_for_a_while(&self) {
        self.state().settled = Some(clock::now() + SETTLING);
        self.changed();
    }

    /// The time that a caller may wait without a [notification](Self::changes) before it checks again.
    pub(super) fn longest_wait(&self) -> Duration {
        let state = self.state();
        let is_due = state.snapshot.as_ref().is_none_or(|snapshot| state.is_superseded(snapshot));
        let wait = if is_due { self.settings.reload_interval } else { self.settings.ttl };
        wait.max(SHORTEST_WAIT)
    }

    /// Notifies of discoveries, and of reasons for one.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn is_outdated(&self, state: &State, snapshot: &Snapshot) -> bool {
        // A failed discovery is not repeated at once.
        if state.is_invalid(snapshot) && state.failure.is_none() {
            return true;
        }
        let age = clock::now().saturating_duration_since(snapshot.origin.begun);
        self.is_rested(state) && (age >= self.settings.ttl || state.is_superseded(snapshot))
    }

    /// Whether the last discovery was long enough ago for another.
    fn is_rested(&self, state: &State) -> bool {
        state.last_attempt.is_none_or(|attempt| clock::now() >= attempt + self.settings.reload_interval)
    }

    /// Discovers, unless another caller has done so since `known`, or while this one waited.
    async fn load(&self, known: Option<&Snapshot>) -> Result<Snapshot, Arc<Error>> {
        let attempts = self.state().attempts;
        let _loading = self.loading.lock().await;
        {
            let state = self.state();
            if let Some(newer) = state.newer(known) {
                return Ok(newer.clone());
            }
            if let Some(failure) = state.failure.as_ref().filter(|_| state.attempts > attempts) {
                return Err(Arc::clone(failure));
            }
        }
        let origin = Origin { begun: clock::now(), invalidations: self.state().invalidations };
        if known.is_none()
            && origin.invalidations == 0
            && let Some(documents) = &self.documents
            && let Some(discovery) = documents.read().await
        {
            return Ok(self.keep(Arc::new(discovery), origin));
        }
        self.ask(origin).await
    }

    async fn ask(&self, origin: Origin) -> Result<Snapshot, Arc<Error>> {
        let result = self.settings.fetch.run(&self.cached_client).await;
        self.state().last_attempt = Some(clock::now());
        match result {
            Ok(discovery) => {
                let discovery = Arc::new(discovery);
                let snapshot = self.keep(Arc::clone(&discovery), origin);
                if let Some(documents) = &self.documents {
                    documents.write(discovery).await;
                }
                Ok(snapshot)
            }
            Err(error) => {
                let error = Arc::new(error);
                let mut state = self.state();
                state.attempts += 1;
                state.failure = Some(Arc::clone(&error));
                Err(error)
            }
        }
    }

    fn keep(&self, discovery: Arc<Discovery>, origin: Origin) -> Snapshot {
        let mut state = self.state();
        state.attempts += 1;
        let snapshot = Snapshot { discovery, number: state.attempts, origin };
        state.failure = None;
        state.snapshot = Some(snapshot.clone());
        drop(state);
        self.changed();
        snapshot
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    /// Whether there was an invalidation after the discovery began.
    fn is_invalid(&self, snapshot: &Snapshot) -> bool {
        snapshot.origin.invalidations < self.invalidations
    }

    /// Whether there was a change that the discovery may not show.
    fn is_superseded(&self, snapshot: &Snapshot) -> bool {
        self.is_invalid(snapshot) || self.settled.is_some_and(|settled| snapshot.origin.begun < settled)
    }

    /// A discovery after `known` that is still valid.
    fn newer(&self, known: Option<&Snapshot>) -> Option<&Snapshot> {
        let is_newer = |snapshot: &&Snapshot| known.is_none_or(|known| snapshot.number > known.number);
        self.snapshot.as_ref().filter(is_newer).filter(|snapshot| !self.is_invalid(snapshot))
    }
}
