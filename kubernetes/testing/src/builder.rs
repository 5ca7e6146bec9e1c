//! Settings of a server.

use std::io;
use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::json;

use crate::TestServer;
use crate::clock::Clock;
use crate::load;
use crate::record::Limits;
use crate::registry::Registry;
use crate::shared::Shared;
use crate::state::{Deadlines, Settings, State};
use crate::store::Store;

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

impl Default for TestServerBuilder {
    fn default() -> Self {
        Self {
            resources: Vec::new(),
            namespaces: crate::verbs::INITIAL_NAMESPACES.iter().map(|name| (*name).to_owned()).collect(),
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

    /// What uids and generated names are drawn from; 0 by default.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// What the server's clock shows at the start; the system's time by default.
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

    /// How much [`requests`](TestServer::requests) remembers: so many requests, and so many bytes of their bodies
    /// together; 10,000 and 64 MiB by default. The oldest are forgotten first. With a limit of 0 requests nothing is
    /// recorded.
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

    /// Whether `shardSelector` is heeded, as servers do that have the feature gate `ShardedListAndWatch` on; it is by
    /// default. Others ignore the parameter: they give everything, and no `metadata.shardInfo`.
    pub fn sharding(mut self, sharding: bool) -> Self {
        self.settings.sharding = sharding;
        self
    }

    /// A server without a port.
    ///
    /// # Panics
    /// If a custom resource or namespace is wrong, which is a mistake in the test.
    pub fn in_process(self) -> TestServer {
        let mut store = Store::new(self.history);
        let registry = Registry::described(&mut store);
        let mut state = State {
            store,
            registry,
            clock: Clock::starting_at(self.now.unwrap_or_else(Timestamp::now)),
            random: Rng::with_seed(self.seed),
            settings: self.settings,
            deadlines: Deadlines::default(),
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

/// A custom resource, in one version and without a schema.
///
/// For more, load its CustomResourceDefinition by [`TestServer::load_yaml`].
#[derive(Clone, Debug)]
pub struct CustomResource {
    group: String,
    version: String,
    kind: String,
    plural: String,
    namespaced: bool,
    status: bool,
}

impl CustomResource {
    /// A namespaced resource.
    pub fn new(
        group: impl Into<String>,
        version: impl Into<String>,
        kind: impl Into<String>,
        plural: impl Into<String>,
    ) -> Self {
        let (group, version, kind, plural) = (group.into(), version.into(), kind.into(), plural.into());
        Self { group, version, kind, plural, namespaced: true, status: false }
    }

    /// The resource of a type.
    pub fn of<K: kubernetes_core::Resource>() -> Self {
        Self::new(K::GROUP, K::VERSION, K::KIND, K::PLURAL)
    }

    /// Its objects live in no namespace.
    pub fn cluster_scoped(mut self) -> Self {
        self.namespaced = false;
        self
    }

    /// It has a status subresource.
    pub fn with_status(mut self) -> Self {
        self.status = true;
        self
    }

    fn definition(&self) -> serde_json::Value {
        let Self { group, version, kind, plural, namespaced, status } = self;
        let subresources = if *status { json!({"status": {}}) } else { json!({}) };
        let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
        json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{plural}.{group}")},
            "spec": {
                "group": group,
                "scope": if *namespaced { "Namespaced" } else { "Cluster" },
                "names": {"plural": plural, "kind": kind},
                "versions": [
                    {"name": version, "served": true, "storage": true, "schema": schema, "subresources": subresources},
                ],
            },
        })
    }
}
