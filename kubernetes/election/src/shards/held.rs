use std::fmt;
use std::future::Future;

use kubernetes_client::Client;
use tokio::sync::watch;

use crate::leadership::Leadership;

/// A shard that this process holds: see [`Shards`](crate::Shards).
///
/// Clones refer to the same shard.
#[derive(Clone)]
pub struct HeldShard {
    pub(super) index: u32,
    pub(super) count: u32,
    pub(super) leadership: Leadership,
    pub(super) is_ending: watch::Receiver<bool>,
}

impl HeldShard {
    /// The number of the shard, from 0.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// The total number of shards.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The token of the shard's Lease.
    pub fn leadership(&self) -> &Leadership {
        &self.leadership
    }

    /// A client that writes only while this process holds the shard: see [`Leadership::gate`].
    pub fn client(&self) -> Client {
        self.leadership.client()
    }

    /// Completes when the shard should be given up, to another replica or because the process ends: the function that
    /// works on it should finish its current work and return. Then the Lease is released.
    ///
    /// When the Lease is lost there is no time for that, and the function's future is dropped.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time.
    pub fn end(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut is_ending = self.is_ending.clone();
        async move {
            // An end of the sender is that of the shard as well.
            let _ = is_ending.wait_for(|is_ending| *is_ending).await;
        }
    }
}

impl fmt::Debug for HeldShard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldShard")
            .field("index", &self.index)
            .field("count", &self.count)
            .field("leadership", &self.leadership)
            .finish_non_exhaustive()
    }
}
