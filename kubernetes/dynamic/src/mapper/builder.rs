use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kubernetes_client::Client;

use super::Mapper;
use super::resolve::Ambiguity;
use super::snapshots::{Settings, Snapshots};
use crate::DiskCache;
use crate::discovery::Fetch;

/// The settings of a mapper, created by [`Mapper::builder`].
#[must_use = "a builder does nothing until a mapper is built"]
pub struct MapperBuilder {
    client: Client,
    settings: Settings,
    ambiguity: Ambiguity,
    cache: Option<DiskCache>,
}

impl MapperBuilder {
    /// The time for which a discovery is used by default; see [`ttl`](Self::ttl).
    pub const TTL: Duration = Duration::from_secs(600);

    /// The minimum interval between discoveries for unknown names by default; see
    /// [`reload_interval`](Self::reload_interval).
    pub const RELOAD_INTERVAL: Duration = Duration::from_secs(1);

    pub(super) fn new(client: &Client) -> Self {
        let settings = Settings { ttl: Self::TTL, reload_interval: Self::RELOAD_INTERVAL, fetch: Fetch::default() };
        Self { client: client.clone(), settings, ambiguity: Ambiguity::default(), cache: None }
    }

    /// Sets the time for which a discovery is used: 10 minutes by default.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.settings.ttl = ttl;
        self
    }

    /// Sets the minimum interval between discoveries for unknown names, for changed definitions and after a failure: 1
    /// second by default.
    pub fn reload_interval(mut self, interval: Duration) -> Self {
        self.settings.reload_interval = interval;
        self
    }

    /// If several resources have a name, takes the first in the server's order of groups and logs a warning, like
    /// kubectl. By default, such a name is an error unless one of the groups belongs to Kubernetes itself.
    pub fn first_of_ambiguous(mut self) -> Self {
        self.ambiguity = Ambiguity::First;
        self
    }

    /// Discovers only the API server that responds, without its peers; see
    /// [`Discovery::run_without_peers`](crate::Discovery::run_without_peers).
    pub fn without_peers(mut self) -> Self {
        self.settings.fetch.without_peers = true;
        self
    }

    /// Starts from the disk cache, and updates it from the server.
    ///
    /// [Without peers](Self::without_peers), only the responses are kept on disk: kubectl would take the documents of
    /// one API server for those of all.
    pub fn disk_cache(mut self, cache: DiskCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Builds the mapper, which reads or sends nothing until it is used.
    pub fn build(self) -> Mapper {
        let snapshots = Snapshots::new(self.client, self.settings, self.cache);
        Mapper { snapshots: Arc::new(snapshots), watches: Arc::default(), ambiguity: self.ambiguity }
    }
}

impl fmt::Debug for MapperBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapperBuilder")
            .field("settings", &self.settings)
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}
