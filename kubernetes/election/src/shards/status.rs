use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kubernetes_core::Str;
use tokio::sync::watch;

use super::config::ShardsConfig;
use crate::clock::{self, Instant};
use crate::status::ElectionStatus;

/// The state of [`Shards`](crate::Shards), available anywhere in the program.
#[derive(Clone)]
pub struct ShardsStatus {
    name: Str,
    /// How long it takes at most from the beginning of a turn to that of the next.
    turn: Duration,
    standing: Arc<watch::Sender<Standing>>,
}

#[derive(Default)]
struct Standing {
    /// How many replicas live; 0 before the first list.
    members: usize,
    /// How many shards this one should have.
    share: usize,
    /// Whether others have all shards, or those with another number of shards have precedence.
    is_waiting: bool,
    /// The shards that it holds, and their elections.
    held: BTreeMap<u32, ElectionStatus>,
    /// When the last turn began; `None` while there is no run.
    beat: Option<Instant>,
}

/// The time for which a shard is held.
pub(super) struct Hold {
    index: u32,
    standing: Arc<watch::Sender<Standing>>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.standing.send_modify(|standing| {
            standing.held.remove(&self.index);
        });
    }
}

impl ShardsStatus {
    pub(super) fn new(config: &ShardsConfig) -> Self {
        Self { name: config.name().into(), turn: config.turn_timeout() + config.interval(), standing: Arc::default() }
    }

    pub(super) fn set_share(&self, members: usize, share: usize, is_waiting: bool) {
        self.standing.send_modify(|standing| {
            (standing.members, standing.share, standing.is_waiting) = (members, share, is_waiting);
        });
    }

    /// Notes that a turn begins.
    pub(super) fn beat(&self) {
        self.standing.send_modify(|standing| standing.beat = Some(clock::now()));
    }

    /// Notes the end of a run.
    pub(super) fn ended(&self) {
        self.set_share(0, 0, false);
        self.standing.send_modify(|standing| standing.beat = None);
    }

    /// Notes that a shard is held, until the result is dropped.
    pub(super) fn hold(&self, index: u32, election: ElectionStatus) -> Hold {
        self.standing.send_modify(|standing| {
            standing.held.insert(index, election);
        });
        Hold { index, standing: Arc::clone(&self.standing) }
    }

    /// The common name of the Leases.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The shards that this process holds, in order.
    pub fn held(&self) -> Vec<u32> {
        self.standing.borrow().held.keys().copied().collect()
    }

    /// The number of shards that this process should currently have.
    pub fn share(&self) -> usize {
        self.standing.borrow().share
    }

    /// How many processes share the shards, this one included; 0 before the Leases have been listed.
    pub fn members(&self) -> usize {
        self.standing.borrow().members
    }

    /// Whether this process has no shard because others hold all of them, or because replicas with another number of
    /// shards have precedence.
    pub fn is_waiting(&self) -> bool {
        self.standing.borrow().is_waiting
    }

    /// Whether the Leases are listed and renewed in time: `false` if the next list is late by more than `tolerance`, or a
    /// shard's election is not [healthy](ElectionStatus::is_healthy). A process that does not run the shards is healthy.
    pub fn is_healthy(&self, tolerance: Duration) -> bool {
        let Standing { held, beat, .. } = &*self.standing.borrow();
        beat.is_none_or(|beat| clock::now() <= clock::later(beat, self.turn + tolerance))
            && held.values().all(|election| election.is_healthy(tolerance))
    }
}

impl fmt::Debug for ShardsStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Standing { members, share, held, .. } = &*self.standing.borrow();
        f.debug_struct("ShardsStatus")
            .field("name", &self.name)
            .field("members", members)
            .field("share", share)
            .field("held", &held.keys())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LeaseConfig;

    #[tokio::test(start_paused = true)]
    async fn a_list_that_is_late_is_not_healthy() {
        let config = ShardsConfig::new(LeaseConfig::new("shop", "operator").identity("a"), 4);
        let (status, tolerance) = (ShardsStatus::new(&config), Duration::from_secs(20));
        tokio::time::advance(Duration::from_secs(100)).await;
        assert!(status.is_healthy(tolerance), "it does not run");
        status.beat();
        tokio::time::advance(config.turn_timeout() + config.interval() + tolerance).await;
        assert!(status.is_healthy(tolerance));
        tokio::time::advance(Duration::from_millis(10)).await;
        assert!(!status.is_healthy(tolerance));
        status.beat();
        assert!(status.is_healthy(tolerance));
        tokio::time::advance(Duration::from_secs(100)).await;
        status.ended();
        assert!(status.is_healthy(tolerance));
    }
}
