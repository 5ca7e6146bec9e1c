//! Follows the logs of all pods of a Deployment, including pods that are created later, as `stern` does.
//!
//! ```text
//! cargo run --example workload_logs -- shop web
//! ```
//!
//! This needs a cluster, since an API server in memory does not run pods.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use futures::StreamExt;
use kubernetes_sdk::Client;
use kubernetes_sdk::api::apps::v1 as apps_v1;
use kubernetes_sdk::core::selector::LabelSelector;
use kubernetes_sdk::streams::PodLogs;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(namespace), Some(name)) = (arguments.next(), arguments.next()) else {
        return Err("say which deployment: NAMESPACE NAME".into());
    };
    let client = Client::from_env()?;
    let following = follow(&client, &namespace, &name, |line| println!("{line}"));
    tokio::select! {
        followed = following => followed,
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}

/// Calls `take` for each line of a Deployment's containers, with the names of the pod and the container.
pub(crate) async fn follow(
    client: &Client,
    namespace: &str,
    name: &str,
    mut take: impl FnMut(&str),
) -> Result<(), Box<dyn Error>> {
    let deployment = apps_v1::read_namespaced_deployment(namespace, name).send(client).await?;
    let selector = LabelSelector::try_from(&deployment.spec.selector)?.to_string();
    let mut lines = PodLogs::labelled(namespace, selector).tail_lines(10).reconnect().stream(client);
    while let Some(line) = lines.next().await {
        match line {
            Ok(line) => take(&format!("{} {} {}", line.pod, line.container, line.text)),
            // The logs of other containers continue.
            Err(error) => eprintln!("{error}"),
        }
    }
    Ok(())
}
