//! The processes of exec plugins: which program is started, and what remains of it.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use kubernetes_client::{Client, Error};
use kubernetes_config::{ExecApiVersion, ExecConfig};

use crate::exec::{Plugin, TOKEN, with_exec};
use crate::server::{Server, hello};
use crate::{chain, config, fetch};

fn is_running(pid: &str) -> bool {
    // A zombie, which nobody has waited for yet, does not run.
    let status = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    !status.is_empty() && !status.contains(") Z ")
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_a_plugin_has_started_is_stopped_with_it() {
    let server = Server::plain(hello).await;
    let plugin = Plugin::new("sleep 600 & echo $! > child\nwait");
    let client = with_exec(config(&server.url("http")), &plugin.exec);
    let client = Client::builder(client).exec_timeout(Duration::from_millis(500)).build().unwrap();
    let error = fetch(&client).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    let child = fs::read_to_string(plugin.file("child")).unwrap();
    while is_running(&child) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_a_plugin_has_started_is_stopped_with_the_request() {
    let server = Server::plain(hello).await;
    let plugin = Plugin::new("sleep 600 & echo $! > child\nwait");
    let client = Client::new(with_exec(config(&server.url("http")), &plugin.exec)).unwrap();
    let request = tokio::spawn(async move { fetch(&client).await });
    while !fs::read_to_string(plugin.file("child")).is_ok_and(|pid| pid.ends_with('\n')) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let child = fs::read_to_string(plugin.file("child")).unwrap();
    assert!(is_running(&child));
    request.abort();
    while is_running(&child) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn executable(path: &Path, script: &str) {
    fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs the test below in a process of its own, whose directory and `PATH` can be set.
async fn run_in(directory: &Path, path: &str) -> String {
    let output = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "exec_processes::a_plugin_by_its_bare_name", "--ignored", "--nocapture"])
        .current_dir(directory)
        .env("PATH", path)
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
#[ignore = "run by the next test"]
async fn a_plugin_by_its_bare_name() {
    let server = Server::plain(hello).await;
    let exec = ExecConfig::new(ExecApiVersion::V1, "kubernetes-test-plugin");
    let client = Client::new(with_exec(config(&server.url("http")), &exec)).unwrap();
    let result: Result<String, Error> = fetch(&client).await;
    match result {
        Ok(_) => eprintln!("token: {:?}", server.requests()[0].header("authorization")),
        Err(error) => eprintln!("error: {}", chain(&error)),
    }
}

#[tokio::test]
async fn a_bare_name_is_not_run_from_the_current_directory() {
    let directory = tempfile::tempdir().unwrap();
    let bin = tempfile::tempdir().unwrap();
    let print = |token: &str| {
        format!(
            r#"echo '{{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {{"token": "{token}"}}}}'"#
        )
    };
    executable(&directory.path().join("kubernetes-test-plugin"), &print("planted"));
    let system = "/usr/bin:/bin";
    for path in [format!(".:{system}"), format!(":{system}"), format!("{system}:"), format!("{system}:./")] {
        let output = run_in(directory.path(), &path).await;
        assert!(output.contains("error: ") && output.contains("current directory"), "{path}: {output}");
        assert!(!output.contains("planted"), "{path}: {output}");
    }
    let missing = run_in(bin.path(), system).await;
    assert!(missing.contains("is not installed"), "{missing}");

    // A file that can't be run is passed over, as the shell does.
    fs::write(bin.path().join("kubernetes-test-plugin"), "no program").unwrap();
    let other = tempfile::tempdir().unwrap();
    executable(&other.path().join("kubernetes-test-plugin"), &print("installed"));
    let path = format!("{}:{}:.:{system}", bin.path().display(), other.path().display());
    let output = run_in(directory.path(), &path).await;
    assert!(output.contains(r#"token: Some("Bearer installed")"#), "{output}");
}

#[tokio::test]
async fn what_a_plugin_leaves_running_after_it_succeeded_runs_on() {
    let server = Server::plain(hello).await;
    let plugin = Plugin::new(&format!("sleep 600 > /dev/null 2>&1 & echo $! > child\n{TOKEN}"));
    let client = Client::new(with_exec(config(&server.url("http")), &plugin.exec)).unwrap();
    fetch(&client).await.unwrap();
    let child = fs::read_to_string(plugin.file("child")).unwrap();
    #[cfg(target_os = "linux")]
    assert!(is_running(&child), "such as a helper that keeps credentials");
    assert!(std::process::Command::new("kill").arg(child.trim()).status().unwrap().success());
}
