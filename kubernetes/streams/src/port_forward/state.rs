use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kubernetes_core::ObjectKey;
use tokio::sync::watch;

use super::tunnel::Counters;
use crate::clock::{self, Instant};
use crate::error::Error;

/// The state of a [`PortForwarder`](super::PortForwarder): whether it has a tunnel, and what went through it.
#[derive(Clone, Debug)]
pub struct State {
    phase: Phase,
    counts: Counts,
}

/// Whether a [`PortForwarder`](super::PortForwarder) has a tunnel.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Phase {
    /// No connection has been requested.
    #[default]
    Idle,
    /// A connection waits for a tunnel, which is being opened.
    Connecting,
    /// There is a tunnel.
    #[non_exhaustive]
    Connected {
        /// The pod that it leads to.
        pod: ObjectKey,
    },
    /// The last tunnel was lost, or could not be opened. The next connection opens another; those that wait do so after
    /// a while.
    #[non_exhaustive]
    Disconnected {
        /// Why.
        error: Error,
    },
}

/// Counters of a [`PortForwarder`](super::PortForwarder).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// The connections that are open, or being opened.
    pub open: u64,
    /// The connections that were opened.
    pub opened: u64,
    /// The connections that could not be opened, or failed later.
    pub failed: u64,
    /// The bytes that were sent to the pod.
    pub sent_bytes: u64,
    /// The bytes that were read from the pod.
    pub received_bytes: u64,
    /// The tunnels that were opened: more than one if the pod went, or the network.
    pub tunnels: u64,
}

impl State {
    /// Whether there is a tunnel.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// The pod that the tunnel leads to, if there is one.
    pub fn pod(&self) -> Option<&ObjectKey> {
        match &self.phase {
            Phase::Connected { pod } => Some(pod),
            Phase::Idle | Phase::Connecting | Phase::Disconnected { .. } => None,
        }
    }

    /// The counters.
    pub fn counts(&self) -> Counts {
        self.counts
    }
}

/// Follows the [`State`] of a [`PortForwarder`](super::PortForwarder).
#[derive(Clone)]
pub struct StateWatcher {
    phases: watch::Receiver<Change>,
    counters: Arc<Counters>,
}

/// A phase, when it began, and the number of the tunnel that it is about.
#[derive(Clone, Debug)]
struct Change {
    phase: Phase,
    since: Instant,
    tunnel: u64,
}

impl StateWatcher {
    /// The present state.
    pub fn state(&self) -> State {
        let phase = self.phases.borrow().phase.clone();
        State { phase, counts: counts(&self.counters) }
    }

    /// For how long the present phase lasts.
    pub fn duration(&self) -> Duration {
        clock::now().saturating_duration_since(self.phases.borrow().since)
    }

    /// Waits until the phase changes; `None` when the forwarder is gone. Phases that pass quickly may be missed.
    ///
    /// # Cancel safety
    /// No change is lost when the future is dropped.
    pub async fn changed(&mut self) -> Option<State> {
        self.phases.changed().await.ok()?;
        self.phases.borrow_and_update();
        Some(self.state())
    }
}

impl fmt::Debug for StateWatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StateWatcher").field(&self.state()).finish()
    }
}

fn counts(counters: &Counters) -> Counts {
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    Counts {
        open: read(&counters.open),
        opened: read(&counters.opened),
        failed: read(&counters.failed),
        sent_bytes: read(&counters.sent),
        received_bytes: read(&counters.received),
        tunnels: read(&counters.tunnels),
    }
}

/// Keeps the state.
#[derive(Clone, Debug)]
pub(super) struct StateKeeper {
    phases: watch::Sender<Change>,
    counters: Arc<Counters>,
}

impl StateKeeper {
    pub(super) fn new() -> Self {
        let phases = watch::Sender::new(Change { phase: Phase::default(), since: clock::now(), tunnel: 0 });
        Self { phases, counters: Arc::default() }
    }

    pub(super) fn set(&self, phase: Phase) {
        tracing::debug!(?phase, "port-forward");
        self.phases.send_modify(|change| {
            change.phase = phase;
            change.since = clock::now();
        });
    }

    /// There is a new tunnel; returns the function that is called when it is lost.
    pub(super) fn connected(&self, pod: ObjectKey) -> impl FnOnce(&Error) + Send + 'static {
        let tunnel = self.counters.tunnels.fetch_add(1, Ordering::Relaxed) + 1;
        self.phases.send_replace(Change { phase: Phase::Connected { pod }, since: clock::now(), tunnel });
        let phases = self.phases.clone();
        move |error| {
            phases.send_if_modified(|change| {
                // There may be another one since.
                let is_current = change.tunnel == tunnel && matches!(change.phase, Phase::Connected { .. });
                if is_current {
                    change.phase = Phase::Disconnected { error: error.clone() };
                    change.since = clock::now();
                }
                is_current
            });
        }
    }

    pub(super) fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    pub(super) fn watch(&self) -> StateWatcher {
        StateWatcher { phases: self.phases.subscribe(), counters: Arc::clone(&self.counters) }
    }
}
