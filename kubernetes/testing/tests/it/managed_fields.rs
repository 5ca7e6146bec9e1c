//! The fate of `metadata.managedFields` that a client sends, as `decodeLiveOrNew` in
//! `apimachinery/pkg/util/managedfields/internal/fieldmanager.go` has it.

use kubernetes_testing::TestServer;
use serde_json::{Value, json};

use crate::support::{APPLY, MAPS, MERGE, get, post, put, send};

/// A server with a config map whose `data.a` is `one`'s.
async fn applied() -> (TestServer, Value) {
    let server = TestServer::in_process();
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "1"}});
    let applied = send(&server, "PATCH", &format!("{MAPS}/a?fieldManager=one"), APPLY, body).await;
    (server, applied.body)
}

fn entry(changes: Value) -> Value {
    let mut entry = json!({"manager": "two", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:data": {"f:a": {}}}});
    entry.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    entry
}

async fn set(server: &TestServer, object: &Value, entries: Value) -> Value {
    let mut object = object.clone();
    object["metadata"]["managedFields"] = entries;
    object["metadata"]["resourceVersion"] = Value::Null;
    let answer = put(server, &format!("{MAPS}/a?fieldManager=three"), object).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    get(server, &format!("{MAPS}/a")).await.body["metadata"]["managedFields"].clone()
}

#[tokio::test]
async fn well_formed_entries_take_the_place_of_those_that_are_there() {
    let (server, object) = applied().await;
    let entries = set(&server, &object, json!([entry(json!({}))])).await;
    assert_eq!(entries, json!([entry(json!({}))]));
    let unknown = entry(json!({"fieldsV1": {"f:data": {"f:a": {}}, "x:new": {}}}));
    assert_eq!(set(&server, &object, json!([unknown])).await, json!([entry(json!({}))]), "unknown steps are skipped");
}

#[tokio::test]
async fn of_malformed_entries_none_counts() {
    let (server, object) = applied().await;
    let there = object["metadata"]["managedFields"].clone();
    for malformed in [
        json!({"operation": "Own"}),
        json!({"operation": ""}),
        json!({"apiVersion": ""}),
        json!({"fieldsType": ""}),
        json!({"fieldsType": "FieldsV2"}),
        json!({"fieldsV1": {"f:data": 1}}),
        json!({"fieldsV1": {"f:data": {"k:{}": {}}}}),
        json!({"fieldsV1": {"f:data": {"k:name": {}}}}),
        json!({"fieldsV1": {"f:data": {"v:": {}}}}),
        json!({"fieldsV1": {"f:data": {"i:x": {}}}}),
    ] {
        let entries = set(&server, &object, json!([entry(json!({})), entry(malformed.clone())])).await;
        assert_eq!(entries, there, "{malformed}");
    }
}

#[tokio::test]
async fn an_empty_list_or_entry_forgets_all() {
    for nothing in [json!([]), json!([{}])] {
        let (server, object) = applied().await;
        assert_eq!(set(&server, &object, nothing.clone()).await, Value::Null, "{nothing}");
    }
    let (server, object) = applied().await;
    assert_eq!(set(&server, &object, Value::Null).await, object["metadata"]["managedFields"]);
}

#[tokio::test]
async fn a_subresource_leaves_them() {
    let server = TestServer::in_process();
    let path = "/api/v1/namespaces/default/pods";
    let pod = json!({"metadata": {"name": "a"}, "spec": {"containers": [{"name": "a", "image": "a"}]}});
    let created = post(&server, path, pod).await;
    let before = created.body["metadata"]["managedFields"].clone();
    let patch = json!({"metadata": {"managedFields": [{}]}});
    let answer = send(&server, "PATCH", &format!("{path}/a/status"), MERGE, patch).await;
    assert_eq!((answer.status, &answer.body["metadata"]["managedFields"]), (200, &before));
}

#[tokio::test]
async fn a_created_object_brings_its_own() {
    let server = TestServer::in_process();
    let owned = entry(json!({"fieldsV1": {"f:data": {"f:b": {}}}}));
    let body = json!({"metadata": {"name": "a", "managedFields": [owned]}, "data": {"a": "1"}});
    let created = post(&server, &format!("{MAPS}?fieldManager=three"), body).await;
    let entries = created.body["metadata"]["managedFields"].as_array().unwrap().clone();
    let managers: Vec<_> = entries.iter().map(|entry| (&entry["manager"], &entry["fieldsV1"])).collect();
    assert_eq!(
        managers,
        [(&json!("two"), &json!({"f:data": {"f:b": {}}})), (&json!("three"), &json!({"f:data": {".": {}, "f:a": {}}}))]
    );
}
