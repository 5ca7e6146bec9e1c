//! The official Python client's streams, against the API server in memory, whose containers run this machine's commands,
//! and on the cluster.
//!
//! `PYTHON_CLIENT` is a Python interpreter with the package `kubernetes`; `scripts/check` installs it, and runs these tests
//! then.

use std::path::Path;
use std::time::Duration;

use kubernetes_testing::{ContainerIo, ExecRequest, Exit, TestServer};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::streams::{container, run as run_pod};
use crate::{cluster, host};

/// Prints the sizes of a terminal, since this machine's commands have none, or runs a command.
async fn run(request: ExecRequest, mut io: ContainerIo) -> Exit {
    if !request.tty {
        return host::run(request, io).await;
    }
    while let Some(size) = io.sizes.next().await {
        let line = format!("{} {}\n", size.height, size.width);
        if io.stdout.write_all(line.as_bytes()).await.is_err() {
            break;
        }
    }
    Exit::Code(0)
}

/// Runs the tests in Python.
async fn run_tests(variables: &[(&str, &str)]) {
    let python =
        std::env::var_os("PYTHON_CLIENT").expect("PYTHON_CLIENT is an interpreter with the package kubernetes");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/streams.py");
    let mut command = Command::new(python);
    command.arg(script).envs(variables.iter().copied()).kill_on_drop(true);
    let limit = Duration::from_secs(180);
    let output = tokio::time::timeout(limit, command.output()).await.expect("it ends in time").expect("Python runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("Ran 12 tests"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PYTHON_CLIENT"]
async fn the_python_client_s_streams_work_in_memory() {
    let server = TestServer::start().await.expect("a port");
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: default}, spec: {containers: [{name: a}]},
        status: {phase: Running}}";
    server.load_yaml(pod).expect("a pod");
    host::play_containers(&server);
    server.on_exec(run);
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("config");
    std::fs::write(&kubeconfig, server.kubeconfig()).expect("a kubeconfig");
    run_tests(&[("KUBECONFIG", kubeconfig.to_str().expect("UTF-8"))]).await;
}

/// Returns bytes on two ports, and serves a page of 250,000 bytes.
const SERVE: &str = "mkdir /www; head -c 250000 /dev/zero > /www/index.html; httpd -p 7003 -h /www
    nc -ll -p 7001 -e cat & exec nc -ll -p 7002 -e cat";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PYTHON_CLIENT"]
async fn the_python_client_s_streams_work_on_the_cluster() {
    let (client, namespace) = cluster::namespace("python").await;
    let mut echo = container("main", "exec cat");
    (echo.stdin, echo.stdin_once) = (Some(true), Some(true));
    run_pod(&client, &namespace, "attached", vec![echo]).await;
    run_pod(&client, &namespace, "web", vec![container("main", SERVE)]).await;
    run_tests(&[("NAMESPACE", &namespace), ("ATTACHED_POD", "attached"), ("POD_PORTS", "7001,7002,7003")]).await;
}
