//! An operator that publishes the text of each Greeting in a ConfigMap, and reports that in its status.
//!
//! ```text
//! cargo run --example operator
//! ```
//!
//! The controller calls `reconcile` for each Greeting when it or its ConfigMap has changed, and again after a failure.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::sync::Arc;

use kubernetes_sdk::api::apiextensions::v1 as apiextensions_v1;
use kubernetes_sdk::controller::{Action, Context, Controller, ControllerError};
use kubernetes_sdk::core::meta::v1::Condition;
use kubernetes_sdk::core::{CreateRequest, ListRequest, ObjectMeta};
use kubernetes_sdk::models::apiextensions::v1::CustomResourceDefinition;
use kubernetes_sdk::models::core::v1::ConfigMap;
use kubernetes_sdk::utils::conditions::definition_established;
use kubernetes_sdk::watch::until;
use kubernetes_sdk::{Client, resource};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Greeting {
    pub(crate) metadata: ObjectMeta,
    #[serde(default)]
    pub(crate) spec: GreetingSpec,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<GreetingStatus>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct GreetingSpec {
    pub(crate) text: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GreetingStatus {
    pub(crate) observed_generation: i64,
    #[serde(default)]
    pub(crate) conditions: Vec<Condition>,
}

resource!(Greeting: "example.com" / "v1" / "Greeting", "greetings", namespaced, watch, serde);

const DEFINITION: &str = r#"{
    "metadata": {"name": "greetings.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "greetings", "singular": "greeting", "kind": "Greeting"},
        "versions": [{"name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                "spec": {"type": "object", "properties": {"text": {"type": "string"}}},
                "status": {"type": "object", "properties": {
                    "observedGeneration": {"type": "integer"},
                    "conditions": {"type": "array", "items": {"type": "object",
                        "x-kubernetes-preserve-unknown-fields": true}}
                }}
            }}}
        }]
    }
}"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The SDK logs with `tracing`: without a subscriber, retries and failures of watches stay invisible.
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let (client, _server) = kubernetes_examples::connect(false)?;
    define(&client).await?;
    let mut hello = Greeting::named("hello");
    hello.spec.text = "Good morning".to_owned();
    match CreateRequest::namespaced("default", &hello).send(&client).await {
        Err(error) if !error.is_already_exists() => return Err(error.into()),
        _ => {}
    }
    println!("operating, until interrupted");
    tokio::select! {
        result = operate(&client) => Ok(result?),
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

pub(crate) async fn define(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let definition: CustomResourceDefinition = serde_json::from_str(DEFINITION)?;
    match apiextensions_v1::create_custom_resource_definition(&definition).send(client).await {
        Err(error) if !error.is_already_exists() => return Err(error.into()),
        _ => {}
    }
    let definitions = apiextensions_v1::list_custom_resource_definition();
    until(client, definitions).named(definition.name()).is(definition_established()).await?;
    Ok(())
}

/// Runs until its future is dropped.
pub(crate) async fn operate(client: &Client) -> Result<(), ControllerError> {
    // A ConfigMap that is changed or deleted by hand is restored.
    let config_maps = ListRequest::<ConfigMap>::all_namespaces().label_selector("app=greetings");
    Controller::new(client, ListRequest::<Greeting>::all_namespaces())
        .named("example.com/greetings")
        .owns(config_maps)
        .concurrency(4)
        .run(reconcile)
        .await
}

/// Brings the cluster to the state that this Greeting describes. It may run at any time, also after a run that failed
/// halfway.
async fn reconcile(
    greeting: Arc<Greeting>,
    context: Context<Greeting>,
) -> Result<Action, Box<dyn std::error::Error + Send + Sync>> {
    let mut config_map = ConfigMap::named(greeting.name()).with_data([("text", greeting.spec.text.as_str())]);
    config_map.metadata.labels = [("app", "greetings")].into();
    // The garbage collector deletes the ConfigMap after its owner.
    context.apply_owned(&greeting, [config_map]).await?;
    context.update_status(&greeting).condition(Condition::of("Ready", "True", "Published")).send().await?;
    println!("{}: done", context.key());
    Ok(Action::await_change())
}
