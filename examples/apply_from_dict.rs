//! Applies objects of any kind that are given as JSON, such as the output of a template.
//!
//! ```text
//! cargo run --example apply_from_dict
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use kubernetes_sdk::Client;
use kubernetes_sdk::dynamic::{DynamicObject, Mapper};
use serde_json::{Value, json};

const MANAGER: &str = "apply-from-dict-example";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _server) = kubernetes_examples::connect(false)?;
    for line in apply(&client, "default", &objects()).await? {
        println!("{line}");
    }
    Ok(())
}

pub(crate) fn objects() -> Vec<Value> {
    vec![
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "from-dict"}, "data": {"mode": "fast"}}),
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "from-dict"},
            "spec": {
                "selector": {"matchLabels": {"app": "from-dict"}},
                "template": {
                    "metadata": {"labels": {"app": "from-dict"}},
                    "spec": {"containers": [{"name": "web", "image": "nginx:1.27"}]},
                },
            },
        }),
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "from-dict"}}),
    ]
}

/// Applies each object; a namespaced one without a namespace goes to `namespace`.
pub(crate) async fn apply(client: &Client, namespace: &str, objects: &[Value]) -> Result<Vec<String>, Box<dyn Error>> {
    let mapper = Mapper::new(client);
    let mut lines = Vec::new();
    for value in objects {
        let object: DynamicObject = serde_json::from_value(value.clone())?;
        let scope = mapper.resource_of(&object).await?.scope_of(&object, namespace);
        let applied = scope.apply(&object, MANAGER).send(client).await?;
        lines.push(format!("{} {} {}", applied.kind(), applied.namespace().unwrap_or("-"), applied.name()));
    }
    Ok(lines)
}
