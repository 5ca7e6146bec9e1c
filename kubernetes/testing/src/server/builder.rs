use std::cell::RefCell;
use std::io;
use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::json;

use super::custom_resource::CustomResource;
use super::record::Limits;
use super::shared::Shared;
use super::{TestServer, load};
use crate::access::AccessPolicy;
use crate::clock::Clock;
use crate::conditions::MatchConditions;
use crate::resources::Registry;
use crate::state::{Deadlines, Settings, State, Tokens};
use crate::store::Store;
use crate::streams::Scripts;

/// Builds a [`TestServer`].
///
/// ```
/// use kubernetes_testing::{CustomResource, TestServer};
///
/// let server = TestServer::builder()
///     .resource(CustomResource::new("example.com", "v1", "Widget", "widgets").with_status())
///     .namespace("shop")
///     .in_process();
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until a server is made"]
pub struct TestServerBuilder {
    resources: Vec<CustomResource>,
    namespaces: Vec<String>,
    seed: u64,
    now: Option<Timestamp>,
    history: usize,
    record: Limits,
    settings: Settings,
}

/// The namespaces of a new cluster.
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

impl Default for TestServerBuilder {
    fn default() -> Self {
        Self {
            resources: Vec::new(),
            namespaces: NAMESPACES.iter().map(|name| (*name).to_owned()).collect(),
            seed: 0,
            now: None,
            history: 10_000,
            record: Limits { requests: 10_000, bytes: 64 * 1024 * 1024 },
            settings: Settings { require_namespaces: true, bookmark_interval: Duration::from_secs(60), sharding: true },
        }
    }
}

impl TestServerBuilder {
    /// Adds a custom resource, like creating its definition.
    pub fn resource(mut self, resource: CustomResource) -> Self {
        self.resources.push(resource);
        self
    }

    /// Adds a namespace to the four that every cluster has.
    pub fn namespace(mut self, name: impl Into<String>) -> Self {
        self.namespaces.push(name.into());
        self
    }

    /// Sets whether a namespace must exist before objects are created in it; true by default, as in a cluster.
    pub fn require_namespaces(mut self, require: bool) -> Self {
        self.settings.require_namespaces = require;
        self
    }

    /// Sets the seed of uids and generated names; 0 by default.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the initial time of the server's clock; the system's time by default.
    pub fn now(mut self, now: Timestamp) -> Self {
        self.now = Some(now);
        self
    }

    /// Sets the number of changes of each resource that are kept for watches; 10,000 by default. A watch that falls
    /// further behind ends with 410.
    pub fn history(mut self, changes: usize) -> Self {
        self.history = changes;
        self
    }

    /// Sets the limits of [`requests`](TestServer::requests): the number of requests, and the total size of their
    /// bodies, headers and URLs; 10,000 and 64 MiB by default. The oldest are discarded first. With a limit of 0
    /// requests, nothing is recorded.
    pub fn record_limits(mut self, requests: usize, bytes: usize) -> Self {
        self.record = Limits { requests, bytes };
        self
    }

    /// Sets the interval of bookmarks for watches that allow them; one minute by default. A watch always gets a
    /// bookmark two seconds before its end.
    pub fn bookmark_interval(mut self, interval: Duration) -> Self {
        self.settings.bookmark_interval = interval.max(Duration::from_millis(1));
        self
    }

    /// Sets whether the server supports `shardSelector`, like servers with the feature gate `ShardedListAndWatch`; true
    /// by default. Other servers ignore the parameter: they return all objects, without `metadata.shardInfo`.
    pub fn sharding(mut self, sharding: bool) -> Self {
        self.settings.sharding = sharding;
        self
    }

    /// Builds a server without a port.
    ///
    /// # Panics
    /// Panics if a custom resource or namespace is invalid, which is a mistake in the test.
    pub fn in_process(self) -> TestServer {
        let mut store = Store::new(self.history);
        let registry = Registry::described(&mut store);
        let mut state = State {
            store,
            registry,
            clock: Clock::starting_at(self.now),
            random: Rng::with_seed(self.seed),
            settings: self.settings,
            deadlines: Deadlines::default(),
            access: AccessPolicy::default(),
            tokens: Tokens::default(),
            scripts: Scripts::default(),
            exchange: RefCell::default(),
            conditions: MatchConditions::default(),
            conversions: RefCell::default(),
        };
        for name in &self.namespaces {
            let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            add(&mut state, namespace, name);
        }
        for resource in &self.resources {
            add(&mut state, resource.definition(), &resource.plural);
        }
        TestServer::new(Shared::new(state, self.record))
    }

    /// Builds a server on a loopback port.
    ///
    /// # Errors
    /// Returns an error if no port can be opened.
    ///
    /// # Panics
    /// See [`in_process`](Self::in_process).
    pub async fn start(self) -> io::Result<TestServer> {
        self.in_process().listen().await
    }
}

fn add(state: &mut State, object: serde_json::Value, what: &str) {
    if let Err(error) = load::load_object(state, object) {
        panic!("{what} can't be added to the test server: {error}");
    }
}
