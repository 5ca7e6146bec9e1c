//! Definitions that are established, and objects that are migrated, on the testing server.

use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::meta::v1::Condition;
use kubernetes_core::schema::Definition;
use kubernetes_core::{ListRequest, ObjectMeta, Patch, PatchRequest, ReadRequest, Time, json as codec, resource};
use kubernetes_models::apiextensions::v1::CustomResourceDefinition;
use kubernetes_models::storagemigration::v1::StorageVersionMigration;
use kubernetes_testing::{Fault, TestServer};
use kubernetes_utils::{Migration, ensure_definition, migrate_storage, modify};
use kubernetes_watch::until;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::Instant;

fn definition(plural: &str) -> Definition {
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.light.example.com")},
        "spec": {
            "group": "light.example.com", "scope": "Namespaced", "names": {"plural": plural, "kind": "Lantern"},
            "versions": [
                {"name": "v1beta1", "served": true, "storage": false, "schema": schema},
                {"name": "v1", "served": true, "storage": true, "schema": schema},
            ],
        },
    });
    codec::from_str(&definition.to_string()).unwrap()
}

const NAME: &str = "lanterns.light.example.com";

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Lantern {
    metadata: ObjectMeta,
}

resource!(Lantern: "light.example.com" / "v1" / "Lantern", "lanterns", namespaced, watch, serde);

/// A server with two objects of a resource whose stored version was changed.
async fn server() -> TestServer {
    let server = TestServer::in_process();
    server.load_yaml(&definition("lanterns").to_json()).unwrap();
    for name in ["red", "green"] {
        let object = json!({"apiVersion": "light.example.com/v1", "kind": "Lantern", "metadata": {"name": name, "namespace": "default"}});
        server.load_yaml(&object.to_string()).unwrap();
    }
    let status = ReadRequest::<CustomResourceDefinition>::cluster(NAME).subresource("status");
    let stored = |definition: &mut CustomResourceDefinition| {
        definition.status.as_mut().unwrap().stored_versions = vec!["v1beta1".into(), "v1".into()];
    };
    modify(&server.client(), status, stored).await.unwrap();
    server.forget_requests();
    server
}

async fn stored_versions(client: &Client) -> Vec<String> {
    let definition = ReadRequest::<CustomResourceDefinition>::cluster(NAME).send(client).await.unwrap();
    definition.status.unwrap().stored_versions.iter().map(ToString::to_string).collect()
}

/// How many of the objects were patched.
fn patched(server: &TestServer) -> usize {
    let requests = server.requests();
    requests.iter().filter(|request| request.verb() == "patch" && request.resource() == "lanterns").count()
}

async fn migrations(client: &Client) -> usize {
    ListRequest::<StorageVersionMigration>::cluster().send(client).await.unwrap().items.len()
}

fn condition(type_: &str, status: &str, message: &str) -> Condition {
    let (type_, status, message) = (type_.into(), status.into(), message.into());
    let last_transition_time: Time = "2026-01-02T03:04:05Z".parse().unwrap();
    Condition { type_, status, message, last_transition_time, reason: "Test".into(), observed_generation: None }
}

/// Sets the conditions of the migration, one after the other, as the controller manager does.
async fn migrator(client: Client, steps: Vec<Vec<Condition>>) {
    let exists = kubernetes_watch::ObjectCondition::new("exists", |_: &StorageVersionMigration| true);
    let found = until(&client, ListRequest::<StorageVersionMigration>::cluster()).any(exists).await.unwrap();
    let migration = found.first().unwrap();
    let resource = &migration.spec.as_ref().unwrap().resource;
    assert_eq!((resource.group.as_str(), resource.resource.as_str()), ("light.example.com", "lanterns"));
    for conditions in steps {
        tokio::time::sleep(Duration::from_secs(40)).await;
        let status = ReadRequest::<StorageVersionMigration>::cluster(migration.name()).subresource("status");
        let set = |migration: &mut StorageVersionMigration| {
            migration.status.get_or_insert_default().conditions.clone_from(&conditions);
        };
        modify(&client, status, set).await.unwrap();
    }
}

#[cfg(feature = "yaml")]
#[test]
fn a_manifest_that_is_checked_in_is_compared_and_written() {
    use kubernetes_utils::{check_definitions, write_definitions};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deploy/definitions.yaml");
    let definitions = [definition("lanterns"), definition("lamps")];
    let error = check_definitions(&path, &definitions).unwrap_err();
    assert!(error.is_outdated());
    assert!(error.to_string().ends_with("does not exist; create it with UPDATE_DEFINITIONS=1 cargo test"), "{error}");
    assert!(write_definitions(&path, &definitions).unwrap());
    assert!(!write_definitions(&path, &definitions).unwrap(), "it is up to date");
    check_definitions(&path, &definitions).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(kubernetes_core::yaml::from_str_multiple::<Definition>(&text).unwrap(), definitions);

    std::fs::write(&path, text.replace("kind: Lantern", "kind: Lamp").replace('\n', "\r\n")).unwrap();
    let error = check_definitions(&path, &definitions).unwrap_err().to_string();
    let lines: Vec<&str> = error.lines().collect();
    assert!(
        lines[0].ends_with("differs from the Rust types; update it with UPDATE_DEFINITIONS=1 cargo test"),
        "{error}"
    );
    assert!(lines.contains(&"-    kind: Lamp") && lines.contains(&"+    kind: Lantern"), "{error}");

    let error = check_definitions(folder.path(), &definitions).unwrap_err();
    assert!(!error.is_outdated() && error.to_string().starts_with("can't read "), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_definition_is_applied_and_awaited() {
    let server = TestServer::in_process();
    let client = server.client();
    let definition = definition("lanterns");
    let first = ensure_definition(&client, &definition, "operator").await.unwrap();
    assert_eq!(first.metadata.name.as_deref(), Some(NAME));
    let again = ensure_definition(&client, &definition, "operator").await.unwrap();
    assert_eq!(again.metadata.generation, first.metadata.generation);
    assert!(ListRequest::<Lantern>::all_namespaces().send(&client).await.unwrap().items.is_empty());

    server.inject(Fault::status(403).resource("customresourcedefinitions").verb("patch"));
    let error = ensure_definition(&client, &definition, "operator").await.unwrap_err();
    assert_eq!(error.to_string(), "can't apply lanterns.light.example.com");
    assert!(error.client_error().unwrap().is_forbidden() && !error.is_timeout());
}

#[tokio::test(start_paused = true)]
async fn a_definition_that_is_not_established_is_an_error() {
    let server = TestServer::in_process();
    let client = server.client();
    ensure_definition(&client, &definition("lanterns"), "operator").await.unwrap();
    let status = ReadRequest::<CustomResourceDefinition>::cluster(NAME).subresource("status");
    let pending = |definition: &mut CustomResourceDefinition| {
        for condition in &mut definition.status.as_mut().unwrap().conditions {
            if condition.type_ == "Established" {
                condition.status = "False".into();
            }
        }
    };
    modify(&client, status, pending).await.unwrap();
    let error = ensure_definition(&client, &definition("lanterns"), "operator").await.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(error.to_string(), "lanterns.light.example.com was applied, but is not established");
}

#[tokio::test(start_paused = true)]
async fn the_server_migrates_where_it_can() {
    let server = server().await;
    let client = server.client();
    let running = || condition("Running", "True", "1/2 objects not yet migrated");
    let steps = vec![
        vec![running()],
        vec![running(), condition("Succeeded", "True", "")],
        vec![condition("Running", "False", ""), condition("Succeeded", "True", "")],
    ];
    let migrator = tokio::spawn(migrator(client.clone(), steps));
    let begin = Instant::now();
    let migration = migrate_storage::<Lantern>(&client).await.unwrap();
    // Success alone is not the end: the server has yet to clean the stored versions.
    assert!(begin.elapsed() >= Duration::from_secs(120), "{:?}", begin.elapsed());
    migrator.await.unwrap();
    assert_eq!((migration.versions, migration.rewritten), (vec!["v1beta1".to_owned()], None));
    assert_eq!((patched(&server), migrations(&client).await), (0, 0));
    assert_eq!(stored_versions(&client).await, ["v1"]);

    server.forget_requests();
    assert_eq!(migrate_storage::<Lantern>(&client).await.unwrap(), Migration::default());
    assert_eq!(server.requests().len(), 1, "only the definition is read");
}

#[tokio::test(start_paused = true)]
async fn objects_are_written_again_where_the_server_does_not() {
    for fault in [Some(404), Some(403), None] {
        let server = server().await;
        let client = server.client();
        if let Some(code) = fault {
            server.inject(Fault::status(code).resource("storageversionmigrations"));
        }
        let begin = Instant::now();
        let migration = migrate_storage::<Lantern>(&client).await.unwrap();
        // Nobody takes up a migration that was created.
        assert_eq!(begin.elapsed() >= Duration::from_secs(60), fault.is_none(), "{fault:?}");
        assert_eq!((migration.versions, migration.rewritten), (vec!["v1beta1".to_owned()], Some(2)), "{fault:?}");
        assert_eq!((patched(&server), migrations(&client).await), (2, 0), "{fault:?}");
        assert_eq!(stored_versions(&client).await, ["v1"], "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_migration_that_fails_leaves_the_versions() {
    let server = server().await;
    let client = server.client();
    let steps = vec![vec![condition("Running", "True", ""), condition("Failed", "True", "red is too bright")]];
    let migrator = tokio::spawn(migrator(client.clone(), steps));
    let error = migrate_storage::<Lantern>(&client).await.unwrap_err();
    migrator.await.unwrap();
    assert_eq!(error.to_string(), "the server did not migrate the objects of lanterns.light.example.com");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("red is too bright"), "{source}");
    assert_eq!((patched(&server), migrations(&client).await), (0, 0));
    assert_eq!(stored_versions(&client).await, ["v1beta1", "v1"]);
}

#[tokio::test(start_paused = true)]
async fn versions_stay_if_the_definition_changes_meanwhile() {
    let server = server().await;
    let client = server.client();
    let migration = tokio::spawn({
        let client = client.clone();
        async move { migrate_storage::<Lantern>(&client).await }
    });
    tokio::time::sleep(Duration::from_secs(30)).await;
    // As another instance of the program does, which is older.
    let change = Patch::json(&json!([
        {"op": "replace", "path": "/spec/versions/0/storage", "value": true},
        {"op": "replace", "path": "/spec/versions/1/storage", "value": false},
    ]));
    PatchRequest::<CustomResourceDefinition>::cluster(NAME, &change).send(&client).await.unwrap();
    let error = migration.await.unwrap().unwrap_err();
    assert!(error.is_changed(), "{error}");
    assert_eq!(stored_versions(&client).await, ["v1beta1", "v1"]);
}
