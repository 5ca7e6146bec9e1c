use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kubernetes_client::Client;

use super::Mapper;
use super::resolve::Ambiguity;
use super::snapshots::{Settings, Snapshots};
use crate::DiskCache;
use crate::discovery::Fetch;

/// Settings of a mapper, made by [`Mapper::builder`].
#[must_use = "a builder does nothing until a mapper is built"]
pub struct MapperBuilder {
    client: Client,
    settings: Settings,
    ambiguity: Ambiguity,
    cache: Option<DiskCache>,
}

impl MapperBuilder {
    /// How long a discovery is used, unless [set otherwise](Self::ttl).
    pub const TTL: Duration = Duration::from_secs(600);

    /// How much time lies between two discoveries for names that are not found, unless
    /// [told otherwise](Self::reload_interval).
    pub const RELOAD_INTERVAL: Duration = Duration::from_secs(1);

    pub(super) fn new(client: &Client) -> Self {
        let settings = Settings { ttl: Self::TTL, reload_interval: Self::RELOAD_INTERVAL, fetch: Fetch::default() };
        Self { client: client.clone(), settings, ambiguity: Ambiguity::default(), cache: None }
    }

    /// How long a discovery is used: 10 minutes by default.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.settings.ttl = ttl;
        self
    }

    /// How much time lies at least between two discoveries for names that are not found, for changes of definitions, and
    /// after a failure: 1 second by default.
    pub fn reload_interval(mut self, interval: Duration) -> Self {
        self.settings.reload_interval = interval;
        self
    }

    /// Of several resources of a name takes the first, in the server's order of groups, and logs a warning: as kubectl.
    /// By default that is an error where none of the groups is one of Kubernetes itself.
    pub fn first_of_ambiguous(mut self) -> Self {
        self.ambiguity = Ambiguity::First;
        self
    }

    /// Asks for what the API server itself has that answers, without its peers: see
    /// [`Discovery::run_without_peers`](crate::Discovery::run_without_peers).
    pub fn without_peers(mut self) -> Self {
        self.settings.fetch.without_peers = true;
        self
    }

    /// Starts with the cache on disk, and updates it from the server.
    ///
    /// [Without peers](Self::without_peers), only the responses are kept on disk: kubectl would take the documents of
    /// one API server for those of all.
    pub fn disk_cache(mut self, cache: DiskCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// The mapper. Nothing is read or sent before it is asked.
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
