//! Rolls a Deployment, DaemonSet or StatefulSet back to an earlier revision.
//!
//! ```text
//! cargo run --example roll_back -- ds/agent        # to the revision before the current one
//! cargo run --example roll_back -- sts/db 3
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use kubernetes_sdk::Client;
use kubernetes_sdk::core::ObjectKey;
use kubernetes_sdk::dynamic::Mapper;
use kubernetes_sdk::utils::{Target, rollout};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _server) = kubernetes_examples::connect(false)?;
    let mut arguments = std::env::args().skip(1);
    let workload = arguments.next().ok_or("expected a workload, such as ds/agent")?;
    let revision = arguments.next().map(|number| number.parse()).transpose()?;
    let namespace = client.default_namespace().to_owned();
    for line in run(&client, &namespace, &workload, revision).await? {
        println!("{line}");
    }
    Ok(())
}

pub(crate) async fn run(
    client: &Client,
    namespace: &str,
    workload: &str,
    revision: Option<i64>,
) -> Result<Vec<String>, Box<dyn Error>> {
    let (resource, name) = Mapper::new(client).object(workload).await?;
    let target = Target::new(resource, ObjectKey::new(namespace, &name));
    let mut lines = Vec::new();
    for revision in rollout::history(client, &target).await? {
        lines.push(format!("revision {}: {}", revision.number, revision.change_cause));
    }
    lines.push(match rollout::undo(client, &target, revision).await? {
        Some(_) => format!("{target} was rolled back"),
        None => format!("{target} has the template of that revision already"),
    });
    Ok(lines)
}
