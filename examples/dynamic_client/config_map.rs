//! Creates, reads, lists, patches and deletes a ConfigMap with the dynamic client.
//!
//! ```text
//! cargo run --example dynamic_config_map
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use kubernetes_sdk::core::Json;
use kubernetes_sdk::dynamic::Mapper;
use kubernetes_sdk::{Client, Patch};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _server) = kubernetes_examples::connect(false)?;
    for line in run(&client, "default").await? {
        println!("{line}");
    }
    Ok(())
}

pub(crate) async fn run(client: &Client, namespace: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let resource = Mapper::new(client).resource("configmaps").await?;
    let config_maps = resource.in_namespace(namespace);

    let mut settings = resource.object("dynamic-settings");
    settings.set("/data", &Json::from(json!({"mode": "fast", "size": "3"})))?;
    let created = config_maps.create(&settings).send(client).await?;
    let mut lines = vec![format!("created {} {}", created.kind(), created.name())];

    let patch = Patch::merge(&json!({"data": {"mode": "slow"}, "metadata": {"labels": {"tier": "front"}}}));
    config_maps.patch("dynamic-settings", &patch).send(client).await?;
    for found in config_maps.list().label_selector("tier=front").send(client).await? {
        let mode = found.get::<String>("/data/mode")?.unwrap_or_default();
        lines.push(format!("{} has the mode {mode}", found.name()));
    }

    config_maps.delete("dynamic-settings").send(client).await?;
    let gone = config_maps.read("dynamic-settings").send_opt(client).await?.is_none();
    lines.push(format!("gone: {gone}"));
    Ok(lines)
}
