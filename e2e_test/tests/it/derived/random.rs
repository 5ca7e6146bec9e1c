//! The checker of schemas and the API server agree on random ones.

use kubernetes_sdk::core::schema::violations;
use kubernetes_sdk::core::{CreateRequest, json};
use kubernetes_sdk::models::apiextensions::v1::CustomResourceDefinition;
use serde_json::{Value, json};

use crate::cluster;

#[path = "../../../../kubernetes/core/tests/it/random_schemas.rs"]
mod random_schemas;

use random_schemas::{Choices, bytes, root};

fn definition(schema: &Value) -> CustomResourceDefinition {
    let definition = json!({
        "metadata": {"name": "randoms.derived.example.com"},
        "spec": {
            "group": "derived.example.com", "scope": "Namespaced", "names": {"kind": "Random", "plural": "randoms"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}],
        },
    });
    serde_json::from_value(definition).expect("it is a definition")
}

/// `SCHEMAS` sets how many.
#[tokio::test]
async fn the_checker_and_the_server_agree_on_random_schemas() {
    let client = cluster::client("admin");
    let count: u64 = std::env::var("SCHEMAS").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000);
    let mut wrong = Vec::new();
    let mut valid = 0;
    for seed in 0..count {
        let schema = root(&mut Choices::new(&bytes(seed)));
        let mut found = violations(&json::from_str(&schema.to_string()).expect("it is JSON"));
        // The server takes wrong default values below additionalProperties, and then refuses the objects that get them.
        found.retain(|violation| {
            !(violation.path().contains("additionalProperties")
                && violation.rule().starts_with("the default value does not fit"))
        });
        valid += usize::from(found.is_empty());
        // Nothing is kept of it.
        let definition = definition(&schema);
        let created = CreateRequest::cluster(&definition).dry_run("All").send(&client).await;
        match created {
            Ok(_) if !found.is_empty() => {
                wrong.push(format!("{seed}: the server takes what breaks {found:?}: {schema}"))
            }
            Err(error) if found.is_empty() => wrong.push(format!("{seed}: the server refuses {schema}: {error}")),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
    assert!(valid as u64 * 10 > count, "only {valid} of {count} are valid");
}
