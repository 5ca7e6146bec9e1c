//! A stored version that changes: its objects are migrated, and it is removed.

use kubernetes_sdk::api::apiextensions::v1 as apiextensions;
use kubernetes_sdk::core::{ApplyRequest, CreateRequest, DeleteRequest, ListRequest, ObjectMeta, ReadRequest};
use kubernetes_sdk::models::apiextensions::v1::CustomResourceDefinition;
use kubernetes_sdk::models::rbac::v1::{ClusterRole, ClusterRoleBinding};
use kubernetes_sdk::utils::{Migration, ensure_definition, migrate_storage};
use kubernetes_sdk::watch::{ObjectCondition, until};
use kubernetes_sdk::{Client, CustomResource};
use serde_json::json;

use crate::cluster;

#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(group = "derived.example.com", version = "v1beta1", kind = "Gauge", namespaced)]
struct OldGauge {
    metadata: ObjectMeta,
    level: i32,
}

#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(group = "derived.example.com", version = "v1", namespaced)]
struct Gauge {
    metadata: ObjectMeta,
    level: i32,
    #[kubernetes(default = "bar")]
    unit: String,
}

async fn stored_versions(client: &Client) -> Vec<String> {
    let name = "gauges.derived.example.com";
    let definition = ReadRequest::<CustomResourceDefinition>::cluster(name).send(client).await.unwrap();
    definition.status.unwrap().stored_versions.iter().map(ToString::to_string).collect()
}

/// Defines the resource with its old version, creates objects, and has the new version stored; returns how the objects
/// are at first.
async fn begin(client: &Client, namespace: &str) -> Vec<Gauge> {
    ensure_definition(client, &OldGauge::definition().unwrap(), "e2e").await.unwrap();
    for level in 0..3 {
        let metadata = ObjectMeta { name: Some(format!("g{level}").into()), ..ObjectMeta::default() };
        CreateRequest::namespaced(namespace, &OldGauge { metadata, level }).send(client).await.unwrap();
    }
    let both = Gauge::definition().unwrap().with_version::<OldGauge>().unwrap();
    ensure_definition(client, &both, "e2e").await.unwrap();
    assert_eq!(stored_versions(client).await, ["v1beta1", "v1"]);
    // The API server takes up a changed definition a moment after it was stored.
    crate::subresources::until("the new version is served", async || {
        ReadRequest::<Gauge>::namespaced(namespace, "g0").send(client).await.is_ok_and(|gauge| gauge.unit == "bar")
    })
    .await;
    let mut gauges = Vec::new();
    for level in 0..3 {
        gauges.push(ReadRequest::<Gauge>::namespaced(namespace, format!("g{level}")).send(client).await.unwrap());
    }
    gauges
}

/// The objects were migrated, and the old version can be removed.
async fn end(client: &Client, namespace: &str, before: Vec<Gauge>) {
    assert_eq!(stored_versions(client).await, ["v1"]);
    for mut gauge in before {
        let after = ReadRequest::<Gauge>::namespaced(namespace, gauge.name()).send(client).await.unwrap();
        assert_ne!(gauge.metadata.resource_version, after.metadata.resource_version, "it was written");
        gauge.metadata = after.metadata.clone();
        assert_eq!(gauge, after);
    }
    assert_eq!(migrate_storage::<Gauge>(client).await.unwrap(), Migration::default());
    ensure_definition(client, &Gauge::definition().unwrap(), "e2e").await.unwrap();
    apiextensions::delete_custom_resource_definition("gauges.derived.example.com").send(client).await.unwrap();
    let definitions = until(client, ListRequest::<CustomResourceDefinition>::cluster());
    definitions
        .named("gauges.derived.example.com")
        .within(cluster::LIMIT)
        .is(ObjectCondition::deleted())
        .await
        .unwrap();
}

#[tokio::test]
async fn the_server_migrates_objects_to_the_stored_version() {
    let (client, namespace) = cluster::namespace("migrated").await;
    let before = begin(&client, &namespace).await;
    let migration = migrate_storage::<Gauge>(&client).await.unwrap();
    assert_eq!((migration.versions, migration.rewritten), (vec!["v1beta1".to_owned()], None));
    end(&client, &namespace, before).await;
}

/// A user with the rights that rewriting needs, and none to have the server migrate.
#[tokio::test]
async fn a_program_without_the_right_to_migrations_rewrites_the_objects() {
    const ROLE: &str = "e2e-rewriter";
    let (client, namespace) = cluster::namespace("rewritten").await;
    let before = begin(&client, &namespace).await;
    let rule = |group: &str, resources: &[&str], verbs: &[&str]| json!({"apiGroups": [group], "resources": resources, "verbs": verbs});
    let rules = [
        rule("apiextensions.k8s.io", &["customresourcedefinitions"], &["get"]),
        rule("apiextensions.k8s.io", &["customresourcedefinitions/status"], &["get", "patch"]),
        rule("derived.example.com", &["gauges"], &["list", "patch"]),
    ];
    let metadata = json!({"name": ROLE});
    let role: ClusterRole = serde_json::from_value(json!({"metadata": metadata, "rules": rules})).unwrap();
    let binding = json!({
        "metadata": metadata,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": ROLE},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "nobody"}],
    });
    let binding: ClusterRoleBinding = serde_json::from_value(binding).unwrap();
    ApplyRequest::cluster(&role, "e2e").send(&client).await.unwrap();
    ApplyRequest::cluster(&binding, "e2e").send(&client).await.unwrap();
    let nobody = cluster::client("nobody");
    // The authorizer learns of a role a moment later.
    crate::subresources::until("the role is in force", async || {
        ListRequest::<Gauge>::all_namespaces().send(&nobody).await.is_ok()
    })
    .await;

    let migration = migrate_storage::<Gauge>(&nobody).await.unwrap();
    assert_eq!((migration.versions, migration.rewritten), (vec!["v1beta1".to_owned()], Some(3)));
    DeleteRequest::<ClusterRoleBinding>::cluster(ROLE).send(&client).await.unwrap();
    DeleteRequest::<ClusterRole>::cluster(ROLE).send(&client).await.unwrap();
    end(&client, &namespace, before).await;
}
