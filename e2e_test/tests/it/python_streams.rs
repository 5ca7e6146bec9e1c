//! The official Python client's streams against the API server in memory, whose containers run this machine's commands.

use std::path::Path;

use kubernetes_testing::{ContainerIo, ExecRequest, Exit, TestServer};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::host;

/// Prints the sizes of a terminal, since this machine's commands have none, or runs a command.
async fn run(request: ExecRequest, mut io: ContainerIo) -> Exit {
    if !request.tty {
        return host::run(request, io).await;
    }
    while let Some(size) = io.sizes.next().await {
        let line = format!("{}x{}\n", size.width, size.height);
        if io.stdout.write_all(line.as_bytes()).await.is_err() {
            break;
        }
    }
    Exit::Code(0)
}

/// `PYTHON_CLIENT` is a Python interpreter with the package `kubernetes`; `scripts/check` installs it.
#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_s_streams_work() {
    let Some(python) = std::env::var_os("PYTHON_CLIENT") else {
        eprintln!("left out: PYTHON_CLIENT names no Python interpreter with the package kubernetes");
        return;
    };
    let server = TestServer::start().await.expect("a port");
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: default}, spec: {containers: [{name: a}]},
        status: {phase: Running}}";
    server.load_yaml(pod).expect("a pod");
    host::play_containers(&server);
    server.on_exec(run);
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("config");
    std::fs::write(&kubeconfig, server.kubeconfig()).expect("a kubeconfig");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/streams.py");
    let mut command = Command::new(python);
    command.arg(script).env("KUBECONFIG", kubeconfig).kill_on_drop(true);
    let limit = std::time::Duration::from_secs(180);
    let output = tokio::time::timeout(limit, command.output()).await.expect("it ends in time").expect("Python runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("Ran 12 tests"), "{text}");
}
