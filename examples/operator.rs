//! An operator: for each Greeting there shall be a ConfigMap with its text, and its status shall say so.
//!
//! ```text
//! cargo run --example operator
//! ```
//!
//! An informer keeps the Greetings in memory and puts the keys of those that change into a queue; a worker takes them
//! out one by one, and makes the world as it should be, whatever it was before.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kubernetes_sdk::api::apiextensions::v1 as apiextensions_v1;
use kubernetes_sdk::core::{
    ApplyRequest, CreateRequest, ListRequest, Object, ObjectMeta, PatchRequest, Path, ReadRequest,
};
use kubernetes_sdk::models::apiextensions::v1::CustomResourceDefinition;
use kubernetes_sdk::models::core::v1::ConfigMap;
use kubernetes_sdk::utils::conditions::definition_established;
use kubernetes_sdk::utils::{Retry, retry_on_conflict};
use kubernetes_sdk::watch::{Informer, ObjectKey, Store, until};
use kubernetes_sdk::{Client, Error, Patch, resource};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Notify;

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
                "status": {"type": "object", "properties": {"observedGeneration": {"type": "integer"}}}
            }}}
        }]
    }
}"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
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
        result = operate(&client) => result,
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

/// Works for as long as it is polled, unless an informer ends.
pub(crate) async fn operate(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let queue = Arc::new(Queue::default());
    let greetings = Informer::start(client, ListRequest::<Greeting>::all_namespaces());
    // Who changes or deletes a ConfigMap by hand gets it back.
    let config_maps = ListRequest::<ConfigMap>::all_namespaces().label_selector("app=greetings").metadata_only();
    let config_maps = Informer::start(client, config_maps);
    let adder = Arc::clone(&queue);
    greetings.on_event(move |event| adder.add(event.key()));
    let adder = Arc::clone(&queue);
    config_maps.on_event(move |event| adder.add(event.key()));
    greetings.wait_until_ready().await?;

    loop {
        let key = tokio::select! {
            key = queue.next() => key,
            stopped = greetings.wait_until_stopped() => return Err(stopped.into()),
            stopped = config_maps.wait_until_stopped() => return Err(stopped.into()),
        };
        if let Err(error) = reconcile(client, &greetings.store(), &key).await {
            println!("{key}: {error}; it is tried again");
            let queue = Arc::clone(&queue);
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(5)).await;
                queue.add(key);
            });
        }
    }
}

/// Makes the world as this Greeting wants it. It may be called too often, and after a failure in the middle.
async fn reconcile(client: &Client, greetings: &Store<Greeting>, key: &ObjectKey) -> Result<(), Error> {
    // What a Greeting owns is deleted after it, by the garbage collector.
    let Some(greeting) = greetings.get_key(key) else { return Ok(()) };
    let namespace = key.namespace().unwrap_or_default();
    let mut config_map = ConfigMap::named(key.name()).with_data([("text", greeting.spec.text.as_str())]);
    config_map.metadata.labels = [("app", "greetings")].into();
    config_map.metadata.owner_references = greeting.owner_ref(true).into_iter().collect();
    ApplyRequest::namespaced(namespace, &config_map, "greetings").force(true).send(client).await?;

    let generation = greeting.metadata.generation.unwrap_or_default();
    if greeting.status.as_ref().is_some_and(|status| status.observed_generation == generation) {
        return Ok(());
    }
    let path = "/apis/example.com/v1/namespaces/{namespace}/greetings/{name}/status";
    retry_on_conflict(Retry::default(), || async {
        // With the version in it, the patch is refused if the Greeting has changed since.
        let current = ReadRequest::<Greeting>::namespaced(namespace, key.name()).send(client).await?;
        let patch = Patch::merge(&json!({
            "metadata": {"resourceVersion": current.metadata.resource_version},
            "status": {"observedGeneration": generation},
        }));
        PatchRequest::<Greeting>::at(Path::new(path, &[namespace, key.name()]), &patch).send(client).await
    })
    .await?;
    println!("{key}: done");
    Ok(())
}

/// The keys that are to be looked at, each once, however often it was added.
#[derive(Default)]
struct Queue {
    keys: Mutex<BTreeSet<ObjectKey>>,
    added: Notify,
}

impl Queue {
    fn add(&self, key: ObjectKey) {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        self.added.notify_one();
    }

    async fn next(&self) -> ObjectKey {
        loop {
            if let Some(key) = self.keys.lock().unwrap_or_else(PoisonError::into_inner).pop_first() {
                return key;
            }
            self.added.notified().await;
        }
    }
}
