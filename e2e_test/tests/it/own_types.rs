//! A resource of the test's own: its status is written apart from the rest, as operators do, and it can be scaled.

use kubernetes_sdk::api::apiextensions::v1 as apiextensions;
use kubernetes_sdk::core::{ApplyRequest, CreateRequest, ObjectMeta, PatchRequest, Path, ReadRequest, ReplaceRequest};
use kubernetes_sdk::models::apiextensions::v1::CustomResourceDefinition;
use kubernetes_sdk::models::autoscaling::v1::{Scale, ScaleSpec};
use kubernetes_sdk::{Client, Patch, resource};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cluster;
use crate::subresources::until;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Valve {
    metadata: ObjectMeta,
    spec: ValveSpec,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<ValveStatus>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct ValveSpec {
    turns: i32,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct ValveStatus {
    turned: i32,
}

resource!(Valve: "plumbing.example.com" / "v1" / "Valve", "valves", namespaced, watch, serde);

const DEFINITION: &str = "valves.plumbing.example.com";

fn definition() -> CustomResourceDefinition {
    let integer = |name: &str| json!({"type": "object", "properties": {name: {"type": "integer"}}});
    let definition = json!({
        "metadata": {"name": DEFINITION},
        "spec": {
            "group": "plumbing.example.com",
            "names": {"kind": "Valve", "plural": "valves", "singular": "valve"},
            "scope": "Namespaced",
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {
                    "type": "object", "properties": {"spec": integer("turns"), "status": integer("turned")},
                }},
                "subresources": {
                    "status": {},
                    "scale": {"specReplicasPath": ".spec.turns", "statusReplicasPath": ".status.turned"},
                },
            }],
        },
    });
    serde_json::from_value(definition).expect("the definition is right")
}

/// The state of the valve, and what its status says.
async fn seen(client: &Client, namespace: &str) -> (i32, Option<i32>) {
    let valve = ReadRequest::<Valve>::namespaced(namespace, "main").subresource("status").send(client).await.unwrap();
    (valve.spec.turns, valve.status.map(|status| status.turned))
}

#[tokio::test]
async fn the_status_of_a_users_own_type() {
    let (client, namespace) = cluster::namespace("own-types").await;
    match apiextensions::create_custom_resource_definition(&definition()).send(&client).await {
        // One that an earlier run left behind is taken as it is.
        Err(error) if error.is_already_exists() => {}
        result => drop(result.unwrap()),
    }
    let valve = Valve { spec: ValveSpec { turns: 1 }, ..Valve::named("main") };
    until("the resource is served", async || CreateRequest::namespaced(&namespace, &valve).send(&client).await.is_ok())
        .await;

    // An object is created without its status, and keeps it when it is replaced.
    let mut valve = ReadRequest::<Valve>::namespaced(&namespace, "main").send(&client).await.unwrap();
    (valve.spec.turns, valve.status) = (2, Some(ValveStatus { turned: 7 }));
    let replaced = ReplaceRequest::namespaced(&namespace, &valve).send(&client).await.unwrap();
    assert_eq!((replaced.spec.turns, &replaced.status), (2, &None));

    let mut valve = replaced;
    (valve.spec.turns, valve.status) = (9, Some(ValveStatus { turned: 1 }));
    ReplaceRequest::namespaced(&namespace, &valve).subresource("status").send(&client).await.unwrap();
    assert_eq!(seen(&client, &namespace).await, (2, Some(1)));
    let outdated = ReplaceRequest::namespaced(&namespace, &valve).subresource("status").send(&client).await;
    assert!(outdated.unwrap_err().is_conflict());

    let patch = Patch::merge(&json!({"spec": {"turns": 9}, "status": {"turned": 2}}));
    PatchRequest::<Valve>::namespaced(&namespace, "main", &patch).subresource("status").send(&client).await.unwrap();
    assert_eq!(seen(&client, &namespace).await, (2, Some(2)));

    let status = Valve { status: Some(ValveStatus { turned: 3 }), ..Valve::named("main") };
    let apply = ApplyRequest::namespaced(&namespace, &status, "e2e").force(true).subresource("status");
    apply.send(&client).await.unwrap();
    assert_eq!(seen(&client, &namespace).await, (2, Some(3)));

    // What hangs below it as another type.
    let path = || Path::namespaced::<Valve>(&namespace, "main").subresource("scale");
    let mut scale = ReadRequest::<Scale>::at(path()).send(&client).await.unwrap();
    assert_eq!(scale.status.as_ref().map(|status| status.replicas), Some(3));
    scale.spec = ScaleSpec { replicas: Some(5) }.into();
    ReplaceRequest::at(path(), &scale).send(&client).await.unwrap();
    assert_eq!(seen(&client, &namespace).await, (5, Some(3)));

    apiextensions::delete_custom_resource_definition(DEFINITION).send(&client).await.unwrap();
}
