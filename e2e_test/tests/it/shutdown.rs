//! The end of an operator's process on a real cluster, in its order.

use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use kubernetes_sdk::api::coordination::v1 as coordination_v1;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::api::events::v1 as events_v1;
use kubernetes_sdk::controller::{Action, Context, Controller, Event, Manager, Settings};
use kubernetes_sdk::core::{ListRequest, Patch};
use kubernetes_sdk::models::core::v1::ConfigMap;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::Instant;

use crate::cluster::{self, LIMIT};

const NAMESPACE: &str = "KUBERNETES_E2E_SHUTDOWN_NAMESPACE";
const PORT: &str = "KUBERNETES_E2E_SHUTDOWN_PORT";
const LEASE: &str = "shutdown";

/// The operator, whose runs take some seconds.
#[tokio::test(flavor = "multi_thread")]
async fn operator_process() {
    let variable = |name| std::env::var(name).ok();
    let (Some(namespace), Some(port)) = (variable(NAMESPACE), variable(PORT)) else { return };
    let mut settings = Settings::new(LEASE);
    settings.lease_namespace = Some(namespace.clone());
    settings.admin_address = Some(format!("127.0.0.1:{port}").parse().expect("a port"));
    settings.shutdown_delay = Duration::from_secs(1);
    let manager = Manager::new(&cluster::client("admin"), "example.com/shutdown", settings);
    let manager = manager.controller("maps", move |context| {
        let maps = ListRequest::<ConfigMap>::namespaced(&namespace).label_selector("role=slow");
        Controller::new(context.client(), maps).named("maps").runner(reconcile)
    });
    manager.run().await.expect("it ends in order");
}

async fn reconcile(map: Arc<ConfigMap>, context: Context<ConfigMap>) -> Result<Action, kubernetes_sdk::Error> {
    if map.data.get("state").is_some() {
        return Ok(Action::await_change());
    }
    let namespace = map.metadata.namespace.as_deref().unwrap_or_default();
    let note = async |state: &str| {
        let patch = Patch::merge(&json!({"data": {"state": state}}));
        core_v1::patch_namespaced_config_map(namespace, map.name(), &patch).send(context.client()).await
    };
    note("begun").await?;
    tokio::time::sleep(Duration::from_secs(4)).await;
    note("done").await?;
    context.record(&*map, Event::normal("Done", "Reconcile"));
    Ok(Action::await_change())
}

/// The status of an endpoint; `None` if nobody listens.
async fn status(port: u16, path: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: operator\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut response = String::new();
    stream.read_to_string(&mut response).await.ok()?;
    response.split(' ').nth(1)?.parse().ok()
}

/// SIGTERM: the operator is not ready, finishes its run, sends its events, releases the Lease, and ends.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_stops_in_its_order() {
    let (client, namespace) = cluster::namespace("shutdown").await;
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.args(["--exact", "shutdown::operator_process"]).env(NAMESPACE, &namespace).env(PORT, port.to_string());
    let mut process = command.stdout(Stdio::null()).kill_on_drop(true).spawn().expect("this program starts");
    let state = async || {
        let map = core_v1::read_namespaced_config_map(&namespace, "slow").send(&client).await.expect("it exists");
        map.data.get("state").map(ToString::to_string)
    };
    let is_held = async || {
        let lease = coordination_v1::read_namespaced_lease(&namespace, LEASE).send(&client).await;
        let holder = lease.ok().and_then(|lease| lease.spec?.holder_identity);
        holder.is_some_and(|holder| !holder.is_empty())
    };
    let mut map = ConfigMap::named("slow");
    map.metadata.labels = [("role", "slow")].into();
    core_v1::create_namespaced_config_map(&namespace, &map).send(&client).await.unwrap();
    let begun = async {
        while state().await.is_none() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LIMIT, begun).await.expect("a run begins");
    assert_eq!((status(port, "/readyz").await, status(port, "/livez").await), (Some(200), Some(200)));
    assert!(is_held().await);

    let id = process.id().expect("it runs").to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let (mut unready, mut done, mut released, end) = (None, None, None, Instant::now() + LIMIT);
    let ended = loop {
        assert!(Instant::now() < end, "it ends in time");
        let ready = status(port, "/readyz").await;
        if unready.is_none() && ready != Some(200) {
            unready = Some(Instant::now());
            assert_eq!(ready, Some(500), "it says that it is not ready while it works");
        }
        if done.is_none() && state().await.as_deref() == Some("done") {
            assert!(unready.is_some() && released.is_none());
            done = Some(Instant::now());
        }
        if released.is_none() && !is_held().await {
            released = Some(Instant::now());
            let events = events_v1::list_namespaced_event(&namespace).send(&client).await.unwrap().items;
            let is_sent = events.iter().any(|event| event.reason.as_deref() == Some("Done"));
            assert!(is_sent, "events are sent before the Lease is released");
        }
        if let Some(status) = process.try_wait().expect("it can be waited for") {
            break status;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(ended.success(), "{ended}");
    assert!(!is_held().await, "the Lease is released");
    assert_eq!(state().await.as_deref(), Some("done"), "the run under way was finished");
    if let (Some(unready), Some(done), Some(released)) = (unready, done, released) {
        assert!(unready <= done && done <= released);
    }
    assert!(unready.is_some());
}
