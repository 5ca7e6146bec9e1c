//! Operators on a real cluster: the examples, and replicas that share objects and are killed.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kubernetes_sdk::Client;
use kubernetes_sdk::api::coordination::v1 as coordination_v1;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::controller::{Action, ClientMetrics, Context, Controller, Manager, Settings};
use kubernetes_sdk::core::{CreateRequest, DeleteRequest, ListRequest, Patch, ReadRequest};
use kubernetes_sdk::models::core::v1::ConfigMap;
use serde_json::json;
use tokio::process::{Child, Command};
use website_operator::{Website, website};

use crate::cluster::{self, LIMIT};

#[path = "../../../examples/janitor.rs"]
#[allow(dead_code, reason = "its `main`")]
mod janitor;
#[path = "../../../examples/website_operator.rs"]
#[allow(dead_code, reason = "its `main`")]
pub(crate) mod website_operator;

/// Waits until something is so.
pub(crate) async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(LIMIT, wait).await.unwrap_or_else(|_| panic!("timed out waiting for {what}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_operators_run() {
    let (client, namespace) = cluster::namespace("operators").await;
    website_operator::define(&client).await.expect("the resource can be defined");
    let mut settings = Settings::new("website-operator");
    (settings.admin_address, settings.lease_namespace) = (None, Some(namespace.clone()));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let requests = ClientMetrics::new("kubernetes");
    let manager = website_operator::manager(&client, &requests, settings);
    let operator = tokio::spawn(manager.run_until(async { drop(stopped.await) }));
    let janitor = tokio::spawn({
        let client = client.clone();
        async move { janitor::operate(&client).await.map_err(|error| error.to_string()) }
    });

    CreateRequest::namespaced(&namespace, &website("a", "a.example.com")).send(&client).await.unwrap();
    let read = async || ReadRequest::<Website>::namespaced(&namespace, "a").send_opt(&client).await.unwrap();
    until("a condition", async || {
        let website = read().await.expect("it exists");
        website.status.is_some_and(|status| {
            status.observed_generation == website.metadata.generation && status.conditions.is_some()
        })
    })
    .await;
    let hosts = async || core_v1::read_namespaced_config_map(&namespace, "website-hosts").send(&client).await.unwrap();
    assert_eq!(hosts().await.data["a.example.com"], "a");
    let service = core_v1::read_namespaced_service(&namespace, "a").send(&client).await.unwrap();
    assert_eq!(service.metadata.owner_references[0].kind, "Website");
    DeleteRequest::<Website>::namespaced(&namespace, "a").send(&client).await.unwrap();
    until("the website to go", async || read().await.is_none()).await;
    assert!(hosts().await.data.is_empty());
    // Kubernetes deletes what it owned.
    until("the service to go", async || {
        let service = core_v1::read_namespaced_service(&namespace, "a").send(&client).await;
        service.is_err_and(|error| error.is_not_found())
    })
    .await;

    for (name, ttl) in [("short", "1s"), ("kept", "1h")] {
        let mut map = ConfigMap::named(name);
        map.metadata.annotations = [("example.com/ttl", ttl)].into();
        core_v1::create_namespaced_config_map(&namespace, &map).send(&client).await.unwrap();
    }
    until("a ConfigMap to be deleted", async || {
        let map = core_v1::read_namespaced_config_map(&namespace, "short").send(&client).await;
        map.is_err_and(|error| error.is_not_found())
    })
    .await;
    core_v1::read_namespaced_config_map(&namespace, "kept").send(&client).await.expect("its time has not passed");
    assert!(!janitor.is_finished());
    janitor.abort();
    drop(stop);
    operator.await.unwrap().expect("it ends in order");
    let lease = coordination_v1::read_namespaced_lease(&namespace, "website-operator").send(&client).await.unwrap();
    assert_eq!(lease.spec.unwrap().holder_identity.as_deref(), Some(""), "it is released");
}

const NAMESPACE: &str = "KUBERNETES_E2E_SHARDS_NAMESPACE";
const IDENTITY: &str = "KUBERNETES_E2E_SHARDS_IDENTITY";
const LOG: &str = "KUBERNETES_E2E_SHARDS_LOG";

/// `SHARDED_OBJECTS=2000` for longer.
fn objects() -> usize {
    std::env::var("SHARDED_OBJECTS").ok().and_then(|count| count.parse().ok()).unwrap_or(200)
}

fn unix_nanos() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().expect("it is after 1970").as_nanos().try_into().expect("it is before 2554")
}

/// A replica, which writes a line when a run begins and when it ends, however.
#[tokio::test(flavor = "multi_thread")]
async fn replica_process() {
    let variable = |name| std::env::var(name).ok();
    let (Some(namespace), Some(identity), Some(log)) = (variable(NAMESPACE), variable(IDENTITY), variable(LOG)) else {
        return;
    };
    let mut settings = Settings::new("sharded");
    (settings.leader_elect, settings.admin_address) = (false, None);
    (settings.lease_namespace, settings.identity) = (Some(namespace.clone()), Some(identity));
    // A replica gets shards of others once it has lived for a lease duration.
    let [lease, deadline, retry] = [8, 5, 1].map(Duration::from_secs);
    (settings.lease_duration, settings.renew_deadline, settings.retry_period) = (lease, deadline, retry);
    let log = Arc::new(PathBuf::from(log));
    let manager = Manager::new(&cluster::client("admin"), "example.com/sharded", settings).sharded("maps", 12, {
        move |context| {
            let log = Arc::clone(&log);
            let maps = ListRequest::<ConfigMap>::namespaced(&namespace).label_selector("role=sharded");
            Controller::new(context.client(), maps)
                .named("maps")
                .concurrency(4)
                .runner(move |map, context| reconcile(map, context, Arc::clone(&log)))
        }
    });
    manager.run().await.expect("it ends in order");
}

/// Notes the end of a run when it is dropped.
struct Run {
    log: Arc<PathBuf>,
    uid: String,
}

impl Run {
    fn begin(log: Arc<PathBuf>, uid: &str) -> Self {
        let run = Self { log, uid: uid.to_owned() };
        run.note("begin");
        run
    }

    fn note(&self, event: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(&*self.log).expect("the log can be opened");
        // In one write, so that lines of several runs do not mix.
        let line = format!("{event} {} {}\n", self.uid, unix_nanos());
        file.write_all(line.as_bytes()).expect("the log can be written");
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.note("end");
    }
}

async fn reconcile(
    map: Arc<ConfigMap>,
    context: Context<ConfigMap>,
    log: Arc<PathBuf>,
) -> Result<Action, kubernetes_sdk::Error> {
    let _run = Run::begin(log, map.metadata.uid.as_deref().unwrap_or_default());
    let wanted = map.data.get("wanted").map(ToString::to_string).unwrap_or_default();
    if map.data.get("seen").map(|seen| &**seen) == Some(wanted.as_str()) {
        return Ok(Action::await_change());
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    let patch = Patch::merge(&json!({"data": {"seen": wanted}}));
    let namespace = map.metadata.namespace.as_deref().unwrap_or_default();
    core_v1::patch_namespaced_config_map(namespace, map.name(), &patch).send(context.client()).await?;
    Ok(Action::await_change())
}

struct Replica {
    process: Child,
    log: PathBuf,
}

impl Replica {
    fn start(namespace: &str, identity: &str) -> Self {
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{namespace}-{identity}.log"));
        let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
        command.args(["--exact", "operators::replica_process"]).env(NAMESPACE, namespace).env(IDENTITY, identity);
        command.env(LOG, &log).stdout(Stdio::null()).kill_on_drop(true);
        Self { process: command.spawn().expect("this program starts"), log }
    }

    /// Kills it; returns its runs, of which those under way have ended now.
    async fn kill(mut self) -> Vec<(String, u64, u64)> {
        self.process.kill().await.expect("it can be killed");
        runs(&self.log, unix_nanos())
    }

    /// Ends it by SIGTERM, as Kubernetes does.
    async fn terminate(mut self) -> Vec<(String, u64, u64)> {
        let id = self.process.id().expect("it runs").to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let status = tokio::time::timeout(LIMIT, self.process.wait()).await.expect("it ends in time").unwrap();
        assert!(status.success(), "{status}");
        runs(&self.log, u64::MAX)
    }
}

/// The runs of a log: the object's uid, and when they began and ended.
fn runs(log: &Path, killed: u64) -> Vec<(String, u64, u64)> {
    let (mut open, mut runs) = (HashMap::<String, u64>::new(), Vec::new());
    for line in fs::read_to_string(log).expect("the log can be read").lines() {
        let parts: Vec<_> = line.split(' ').collect();
        let (event, uid, time) = (parts[0], parts[1].to_owned(), parts[2].parse().expect("a time is a number"));
        match event {
            "begin" => assert_eq!(open.insert(uid, time), None, "two runs of an object in one replica"),
            _ => {
                let begun = open.remove(&uid).expect("it has begun");
                runs.push((uid, begun, time));
            }
        }
    }
    runs.extend(open.into_iter().map(|(uid, begun)| (uid, begun, killed)));
    runs
}

async fn write(client: &Client, namespace: &str, round: usize) {
    for index in 0..objects() {
        let patch = Patch::merge(&json!({"data": {"wanted": format!("{round}")}}));
        core_v1::patch_namespaced_config_map(namespace, &format!("m-{index}"), &patch).send(client).await.unwrap();
    }
}

/// Three replicas share objects that are written all the time, and are killed: in the end every object was reconciled as it
/// last is, and no two runs of one object overlap.
#[tokio::test(flavor = "multi_thread")]
async fn replicas_with_shards_are_killed() {
    let (client, namespace) = cluster::namespace("shards").await;
    for index in 0..objects() {
        let mut map = ConfigMap::named(format!("m-{index}"));
        map.metadata.labels = [("role", "sharded")].into();
        core_v1::create_namespaced_config_map(&namespace, &map).send(&client).await.unwrap();
    }
    let [a, b, c] = ["a", "b", "c"].map(|identity| Replica::start(&namespace, identity));
    let (mut all, mut round) = (Vec::new(), 0);
    let mut write_for = async |seconds: u64| {
        let end = tokio::time::Instant::now() + Duration::from_secs(seconds);
        while tokio::time::Instant::now() < end {
            round += 1;
            write(&client, &namespace, round).await;
        }
    };
    write_for(14).await;
    all.extend(a.kill().await);
    write_for(8).await;
    let d = Replica::start(&namespace, "d");
    write_for(8).await;
    all.extend(b.terminate().await);
    write_for(5).await;
    let settled = async || {
        let maps = core_v1::list_namespaced_config_map(&namespace).label_selector("role=sharded").send(&client).await;
        let maps = maps.unwrap().items;
        assert_eq!(maps.len(), objects());
        maps.iter().all(|map| map.data.get("seen").is_some() && map.data.get("seen") == map.data.get("wanted"))
    };
    until("all objects to be reconciled", settled).await;
    let leases = async || {
        let list = coordination_v1::list_namespaced_lease(&namespace).send(&client).await.unwrap().items;
        let held = |lease: &kubernetes_sdk::models::coordination::v1::Lease| {
            lease.spec.as_ref()?.holder_identity.as_deref().filter(|holder| !holder.is_empty()).map(str::to_owned)
        };
        list.iter().filter(|lease| lease.name().contains("-of-")).filter_map(held).collect::<Vec<_>>()
    };
    until("two replicas to share the shards", async || {
        let holders = leases().await;
        ["c_", "d_"].map(|identity| holders.iter().filter(|holder| holder.starts_with(identity)).count()) == [6, 6]
    })
    .await;
    for replica in [c, d] {
        all.extend(replica.terminate().await);
    }
    assert_eq!(leases().await, Vec::<String>::new(), "all are released");
    all.sort();
    for pair in all.windows(2) {
        assert!(pair[0].0 != pair[1].0 || pair[0].2 <= pair[1].1, "two runs overlap: {pair:?}");
    }
    assert!(all.len() > 2 * objects(), "{} runs", all.len());
}
