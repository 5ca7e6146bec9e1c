//! Lists the nodes of a cluster, and what each of them runs, with the dynamic client.
//!
//! ```text
//! cargo run --example dynamic_node
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use kubernetes_sdk::Client;
use kubernetes_sdk::dynamic::Mapper;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _server) = kubernetes_examples::connect(false)?;
    println!("NAME\tSTATUS\tKERNEL\tKUBELET");
    for line in run(&client).await? {
        println!("{line}");
    }
    Ok(())
}

pub(crate) async fn run(client: &Client) -> Result<Vec<String>, Box<dyn Error>> {
    let nodes = Mapper::new(client).resource("node").await?.cluster();
    let mut lines = Vec::new();
    for node in nodes.list().send_all(client).await? {
        let info = |key: &str| node.get::<String>(["status", "nodeInfo", key]).map(Option::unwrap_or_default);
        let mut ready = "Unknown".to_owned();
        let mut index = 0;
        while let Some(of_type) = node.get::<String>(format!("/status/conditions/{index}/type"))? {
            if of_type == "Ready" {
                ready = node.get(format!("/status/conditions/{index}/status"))?.unwrap_or(ready);
            }
            index += 1;
        }
        lines.push(format!("{}\t{ready}\t{}\t{}", node.name(), info("kernelVersion")?, info("kubeletVersion")?));
    }
    Ok(lines)
}
