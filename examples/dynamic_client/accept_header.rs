//! Lists pods in two other forms: as metadata only, and as the table that kubectl prints.
//!
//! ```text
//! cargo run --example dynamic_accept_header
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use kubernetes_sdk::Client;
use kubernetes_sdk::dynamic::Mapper;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _server) = kubernetes_examples::connect(false)?;
    for line in run(&client, "kube-system").await? {
        println!("{line}");
    }
    Ok(())
}

pub(crate) async fn run(client: &Client, namespace: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let pods = Mapper::new(client).resource("pods").await?.in_namespace(namespace);
    let metadata = pods.list().metadata_only();
    let mut lines = vec![format!("Accept: {}", metadata.request().accept.to_str()?)];
    for pod in metadata.send(client).await? {
        lines.push(format!("{} has {} labels", pod.name(), pod.metadata.labels.len()));
    }

    let table = pods.list().table();
    lines.push(format!("Accept: {}", table.request().accept.to_str()?));
    lines.extend(table.send(client).await?.to_string().lines().map(str::to_owned));
    Ok(lines)
}
