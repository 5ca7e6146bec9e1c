//! Shared by all tests: the cluster, a namespace for each of them, and events with a time limit.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use futures::TryStreamExt;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::config::Kubeconfig;
use kubernetes_sdk::core::Object;
use kubernetes_sdk::models::core::v1::Namespace;
use kubernetes_sdk::watch::{Event, WatchStream};
use kubernetes_sdk::{Client, Config};

/// Longer than anything that is waited for takes, also on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(90);

/// A client for a context of the test cluster's kubeconfig.
pub(crate) fn client(context: &str) -> Client {
    Client::new(config(context)).expect("the client can be built")
}

/// The configuration of a context of the test cluster's kubeconfig.
pub(crate) fn config(context: &str) -> Config {
    let kubeconfig = Kubeconfig::from_env().expect("KUBECONFIG names the test cluster's kubeconfig");
    Config::from_kubeconfig(&kubeconfig, Some(context)).expect("the kubeconfig has this context")
}

/// The administrator's client, and a namespace that did not exist before.
pub(crate) async fn namespace(test: &str) -> (Client, String) {
    let client = client("admin");
    let since_epoch = std::time::UNIX_EPOCH.elapsed().expect("the clock is right").as_nanos();
    let name = format!("{test}-{since_epoch:x}");
    core_v1::create_namespace(&Namespace::named(&name)).send(&client).await.expect("a namespace is created");
    // Until a controller has made it, no pod can be created.
    let account = async {
        while core_v1::read_namespaced_service_account(&name, "default").send(&client).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LIMIT, account).await.expect("the namespace gets its service account");
    (client, name)
}

/// Runs `scripts/test-cluster` with these arguments.
pub(crate) fn test_cluster(arguments: &[&str]) {
    run_test_cluster(arguments, &[]);
}

/// Starts the API server as it was when this is dropped, also after a failed test.
pub(crate) struct RestoreApiServer;

impl Drop for RestoreApiServer {
    fn drop(&mut self) {
        test_cluster(&["restart-apiserver"]);
    }
}

/// Ends the API server without giving it time to end in its own way.
pub(crate) fn kill_apiserver() {
    run_test_cluster(&["stop-apiserver"], &[("CLUSTER_GRACE", "0")]);
}

fn run_test_cluster(arguments: &[&str], variables: &[(&str, &str)]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/test-cluster");
    let mut command = Command::new(script);
    command.args(arguments).envs(variables.iter().copied()).stdin(std::process::Stdio::null());
    let status = command.status();
    assert!(status.expect("scripts/test-cluster starts").success(), "scripts/test-cluster {arguments:?} failed");
}

/// The next event other than a bookmark, as its type and object.
pub(crate) async fn next_change<K: Object>(
    events: &mut WatchStream<K>,
) -> Result<(&'static str, K), kubernetes_sdk::watch::Error> {
    let change = async {
        loop {
            match events.try_next().await? {
                Some(Event::Added(object)) => return Ok(("ADDED", object)),
                Some(Event::Modified(object)) => return Ok(("MODIFIED", object)),
                Some(Event::Deleted(object)) => return Ok(("DELETED", object)),
                Some(Event::Bookmark(_)) => {}
                None => panic!("the stream ended"),
            }
        }
    };
    tokio::time::timeout(LIMIT, change).await.expect("an event arrives in time")
}
