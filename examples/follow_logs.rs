//! Waits until a pod runs, and follows its log to the end, as `kubectl logs --follow` does.
//!
//! ```text
//! cargo run --example follow_logs -- default web
//! ```
//!
//! This needs a cluster, since an API server in memory does not run pods.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::time::Duration;

use futures::TryStreamExt;
use kubernetes_sdk::Client;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::utils::conditions::{pod_completed, pod_running};
use kubernetes_sdk::watch::Watch;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(namespace), Some(name)) = (arguments.next(), arguments.next()) else {
        return Err("expected the namespace and the name of a pod".into());
    };
    let watch = Watch::new(&Client::from_env()?);
    let interrupted = watch.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            interrupted.stop();
        }
    });
    follow(&watch, &namespace, &name, |line| println!("{line}")).await
}

/// Calls `take` for each line, until the log ends or the watch is stopped.
pub(crate) async fn follow(
    watch: &Watch,
    namespace: &str,
    name: &str,
    mut take: impl FnMut(&str),
) -> Result<(), Box<dyn Error>> {
    // A pod that has already ended has a log too.
    let started = pod_completed().or(pod_running());
    let pod = watch.until(core_v1::list_namespaced_pod(namespace)).named(name);
    pod.within(Duration::from_secs(300)).is(started).await?;

    let mut lines = watch.stream_lines(core_v1::read_namespaced_pod_log(namespace, name));
    while let Some(line) = lines.try_next().await? {
        take(&line);
    }
    Ok(())
}
