//! Watches that follow changes: the same changes to both servers, and the events of each watch in their order.

use kubernetes_sdk::Client;
use kubernetes_testing::TestServer;
use serde_json::{Value, json};

use super::calls::{Call, JSON};
use super::{Outcome, run};

const MERGE: &str = "application/merge-patch+json";
const APPLY: &str = "application/apply-patch+yaml";
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
const METADATA: &str = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";

/// Parameters and the form that is asked for.
const WATCHES: [(&str, &str); 9] = [
    ("", JSON),
    ("&labelSelector=app", JSON),
    ("&labelSelector=app!%3Dweb", JSON),
    ("&fieldSelector=metadata.name%3Da", JSON),
    ("&fieldSelector=metadata.name!%3Da&labelSelector=app", JSON),
    ("", METADATA),
    ("&labelSelector=app", TABLE),
    ("&allowWatchBookmarks=true", JSON),
    ("&allowWatchBookmarks=true&labelSelector=app", METADATA),
];

fn call(method: &'static str, path: &str, content_type: &'static str, body: &Value, accept: &'static str) -> Call {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    Call { label: "watch".to_owned(), method, path: path.to_owned(), content_type, body, accept }
}

/// The changes while the watches run.
fn changes(list: &str) -> Vec<Call> {
    let change = |method, path: &str, content_type, body: Value| call(method, path, content_type, &body, JSON);
    let object = |metadata: Value| json!({"metadata": metadata, "spec": {"holderIdentity": "x"}});
    let (a, b, c) = (format!("{list}/a"), format!("{list}/b"), format!("{list}/c"));
    let apply = |label: &str| {
        let metadata = json!({"name": "c", "labels": {"app": label}});
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": {}})
    };
    vec![
        change("POST", list, JSON, object(json!({"name": "a"}))),
        change(
            "POST",
            list,
            JSON,
            object(json!({"name": "b", "labels": {"app": "web"}, "finalizers": ["example.com/x"]})),
        ),
        change("PATCH", &a, MERGE, json!({"metadata": {"labels": {"app": "web"}}})),
        change("PATCH", &a, MERGE, json!({"metadata": {"labels": {"app": "web"}}})),
        change("PATCH", &a, MERGE, json!({"metadata": {"labels": {"app": "db"}}})),
        change("PATCH", &format!("{a}?dryRun=All"), MERGE, json!({"metadata": {"labels": null}})),
        change("PATCH", &a, MERGE, json!({"metadata": {"labels": null}})),
        change("PATCH", &format!("{c}?fieldManager=one"), APPLY, apply("web")),
        change("PATCH", &format!("{c}?fieldManager=one"), APPLY, apply("web")),
        change("PATCH", &format!("{c}?fieldManager=two&force=true"), APPLY, apply("db")),
        change("DELETE", &b, JSON, Value::Null),
        change("PATCH", &b, MERGE, json!({"metadata": {"finalizers": null}})),
        change("DELETE", &format!("{list}?labelSelector=app"), JSON, Value::Null),
        change("DELETE", &a, JSON, Value::Null),
    ]
}

/// The real server sends bookmarks when its cache gets to it, and may do so twice; one is always before the end.
fn without_repeated_bookmarks((status, mut events): Outcome) -> Outcome {
    let is_change = |event: &Value| event["type"] != "BOOKMARK";
    if let Value::Array(events) = &mut events {
        let last = events.pop_if(|event| !is_change(event));
        events.retain(is_change);
        events.extend(last);
    }
    (status, events)
}

/// The events of every watch.
async fn follow(client: &Client, namespace: &str) -> Vec<Outcome> {
    let namespaces = "/api/v1/namespaces";
    let created = json!({"metadata": {"name": namespace}});
    run(client, &call("POST", namespaces, JSON, &created, JSON)).await;
    let list = format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases");
    let version = super::version(client, &list).await;
    let mut watches = Vec::new();
    for (query, accept) in WATCHES {
        let path = format!("{list}?watch=1&timeoutSeconds=4&resourceVersion={version}{query}");
        let (client, call) = (client.clone(), call("GET", &path, JSON, &Value::Null, accept));
        watches.push(tokio::spawn(async move { without_repeated_bookmarks(run(&client, &call).await) }));
    }
    for change in changes(&list) {
        assert!(run(client, &change).await.0 < 300, "{change:?}");
    }
    let mut outcomes = Vec::new();
    for watch in watches {
        outcomes.push(watch.await.expect("a watch ends"));
    }
    run(client, &call("DELETE", &format!("{namespaces}/{namespace}"), JSON, &Value::Null, JSON)).await;
    outcomes
}

#[tokio::test]
async fn watches_follow_changes_as_the_real_ones_do() {
    let server = TestServer::in_process();
    let (memory, real) = (server.client(), Client::from_env().expect("$KUBECONFIG leads to the test cluster"));
    let namespace = format!("watches-{}", std::process::id());
    let (expected, found) = tokio::join!(follow(&real, &namespace), follow(&memory, &namespace));
    let mut count = 0;
    for ((query, accept), (expected, found)) in WATCHES.iter().zip(expected.iter().zip(&found)) {
        assert_eq!(found, expected, "{query} {accept}");
        count += expected.1.as_array().expect("events").len();
    }
    eprintln!("{} watches, {count} events, all equal", WATCHES.len());
    assert!(count > 30, "there was something to compare: {count}");
}
