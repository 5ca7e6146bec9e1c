use kubernetes_testing::TestServer;
use serde_json::{Value, json};

use crate::support::{MAPS, create, delete, get, post};

async fn labelled(server: &TestServer, name: &str, app: &str) {
    let answer = post(server, MAPS, json!({"metadata": {"name": name, "labels": {"app": app}}})).await;
    assert_eq!(answer.status, 201);
}

#[tokio::test]
async fn selectors_narrow_lists() {
    let server = TestServer::in_process();
    labelled(&server, "a", "web").await;
    labelled(&server, "b", "db").await;
    create(&server, "c").await;
    let table: [(&str, &[&str]); 6] = [
        ("", &["a", "b", "c"]),
        ("?labelSelector=app", &["a", "b"]),
        ("?labelSelector=app%3Dweb", &["a"]),
        ("?labelSelector=app%20notin%20(web)", &["b", "c"]),
        ("?fieldSelector=metadata.name%3Db", &["b"]),
        ("?fieldSelector=metadata.name!%3Db&labelSelector=app", &["a"]),
    ];
    for (query, names) in table {
        assert_eq!(get(&server, &format!("{MAPS}{query}")).await.names(), names, "{query}");
    }
    let unknown = get(&server, &format!("{MAPS}?fieldSelector=data.x%3D1")).await;
    let message = "\"data.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"";
    assert_eq!((unknown.status, unknown.message()), (400, message));
}

#[tokio::test]
async fn pages_show_one_version_whatever_happens_in_between() {
    let server = TestServer::in_process();
    for name in ["a", "b", "c", "d", "e"] {
        create(&server, name).await;
    }
    let first = get(&server, &format!("{MAPS}?limit=2")).await;
    assert_eq!((first.names(), &first.body["metadata"]["remainingItemCount"]), (vec!["a", "b"], &json!(3)));
    delete(&server, &format!("{MAPS}/c"), Value::Null).await;
    create(&server, "bb").await;
    let token = first.body["metadata"]["continue"].as_str().unwrap().to_owned();
    let second = get(&server, &format!("{MAPS}?limit=2&continue={token}")).await;
    assert_eq!((second.names(), second.version()), (vec!["c", "d"], first.version()));

    server.compact();
    let expired = get(&server, &format!("{MAPS}?limit=2&continue={token}")).await;
    assert_eq!((expired.status, expired.reason()), (410, "Expired"));
    let token = expired.body["metadata"]["continue"].as_str().unwrap();
    let rest = get(&server, &format!("{MAPS}?continue={token}")).await;
    assert_eq!(rest.names(), ["bb", "d", "e"], "the token of the error leads on, without consistency");
}

#[tokio::test]
async fn resource_versions_mean_what_the_documentation_says() {
    let server = TestServer::in_process();
    let old = create(&server, "a").await;
    let new = create(&server, "b").await;
    let server = &server;
    let list = |query: String| async move { get(server, &format!("{MAPS}?{query}")).await };
    assert_eq!(list(format!("resourceVersion={old}&resourceVersionMatch=Exact")).await.names(), ["a"]);
    assert_eq!(list(format!("resourceVersion={old}&resourceVersionMatch=NotOlderThan")).await.names(), ["a", "b"]);
    assert_eq!(list("resourceVersion=0&limit=1".to_owned()).await.names(), ["a", "b"]);
    assert_eq!(list(format!("resourceVersion={old}&resourceVersionMatch=Exact")).await.version(), old);
    assert_eq!(list(String::new()).await.version(), new);

    let future = list("resourceVersion=100000".to_owned()).await;
    assert_eq!(
        (future.status, &future.body["details"]["causes"][0]["reason"]),
        (504, &json!("ResourceVersionTooLarge"))
    );
    let past = list("resourceVersion=1&resourceVersionMatch=Exact".to_owned()).await;
    assert_eq!((past.status, past.reason()), (410, "Expired"));
    server.compact();
    assert_eq!(list(format!("resourceVersion={old}&resourceVersionMatch=Exact")).await.status, 410);
    assert_eq!(list("resourceVersion=x".to_owned()).await.status, 400);
    assert_eq!(list("resourceVersionMatch=Exact".to_owned()).await.status, 422);
}

#[tokio::test]
async fn all_namespaces_are_listed_in_the_order_of_their_keys() {
    let server = TestServer::builder().namespace("a").namespace("a-b").in_process();
    for namespace in ["default", "a-b", "a"] {
        let path = format!("/api/v1/namespaces/{namespace}/configmaps");
        assert_eq!(post(&server, &path, json!({"metadata": {"name": namespace}})).await.status, 201);
    }
    // As in etcd, where `-` sorts before `/`.
    assert_eq!(get(&server, "/api/v1/configmaps").await.names(), ["a-b", "a", "default"]);
}
