//! Serves the API on a loopback port until it is interrupted, and prints the kubeconfig: for kubectl and other programs.
//!
//! ```text
//! cargo run -p kubernetes-testing --example serve > /tmp/kubeconfig &
//! sleep 1 # until the kubeconfig is written
//! kubectl --kubeconfig /tmp/kubeconfig run web --image=nginx
//! kubectl --kubeconfig /tmp/kubeconfig get pods
//! ```
//!
//! With `--host-processes`, pods start at once and their containers are this machine: `kubectl exec` and `cp` run its
//! programs, and `port-forward` connects to its loopback ports. Every local user can reach the port, and so run programs
//! as you.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

mod host;

use std::time::Duration;

use kubernetes_client::{Client, Error};
use kubernetes_core::{ListRequest, ObjectMeta, Patch, PatchRequest};
use kubernetes_testing::TestServer;
use serde_json::{Value, json};

const HELP: &str = "\
Serve a Kubernetes API in memory on a loopback port until Ctrl-C, and print
the kubeconfig.

  cargo run -p kubernetes-testing --example serve > /tmp/kubeconfig &

Options:
  --host-processes   start pods at once, with this machine as their containers:
                     kubectl exec and cp run its programs, and port-forward
                     connects to its loopback ports; every local user who
                     reaches the port can run programs as you
  --help             print this text";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut host_processes = false;
    for argument in std::env::args().skip(1) {
        match &*argument {
            "--host-processes" => host_processes = true,
            "--help" | "-h" => {
                println!("{HELP}");
                return Ok(());
            }
            _ => return Err(format!("unknown option {argument}: --help lists the options").into()),
        }
    }
    let server = TestServer::start().await?;
    let mut starting = tokio::task::JoinSet::new();
    if host_processes {
        host::play_containers(&server);
        server.load_yaml("{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: default}}")?;
        starting.spawn(start_pods(server.client()));
    }
    println!("{}", server.kubeconfig());
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
        Some(ended) = starting.join_next() => Ok(ended??),
    }
}

#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct Pod {
    metadata: ObjectMeta,
    spec: Value,
}

kubernetes_core::resource!(Pod: "" / "v1" / "Pod", "pods", namespaced, watch, serde);

/// Plays the scheduler and the kubelet: pods run, and are ready.
async fn start_pods(client: Client) -> Result<(), Error> {
    loop {
        let pending = ListRequest::<Pod>::all_namespaces().field_selector("status.phase=Pending").send(&client).await?;
        for pod in &pending.items {
            let containers = pod.spec["containers"].as_array().into_iter().flatten();
            let statuses: Vec<Value> = containers.map(|container| running(&container["name"])).collect();
            let patch = Patch::merge(&json!({"status": {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": "True"}],
                "containerStatuses": statuses,
            }}));
            let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
            let name = pod.metadata.name.as_deref().unwrap_or_default();
            let started = PatchRequest::<Pod>::namespaced(namespace, name, &patch).subresource("status");
            match started.send(&client).await {
                // It was deleted meanwhile.
                Err(error) if error.is_not_found() => {}
                started => drop(started?),
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn running(name: &Value) -> Value {
    let started = json!({"running": {"startedAt": "2030-01-01T00:00:00Z"}});
    json!({"name": name, "ready": true, "restartCount": 0, "image": "host", "imageID": "host", "state": started})
}
