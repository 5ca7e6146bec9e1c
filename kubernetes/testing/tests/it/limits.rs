//! Everything that a request can make grow has a limit.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use kubernetes_testing::TestServer;
use serde_json::{Value, json};
use tower_service::Service;

use crate::support::{JSON, MAPS, MERGE, create, delete, get, post, send};
use crate::widgets::widgets;

const JSON_PATCH: &str = "application/json-patch+json";
const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn the_copies_of_a_json_patch_have_3_mib_together() {
    let server = TestServer::in_process();
    create(&server, "a").await;
    let path = format!("{MAPS}/a");
    let mut patch = vec![json!({"op": "add", "path": "/data", "value": {"k": "x".repeat(1000)}})];
    // Each copy doubles the text.
    patch.extend((0..14).map(|index| json!({"op": "copy", "from": "/data", "path": format!("/data/{index}")})));
    let refused = send(&server, "PATCH", &path, JSON_PATCH, patch.into()).await;
    assert_eq!((refused.status, refused.reason()), (422, "Invalid"), "{refused:?}");
    assert_eq!(refused.message(), "the server rejected our request due to an error in our request");
    let allowed = json!([
        {"op": "add", "path": "/data", "value": {"k": "x".repeat(1000)}},
        {"op": "copy", "from": "/data/k", "path": "/data/l"},
    ]);
    assert_eq!(send(&server, "PATCH", &path, JSON_PATCH, allowed).await.status, 200);
}

#[tokio::test]
async fn a_json_patch_has_10_000_operations() {
    let server = TestServer::in_process();
    create(&server, "a").await;
    let path = format!("{MAPS}/a");
    let patch = |count: usize| Value::from(vec![json!({"op": "test", "path": "/metadata/name", "value": "a"}); count]);
    assert_eq!(send(&server, "PATCH", &path, JSON_PATCH, patch(10_000)).await.status, 200);
    let refused = send(&server, "PATCH", &path, JSON_PATCH, patch(10_001)).await;
    let message =
        "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001".to_owned();
    assert_eq!((refused.status, refused.reason(), refused.message()), (413, "RequestEntityTooLarge", message.as_str()));
}

const VERSION: &str = "    schema:
      openAPIV3Schema:
        type: object
        properties:
          free: {type: object, x-kubernetes-preserve-unknown-fields: true}
          parts: {type: array, items: {type: object, properties: {text: {type: string, default: TEXT}}}}
          map: {type: object, additionalProperties: {type: object, properties: {size: {type: integer}}}}
          counts: {type: object, additionalProperties: {type: object, additionalProperties: {type: integer}}}
";

const WIDGETS: &str = "/apis/example.com/v1/namespaces/default/widgets";

fn server_with_widgets() -> TestServer {
    let server = TestServer::in_process();
    server.load_yaml(&widgets(VERSION).replace("TEXT", &"x".repeat(10_000))).unwrap();
    server
}

fn widget(field: &str, value: Value) -> Value {
    json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, field: value})
}

/// `{"a": {"a": …}}`
fn nested(depth: usize) -> Value {
    (0..depth).fold(json!({}), |value, _| json!({"a": value}))
}

#[tokio::test]
async fn patches_nest_no_deeper_than_a_document_can() {
    let server = server_with_widgets();
    let path = format!("{WIDGETS}/w");
    assert_eq!(post(&server, WIDGETS, widget("free", nested(100))).await.status, 201);
    let deep = format!("/free{}/b", "/a".repeat(100));
    let patch = json!([{"op": "add", "path": deep, "value": nested(100)}]);
    let refused = send(&server, "PATCH", &path, JSON_PATCH, patch).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    // Copies of an object into itself double its depth.
    let copies: Vec<Value> = (0..13)
        .map(|count| json!({"op": "copy", "from": "/free", "path": format!("/free{}/c", "/a".repeat(count))}))
        .collect();
    assert_eq!(send(&server, "PATCH", &path, JSON_PATCH, copies.into()).await.status, 422);
    assert_eq!(get(&server, &path).await.body["free"], nested(100));
}

#[tokio::test]
async fn an_object_is_no_larger_than_etcd_takes() {
    let server = TestServer::in_process();
    create(&server, "a").await;
    let path = format!("{MAPS}/a");
    let mut last = 200;
    for index in 0..4 {
        let patch = json!({"data": {format!("k{index}"): "x".repeat(MIB / 2)}});
        let answer = send(&server, "PATCH", &path, MERGE, patch).await;
        last = answer.status;
        if last != 200 {
            assert_eq!(answer.message(), "etcdserver: request is too large");
            break;
        }
    }
    assert_eq!(last, 500);
    let large = json!({"metadata": {"name": "b"}, "data": {"k": "x".repeat(2 * MIB)}});
    assert_eq!(post(&server, MAPS, large).await.status, 500);
    assert_eq!(get(&server, MAPS).await.names(), ["a"]);
}

#[tokio::test]
async fn defaults_of_a_schema_are_not_a_multiple_of_the_object() {
    let server = server_with_widgets();
    let parts = vec![json!({}); 1_000];
    let refused = post(&server, WIDGETS, widget("parts", parts.into())).await;
    assert_eq!(refused.status, 400, "{}", refused.message());
    assert!(refused.message().ends_with("the defaults of its schema have more than 3 MiB"), "{}", refused.message());
    assert_eq!(post(&server, WIDGETS, widget("parts", vec![json!({}); 10].into())).await.status, 201);
}

#[tokio::test]
async fn warnings_have_4096_characters() {
    let server = server_with_widgets();
    let unknown = |count: usize| -> Value {
        (0..count).map(|index| (format!("unknown{index}"), Value::from(1))).collect::<serde_json::Map<_, _>>().into()
    };
    let map = json!({"k".repeat(10_000): unknown(500)});
    let answer = post(&server, WIDGETS, widget("map", map)).await;
    assert_eq!(answer.status, 201);
    let warnings: Vec<&str> = answer.headers.get_all("warning").iter().map(|value| value.to_str().unwrap()).collect();
    let size: usize = warnings.iter().map(|text| text.len()).sum();
    assert!((1_000..6_000).contains(&size), "{size} bytes in {} warnings", warnings.len());
}

#[tokio::test]
async fn the_causes_of_an_error_are_not_a_multiple_of_the_object() {
    let server = server_with_widgets();
    let wrong: serde_json::Map<String, Value> =
        (0..2_000).map(|index| (format!("wrong{index}"), Value::from("text"))).collect();
    let counts = json!({"k".repeat(20_000): wrong});
    let refused = post(&server, WIDGETS, widget("counts", counts)).await;
    assert_eq!(refused.status, 422);
    let size = refused.body.to_string().len();
    assert!((20_000..5 * MIB).contains(&size), "{size} bytes");
}

#[tokio::test]
async fn an_object_has_ten_managers_of_updates() {
    let server = TestServer::in_process();
    create(&server, "a").await;
    for index in 0..15 {
        let path = format!("{MAPS}/a?fieldManager=m{index:02}");
        let patch = json!({"data": {format!("k{index:02}"): "v"}});
        assert_eq!(send(&server, "PATCH", &path, MERGE, patch).await.status, 200);
        server.advance(std::time::Duration::from_secs(1));
    }
    let entries = get(&server, &format!("{MAPS}/a")).await.body["metadata"]["managedFields"].clone();
    let names: Vec<&str> = entries.as_array().unwrap().iter().map(|entry| entry["manager"].as_str().unwrap()).collect();
    let expected = ["ancient-changes", "m06", "m07", "m08", "m09", "m10", "m11", "m12", "m13", "m14"];
    assert_eq!(names, expected);
    let ancient: Vec<&String> = entries[0]["fieldsV1"]["f:data"].as_object().unwrap().keys().collect();
    assert_eq!(ancient, [".", "f:k00", "f:k01", "f:k02", "f:k03", "f:k04", "f:k05"]);
}

#[tokio::test]
async fn the_name_of_a_manager_has_128_characters() {
    let server = TestServer::in_process();
    let path = format!("{MAPS}?fieldManager={}", "m".repeat(129));
    let refused = post(&server, &path, json!({"metadata": {"name": "a"}})).await;
    assert_eq!((refused.status, &refused.body["details"]["causes"][0]["field"]), (422, &json!("fieldManager")));
    assert!(refused.message().ends_with("fieldManager: Too long: may not be more than 128 bytes"), "{refused:?}");
}

#[tokio::test]
async fn the_record_counts_headers() {
    let server = TestServer::builder().record_limits(100, 10_000).in_process();
    for _ in 0..3 {
        let request = Request::builder().uri(MAPS).header("x-large", "x".repeat(8_000));
        let request = request.body(Full::<Bytes>::default()).unwrap();
        server.service().call(request).await.unwrap();
    }
    assert_eq!(server.requests().len(), 1);
    for _ in 0..3 {
        get(&server, &format!("{MAPS}?labelSelector={}", "x".repeat(8_000))).await;
    }
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_long_chain_of_owners_is_deleted() {
    const LENGTH: usize = 3_000;
    let server = TestServer::builder().require_namespaces(false).in_process();
    let map = |index: usize| {
        let owner = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": format!("m{}", index.wrapping_sub(1)),
            "uid": format!("uid-{}", index.wrapping_sub(1))}]);
        let owners = if index == 0 { json!([]) } else { owner };
        let metadata = json!({"name": format!("m{index}"), "uid": format!("uid-{index}"), "ownerReferences": owners});
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    };
    let items: Vec<Value> = (0..LENGTH).map(map).collect();
    server.load_yaml(&json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()).unwrap();
    assert_eq!(delete(&server, &format!("{MAPS}/m0"), Value::Null).await.status, 200);
    assert_eq!(get(&server, MAPS).await.names().len(), 0);
    assert_eq!(send(&server, "GET", MAPS, JSON, Value::Null).await.status, 200);
}
