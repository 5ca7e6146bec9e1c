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
    /// Adds a custom resource, as creating its definition would.
    pub fn resource(mut self, resource: CustomResource) -> Self {
        self.resources.push(resource);
        self
    }

    /// Adds a namespace to the four that every cluster has.
    pub fn namespace(mut self, name: impl Into<String>) -> Self {
        self.namespaces.push(name.into());
        self
    }

    /// Whether a namespace must exist before anything is created in it, as in a cluster. It must, by default.
    pub fn require_namespaces(mut self, require: bool) -> Self {
        self.settings.require_namespaces = require;
        self
    }

    /// The seed of uids and generated names; 0 by default.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The time of the server's clock at the start; the system's time by default.
    pub fn now(mut self, now: Timestamp) -> Self {
        self.now = Some(now);
        self
    }

    /// How many changes of each resource are kept for watches; 10,000 by default. A watch that is further behind
    /// ends with 410.
    pub fn history(mut self, changes: usize) -> Self {
        self.history = changes;
        self
    }

    /// The limits of [`requests`](TestServer::requests): a number of requests, and the bytes of their bodies, headers
    /// and URLs together; 10,000 and 64 MiB by default. The oldest are forgotten first. With a limit of 0 requests,
    /// nothing is recorded.
    pub fn record_limits(mut self, requests: usize, bytes: usize) -> Self {
        self.record = Limits { requests, bytes };
        self
    }

    /// How often a watch gets a bookmark, if it wants any; every minute by default, and two seconds before its end in
    /// any case.
    pub fn bookmark_interval(mut self, interval: Duration) -> Self {
        self.settings.bookmark_interval = interval.max(Duration::from_millis(1));
        self
    }

    /// Whether the server supports `shardSelector`, as servers with the feature gate `ShardedListAndWatch` do; it does by
    /// default. Other servers ignore the parameter: they return everything, and no `metadata.shardInfo`.
    pub fn sharding(mut self, sharding: bool) -> Self {
        self.settings.sharding = sharding;
        self
    }

    /// A server without a port.
    ///
    /// # Panics
    /// If a custom resource or namespace is invalid, which is a mistake in the test.
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

    /// A server on a loopback port.
    ///
    /// # Errors
    /// If no port can be opened.
    ///
    /// # Panics
    /// As [`in_process`](Self::in_process).
    pub async fn start(self) -> io::Result<TestServer> {
        self.in_process().listen().await
    }
}

fn add(state: &mut State, object: serde_json::Value, what: &str) {
    if let Err(error) = load::load_object(state, object) {
        panic!("{what} can't be added to the test server: {error}");
    }
}
