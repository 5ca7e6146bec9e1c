//! Creates, patches and deletes a Service with the dynamic client.
//!
//! ```text
//! cargo run --example dynamic_service
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use kubernetes_sdk::dynamic::{DynamicObject, Mapper};
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
    let services = Mapper::new(client).resource("svc").await?.in_namespace(namespace);
    let service: DynamicObject = serde_json::from_value(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "dynamic-front", "labels": {"app": "front"}},
        "spec": {"selector": {"app": "front"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
    }))?;
    services.create(&service).send(client).await?;

    let patch = Patch::json(&json!([{"op": "replace", "path": "/spec/ports/0/targetPort", "value": 9090}]));
    let patched = services.patch("dynamic-front", &patch).send(client).await?;
    let port = patched.get::<i64>("/spec/ports/0/targetPort")?.unwrap_or_default();

    let mut lines = vec![format!("{} leads to port {port}", patched.name())];
    let list = services.list().label_selector("app=front").send(client).await?;
    lines.extend(list.items.iter().map(|service| format!("listed {}/{}", service.kind(), service.name())));
    services.delete("dynamic-front").send(client).await?;
    Ok(lines)
}
