//! A resource of one's own, from its definition to a watch.
//!
//! ```text
//! cargo run --example custom_resource
//! ```
//!
//! (docs/regenerating.md shows how the types of many are generated.)
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::time::Duration;

use futures::TryStreamExt;
use kubernetes_sdk::Client;
use kubernetes_sdk::api::apiextensions::v1 as apiextensions_v1;
use kubernetes_sdk::core::{CreateRequest, DeleteRequest, ListRequest, ObjectMeta, resource};
use kubernetes_sdk::models::apiextensions::v1::CustomResourceDefinition;
use kubernetes_sdk::utils::conditions::definition_established;
use kubernetes_sdk::watch::{Watch, until};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Lantern {
    metadata: ObjectMeta,
    spec: LanternSpec,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct LanternSpec {
    color: String,
}

resource!(Lantern: "light.example.com" / "v1" / "Lantern", "lanterns", namespaced, watch, serde);

const DEFINITION: &str = r#"{
    "metadata": {"name": "lanterns.light.example.com"},
    "spec": {
        "group": "light.example.com",
        "scope": "Namespaced",
        "names": {"plural": "lanterns", "singular": "lantern", "kind": "Lantern"},
        "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
            "type": "object",
            "properties": {"spec": {"type": "object", "properties": {"color": {"type": "string"}}}}
        }}}]
    }
}"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (client, _server) = kubernetes_examples::connect(false)?;
    for line in run(&client, "default").await? {
        println!("{line}");
    }
    Ok(())
}

/// Defines the resource, lights a lantern and puts it out; returns what a watch saw of it.
pub(crate) async fn run(client: &Client, namespace: &str) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let definition: CustomResourceDefinition = serde_json::from_str(DEFINITION)?;
    match apiextensions_v1::create_custom_resource_definition(&definition).send(client).await {
        Err(error) if !error.is_already_exists() => return Err(error.into()),
        _ => {}
    }
    let definitions = apiextensions_v1::list_custom_resource_definition();
    let defined = until(client, definitions).named(definition.name()).within(Duration::from_secs(60));
    defined.is(definition_established()).await?;

    let mut events = Watch::new(client).stream(ListRequest::<Lantern>::namespaced(namespace));
    let mut lantern = Lantern::named("red");
    lantern.spec.color = "red".to_owned();
    CreateRequest::namespaced(namespace, &lantern).send(client).await?;
    let mut seen = Vec::new();
    while let Some(event) = events.try_next().await? {
        let Some(lantern) = event.object() else { continue };
        seen.push(format!("{} {} {}", event.type_name(), lantern.name(), lantern.spec.color));
        if seen.len() == 2 {
            break;
        }
        DeleteRequest::<Lantern>::namespaced(namespace, lantern.name()).send(client).await?;
    }
    apiextensions_v1::delete_custom_resource_definition(definition.name()).send(client).await?;
    Ok(seen)
}
