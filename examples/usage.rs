//! Prints the CPU time and memory that nodes and pods use, from the metrics server, as `kubectl top` does.
//!
//! ```text
//! cargo run --example usage
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use kubernetes_sdk::Client;
use kubernetes_sdk::dynamic::Mapper;
use kubernetes_sdk::utils::{usage_of_nodes, usage_of_pods};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _server) = kubernetes_examples::connect(false)?;
    for line in run(&client).await? {
        println!("{line}");
    }
    Ok(())
}

pub(crate) async fn run(client: &Client) -> Result<Vec<String>, Box<dyn Error>> {
    let mapper = Mapper::new(client);
    let mut lines = Vec::new();
    for node in usage_of_nodes(client, &mapper).await? {
        lines.push(format!("node {}: {} of a core, {}", node.key.name(), node.cpu, node.memory));
    }
    for usage in usage_of_pods(client, &mapper, None).await? {
        let container = usage.container.as_deref().unwrap_or_default();
        lines.push(format!("pod {} ({container}): {} of a core, {}", usage.key, usage.cpu, usage.memory));
    }
    Ok(lines)
}
