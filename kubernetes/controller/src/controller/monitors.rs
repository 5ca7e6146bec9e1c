use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use kubernetes_client::sync::lock;

use super::Monitor;

/// The controllers of the shards that this replica holds.
#[derive(Clone, Default)]
pub(crate) struct Monitors(Arc<Mutex<BTreeMap<u32, Monitor>>>);

impl Monitors {
    pub(crate) fn all(&self) -> Vec<(u32, Monitor)> {
        lock(&self.0).iter().map(|(shard, monitor)| (*shard, monitor.clone())).collect()
    }

    /// Adds one, until the result is dropped.
    pub(crate) fn insert(&self, shard: u32, monitor: Monitor) -> Inserted {
        lock(&self.0).insert(shard, monitor);
        Inserted { monitors: self.clone(), shard }
    }
}

pub(crate) struct Inserted {
    monitors: Monitors,
    shard: u32,
}

impl Drop for Inserted {
    fn drop(&mut self) {
        lock(&self.monitors.0).remove(&self.shard);
    }
}
