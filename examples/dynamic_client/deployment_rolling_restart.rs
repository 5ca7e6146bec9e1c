//! Restarts the pods of a Deployment one after the other, as `kubectl rollout restart` does.
//!
//! ```text
//! cargo run --example dynamic_deployment_rolling_restart
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use kubernetes_sdk::Client;
use kubernetes_sdk::core::Time;
use kubernetes_sdk::dynamic::{DynamicObject, Mapper, ScopedResource};
use kubernetes_sdk::utils::modify;
use serde_json::json;

/// The annotation that kubectl sets.
const RESTARTED_AT: [&str; 5] = ["spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _server) = kubernetes_examples::connect(false)?;
    for line in run(&client, "default").await? {
        println!("{line}");
    }
    Ok(())
}

pub(crate) async fn run(client: &Client, namespace: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let deployments = Mapper::new(client).resource("deployments.apps").await?.in_namespace(namespace);
    let deployment: DynamicObject = serde_json::from_value(json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "dynamic-nginx"},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": "dynamic-nginx"}},
            "template": {
                "metadata": {"labels": {"app": "dynamic-nginx"}},
                "spec": {"containers": [{"name": "nginx", "image": "nginx:1.27"}]},
            },
        },
    }))?;
    let created = deployments.create(&deployment).send(client).await?;
    let restarted = restart(client, &deployments, created.name()).await?;
    let at = restarted.get::<String>(RESTARTED_AT)?;
    let lines = vec![
        format!("created at generation {}", created.metadata.generation.unwrap_or_default()),
        format!("restarted at generation {}", restarted.metadata.generation.unwrap_or_default()),
        format!("annotated: {}", at.is_some()),
    ];
    deployments.delete(created.name()).send(client).await?;
    Ok(lines)
}

/// Changes an annotation of the pod template, so that the controller replaces the pods.
async fn restart(
    client: &Client,
    deployments: &ScopedResource,
    name: &str,
) -> Result<DynamicObject, kubernetes_sdk::Error> {
    let now = Time::now().to_string();
    modify(client, deployments.read(name), |deployment| {
        // The template has metadata, so the path leads through objects only.
        let _ = deployment.set(RESTARTED_AT, &now);
    })
    .await
}
