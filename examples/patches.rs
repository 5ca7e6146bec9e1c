//! Patches: a label of each node, and keys of a ConfigMap.
//!
//! ```text
//! cargo run --example patches -- disk=ssd
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::models::core::v1::ConfigMap;
use kubernetes_sdk::{Client, Patch};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _server) = kubernetes_examples::connect(false)?;
    let label = std::env::args().nth(1).unwrap_or_else(|| "disk=ssd".to_owned());
    let (key, value) = label.split_once('=').ok_or("expected KEY=VALUE")?;
    for line in label_nodes(&client, key, value).await? {
        println!("{line}");
    }
    println!("{:?}", change_config_map(&client, "default").await?.data);
    Ok(())
}

/// Sets a label on all nodes, and returns the labels of each.
pub(crate) async fn label_nodes(client: &Client, key: &str, value: &str) -> Result<Vec<String>, kubernetes_sdk::Error> {
    let patch = Patch::merge(&json!({"metadata": {"labels": {key: value}}}));
    let mut lines = Vec::new();
    for node in core_v1::list_node().send(client).await?.items {
        let node = core_v1::patch_node(node.name(), &patch).send(client).await?;
        lines.push(format!("{}: {:?}", node.name(), node.metadata.labels));
    }
    Ok(lines)
}

/// Changes a key, removes another, and leaves the others unchanged.
pub(crate) async fn change_config_map(client: &Client, namespace: &str) -> Result<ConfigMap, kubernetes_sdk::Error> {
    let map = ConfigMap::named("patched").with_data([("mode", "slow"), ("old", "1"), ("kept", "yes")]);
    core_v1::create_namespaced_config_map(namespace, &map).send(client).await?;
    // `null` removes a key in a merge patch.
    let patch = Patch::merge(&json!({"data": {"mode": "fast", "old": null}}));
    let patched = core_v1::patch_namespaced_config_map(namespace, "patched", &patch).send(client).await?;
    core_v1::delete_namespaced_config_map(namespace, "patched").send(client).await?;
    Ok(patched)
}
