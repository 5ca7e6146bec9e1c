use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use kubernetes_core::Str;
use tokio::sync::watch;

use super::config::ShardsConfig;

/// The state of [`Shards`](crate::Shards), available anywhere in the program.
#[derive(Clone)]
pub struct ShardsStatus {
    name: Str,
    standing: Arc<watch::Sender<Standing>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// How many replicas live; 0 before the first look.
    pub(super) members: usize,
    /// How many shards this one should have.
    pub(super) share: usize,
    /// The shards that it holds.
    pub(super) held: BTreeSet<u32>,
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
        Self { name: config.name().into(), standing: Arc::default() }
    }

    pub(super) fn set_share(&self, members: usize, share: usize) {
        self.standing.send_modify(|standing| (standing.members, standing.share) = (members, share));
    }

    /// Notes that a shard is held, until the result is dropped.
    pub(super) fn hold(&self, index: u32) -> Hold {
        self.standing.send_modify(|standing| {
            standing.held.insert(index);
        });
        Hold { index, standing: Arc::clone(&self.standing) }
    }

    /// The common name of the Leases.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The shards that this process holds, in order.
    pub fn held(&self) -> Vec<u32> {
        self.standing.borrow().held.iter().copied().collect()
    }

    /// The number of shards that this process should currently have.
    pub fn share(&self) -> usize {
        self.standing.borrow().share
    }

    /// The number of processes that share the shards, including this one; 0 before the Leases have been read.
    pub fn members(&self) -> usize {
        self.standing.borrow().members
    }
}

impl fmt::Debug for ShardsStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Standing { members, share, held } = &*self.standing.borrow();
        f.debug_struct("ShardsStatus")
            .field("name", &self.name)
            .field("members", members)
            .field("share", share)
            .field("held", held)
            .finish()
    }
}
