//! Follows the logs of all pods of a workload, including pods that are created later, as `stern` does.
//!
//! ```text
//! cargo run --example workload_logs -- shop deploy/web
//! ```
//!
//! This needs a cluster, since an API server in memory does not run pods.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use futures::StreamExt;
use kubernetes_sdk::Client;
use kubernetes_sdk::core::ObjectKey;
use kubernetes_sdk::dynamic::Mapper;
use kubernetes_sdk::utils::{Target, logs_of};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(namespace), Some(workload)) = (arguments.next(), arguments.next()) else {
        return Err("expected a namespace and a workload, such as deploy/web".into());
    };
    let client = Client::from_env()?;
    let following = follow(&client, &namespace, &workload, |line| println!("{line}"));
    tokio::select! {
        followed = following => followed,
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}

/// Calls `take` for each line of a workload's containers, with the names of the pod and the container.
pub(crate) async fn follow(
    client: &Client,
    namespace: &str,
    workload: &str,
    mut take: impl FnMut(&str),
) -> Result<(), Box<dyn Error>> {
    let (resource, name) = Mapper::new(client).object(workload).await?;
    let logs = logs_of(client, &Target::new(resource, ObjectKey::new(namespace, &name))).await?;
    let mut lines = logs.tail_lines(10).reconnect(true).stream(client);
    while let Some(line) = lines.next().await {
        match line {
            Ok(line) => take(&format!("{} {} {}", line.pod, line.container, line.text)),
            // The logs of other containers continue.
            Err(error) => eprintln!("{error}"),
        }
    }
    Ok(())
}
