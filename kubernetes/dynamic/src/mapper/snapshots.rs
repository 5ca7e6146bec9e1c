//! The last discovery, and when to do another.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kubernetes_client::{Client, Error};
use tokio::sync::watch;
use tokio::time::Instant;

use super::MapError;
use crate::cache::Documents;
use crate::discovery::Fetch;
use crate::{Discovery, DiskCache, clock};

/// How long after a change of a definition the server may still tell what was before: it updates its documents in a loop
/// of its own.
const SETTLING: Duration = Duration::from_secs(3);

/// Discoveries, the last of which is kept.
pub(super) struct Snapshots {
    pub(super) client: Client,
    /// As `client`, by way of the disk cache if there is one.
    cached_client: Client,
    documents: Option<Documents>,
    pub(super) settings: Settings,
    state: Mutex<State>,
    /// Held during a discovery, of which there is one at a time.
    loading: tokio::sync::Mutex<()>,
    /// Counts what may be of interest to those who wait for a kind.
    changes: watch::Sender<u64>,
}

/// When to ask the server, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) ttl: Duration,
    pub(super) reload_interval: Duration,
    pub(super) fetch: Fetch,
}

/// A discovery, and which one it is.
#[derive(Clone)]
pub(super) struct Snapshot {
    pub(super) discovery: Arc<Discovery>,
    number: u64,
    loaded: Instant,
    is_of_disk: bool,
}

#[derive(Default)]
struct State {
    snapshot: Option<Snapshot>,
    /// The number of discoveries so far, failed ones included.
    attempts: u64,
    last_attempt: Option<Instant>,
    /// Why the last discovery failed.
    failure: Option<Arc<Error>>,
    is_invalidated: bool,
    /// Until when a discovery may show a state from before a change.
    settled: Option<Instant>,
}

impl Snapshots {
    pub(super) fn new(client: Client, settings: Settings, cache: Option<DiskCache>) -> Self {
        Self {
            cached_client: cache.as_ref().map_or_else(|| client.clone(), |cache| cache.client(&client)),
            documents: cache.as_ref().map(DiskCache::documents),
            client,
            settings,
            state: Mutex::default(),
            loading: tokio::sync::Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }

    /// The last discovery, or else one that is made now. A failure is an error only if nothing is known.
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
                tracing::warn!(%error, "discovery failed: what is known is used for longer");
                Ok(known)
            }
            (Err(error), None) => Err(MapError::discovery(error)),
        }
    }

    /// A newer discovery, after something was not found; `None` if the last was just now.
    ///
    /// # Errors
    /// If the last discovery failed, so that nobody knows.
    pub(super) async fn after_miss(&self, snapshot: &Snapshot) -> Result<Option<Snapshot>, MapError> {
        {
            let state = self.state();
            let newer = state.snapshot.as_ref().filter(|newer| newer.number > snapshot.number);
            if let Some(newer) = newer {
                return Ok(Some(newer.clone()));
            }
            if !self.is_rested(&state) {
                return state.failure.clone().map_or(Ok(None), |failure| Err(MapError::discovery(failure)));
            }
        }
        self.load(Some(snapshot)).await.map(Some).map_err(MapError::discovery)
    }

    pub(super) fn invalidate(&self) {
        self.state().is_invalidated = true;
        self.changed();
    }

    /// As [`invalidate`](Self::invalidate), where the server itself may take some time to notice the change.
    pub(super) fn invalidate_for_a_while(&self) {
        {
            let mut state = self.state();
            state.is_invalidated = true;
            state.settled = Some(clock::now() + SETTLING);
        }
        self.changed();
    }

    /// Tells of discoveries and of reasons for one.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn is_outdated(&self, state: &State, snapshot: &Snapshot) -> bool {
        let now = clock::now();
        let age = now.saturating_duration_since(snapshot.loaded);
        let is_unsettled = state.settled.is_some_and(|settled| snapshot.loaded < settled);
        state.is_invalidated || (self.is_rested(state) && (age >= self.settings.ttl || is_unsettled))
    }

    /// Whether the last discovery lies long enough ago for another.
    fn is_rested(&self, state: &State) -> bool {
        state.last_attempt.is_none_or(|attempt| clock::now() >= attempt + self.settings.reload_interval)
    }

    /// Discovers, unless that has been done since `known` was, or while this waited.
    async fn load(&self, known: Option<&Snapshot>) -> Result<Snapshot, Arc<Error>> {
        let attempts = self.state().attempts;
        let _loading = self.loading.lock().await;
        {
            let state = self.state();
            let newer = state.snapshot.as_ref().filter(|newer| known.is_none_or(|known| newer.number > known.number));
            if let Some(newer) = newer {
                return Ok(newer.clone());
            }
            if let Some(failure) = state.failure.as_ref().filter(|_| state.attempts > attempts) {
                return Err(Arc::clone(failure));
            }
        }
        if known.is_none()
            && let Some(documents) = &self.documents
            && !self.state().is_invalidated
            && let Some(discovery) = documents.read().await
        {
            return Ok(self.keep(Arc::new(discovery), true));
        }
        self.ask().await
    }

    async fn ask(&self) -> Result<Snapshot, Arc<Error>> {
        // A change during the discovery asks for another one.
        self.state().is_invalidated = false;
        match self.settings.fetch.run(&self.cached_client).await {
            Ok(discovery) => {
                let discovery = Arc::new(discovery);
                let snapshot = self.keep(Arc::clone(&discovery), false);
                if let Some(documents) = &self.documents {
                    documents.write(discovery).await;
                }
                Ok(snapshot)
            }
            Err(error) => {
                let error = Arc::new(error);
                let mut state = self.state();
                state.attempts += 1;
                state.last_attempt = Some(clock::now());
                state.failure = Some(Arc::clone(&error));
                Err(error)
            }
        }
    }

    fn keep(&self, discovery: Arc<Discovery>, is_of_disk: bool) -> Snapshot {
        let mut state = self.state();
        state.attempts += 1;
        let snapshot = Snapshot { discovery, number: state.attempts, loaded: clock::now(), is_of_disk };
        state.failure = None;
        if !snapshot.is_of_disk {
            state.last_attempt = Some(snapshot.loaded);
        }
        state.snapshot = Some(snapshot.clone());
        drop(state);
        self.changed();
        snapshot
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
