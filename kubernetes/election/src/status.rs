use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::Str;
use tokio::sync::watch;

use crate::clock;
use crate::gate::{CurrentTerm, Gate, Terms, Writes};

/// The state of an election, available anywhere in the program, for health checks, metrics and gates.
///
/// ```
/// # use std::time::Duration;
/// # use kubernetes_election::Election;
/// fn health(election: &Election) -> impl Fn() -> bool {
///     let status = election.status();
///     move || status.is_healthy(Duration::from_secs(20))
/// }
/// ```
#[derive(Clone)]
pub struct ElectionStatus {
    pub(crate) shared: Arc<Shared>,
}

/// The state of an election that others see.
pub(crate) struct Shared {
    pub(crate) lease: String,
    pub(crate) identity: Str,
    pub(crate) current: Arc<CurrentTerm>,
    /// The last holder that was seen.
    pub(crate) leader: watch::Sender<Option<Str>>,
    pub(crate) slow_paths: AtomicU64,
    pub(crate) writes: Arc<Writes>,
}

impl ElectionStatus {
    /// Whether this process leads now.
    pub fn is_leading(&self) -> bool {
        self.shared.current.borrow().as_ref().is_some_and(|term| term.is_valid())
    }

    /// The last known holder of the Lease, which may no longer hold it.
    pub fn leader(&self) -> Option<String> {
        self.shared.leader.borrow().as_ref().map(ToString::to_string)
    }

    /// Whether leadership has ended in time: `false` if this process still leads though its Lease ended longer than
    /// `tolerance` ago, as when its runtime is blocked. A process that does not lead is healthy.
    ///
    /// client-go's `HealthzAdaptor`; its users tolerate 20 s.
    pub fn is_healthy(&self, tolerance: Duration) -> bool {
        let term = self.shared.current.borrow().clone();
        term.is_none_or(|term| term.is_suspended() || clock::now() <= clock::later(term.lease_end(), tolerance))
    }

    /// The number of renewals that had to read the Lease first, because it had been changed.
    pub fn slow_paths(&self) -> u64 {
        self.shared.slow_paths.load(Ordering::Relaxed)
    }

    /// Namespace and name of the Lease.
    pub fn lease(&self) -> &str {
        &self.shared.lease
    }

    /// The identity of this candidate.
    pub fn identity(&self) -> &str {
        &self.shared.identity
    }

    /// A client with the same connections that writes only while this process leads, now or later; see
    /// [`Leadership::gate`](crate::Leadership::gate).
    ///
    /// It is for parts of a program that are built before it leads. A part that must not outlive a period of leadership
    /// should use the gate of its token.
    pub fn gate(&self, client: &Client) -> Client {
        client.derived(Gate {
            terms: Terms::Any(Arc::clone(&self.shared.current)),
            lease: self.shared.lease.clone(),
            writes: Arc::clone(&self.shared.writes),
        })
    }
}

impl fmt::Debug for ElectionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ElectionStatus")
            .field("lease", &self.lease())
            .field("identity", &self.identity())
            .field("is_leading", &self.is_leading())
            .field("leader", &self.leader())
            .finish_non_exhaustive()
    }
}
