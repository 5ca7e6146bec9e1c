use std::time::Duration;

use kubernetes_testing::TestServer;
use serde_json::{Value, json};

use crate::support::{Events, MAPS, MERGE, create, delete, get, post, send};

#[tokio::test]
async fn a_watch_replays_what_happened_after_its_version() {
    let server = TestServer::in_process();
    let version = create(&server, "a").await;
    create(&server, "b").await;
    let mut events = Events::open(&server, &format!("{MAPS}?watch=1&resourceVersion={version}")).await;
    send(&server, "PATCH", &format!("{MAPS}/a"), MERGE, json!({"data": {"k": "v"}})).await;
    delete(&server, &format!("{MAPS}/b"), Value::Null).await;
    assert_eq!(events.take(3).await, ["ADDED b", "MODIFIED a", "DELETED b"]);
    assert!(events.is_quiet().await);
    create(&server, "c").await;
    assert_eq!(events.take(1).await, ["ADDED c"]);
}

#[tokio::test]
async fn without_a_version_a_watch_begins_with_what_exists() {
    let server = TestServer::in_process();
    create(&server, "a").await;
    create(&server, "b").await;
    let mut events = Events::open(&server, &format!("{MAPS}?watch=true")).await;
    assert_eq!(events.take(2).await, ["ADDED a", "ADDED b"]);
    assert!(events.is_quiet().await);
}

#[tokio::test]
async fn a_streaming_list_ends_with_a_bookmark() {
    let server = TestServer::in_process();
    create(&server, "a").await;
    let query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut events = Events::open(&server, &format!("{MAPS}?{query}")).await;
    assert_eq!(events.take(1).await, ["ADDED a"]);
    let bookmark = events.next_event().await.unwrap();
    assert_eq!(bookmark["type"], "BOOKMARK");
    assert_eq!(bookmark["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    assert_eq!(bookmark["object"]["metadata"]["resourceVersion"], server.resource_version());
}

#[tokio::test]
async fn selectors_turn_changes_into_arrivals_and_departures() {
    let server = TestServer::in_process();
    let mut events = Events::open(&server, &format!("{MAPS}?watch=1&labelSelector=app")).await;
    create(&server, "a").await;
    let path = format!("{MAPS}/a");
    send(&server, "PATCH", &path, MERGE, json!({"metadata": {"labels": {"app": "web"}}})).await;
    send(&server, "PATCH", &path, MERGE, json!({"data": {"k": "v"}})).await;
    let left = send(&server, "PATCH", &path, MERGE, json!({"metadata": {"labels": null}})).await;
    assert_eq!(events.take(2).await, ["ADDED a", "MODIFIED a"]);
    let event = events.next_event().await.unwrap();
    assert_eq!((&event["type"], &event["object"]["metadata"]["labels"]["app"]), (&json!("DELETED"), &json!("web")));
    assert_eq!(event["object"]["metadata"]["resourceVersion"], left.body["metadata"]["resourceVersion"]);
}

#[tokio::test]
async fn a_forgotten_version_is_an_error_event() {
    let server = TestServer::in_process();
    let version = create(&server, "a").await;
    create(&server, "b").await;
    server.compact();
    let mut events = Events::open(&server, &format!("{MAPS}?watch=1&resourceVersion={version}")).await;
    let event = events.next_event().await.unwrap();
    assert_eq!(
        (&event["type"], &event["object"]["code"], &event["object"]["reason"]),
        (&json!("ERROR"), &json!(410), &json!("Expired"))
    );
    assert!(events.next_event().await.is_none());
}

#[tokio::test]
async fn a_watch_that_reads_too_slowly_is_told_so() {
    let server = TestServer::builder().history(3).in_process();
    let mut events =
        Events::open(&server, &format!("{MAPS}?watch=1&resourceVersion={}", server.resource_version())).await;
    create(&server, "a").await;
    assert_eq!(events.take(1).await, ["ADDED a"]);
    for name in ["b", "c", "d", "e"] {
        create(&server, name).await;
    }
    assert_eq!(events.next_event().await.unwrap()["object"]["code"], 410);
}

#[tokio::test(start_paused = true)]
async fn bookmarks_and_the_end_come_by_the_clock() {
    let server = TestServer::in_process();
    let start = tokio::time::Instant::now();
    let query = "watch=1&resourceVersion=0&allowWatchBookmarks=1&timeoutSeconds=150";
    let mut events = Events::open(&server, &format!("{MAPS}?{query}")).await;
    let mut seconds = Vec::new();
    while let Some((kind, _, _)) = events.next().await {
        assert_eq!(kind, "BOOKMARK");
        seconds.push(start.elapsed().as_secs());
    }
    assert_eq!(seconds, [0, 60, 120, 148]);
    assert_eq!(start.elapsed().as_secs(), 150);
}

#[tokio::test]
async fn the_clock_can_be_set_forward_by_hand() {
    let server = TestServer::in_process();
    let version = server.resource_version();
    let query = format!("watch=1&resourceVersion={version}&allowWatchBookmarks=1");
    let mut events = Events::open(&server, &format!("{MAPS}?{query}")).await;
    assert!(events.is_quiet().await);
    server.advance(Duration::from_secs(60));
    assert_eq!(events.next().await.unwrap().0, "BOOKMARK");
    server.advance(Duration::from_secs(1800));
    assert_eq!(events.next().await.unwrap().0, "BOOKMARK");
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn a_watch_may_last_longer_than_any_clock() {
    let server = TestServer::in_process();
    let query = format!("watch=1&timeoutSeconds={}", i64::MAX);
    let mut events = Events::open(&server, &format!("{MAPS}?{query}")).await;
    assert!(events.is_quiet().await);
    create(&server, "a").await;
    assert_eq!(events.take(1).await, ["ADDED a"]);
}

#[tokio::test]
async fn events_are_forgotten_an_hour_after_they_were_last_written() {
    let server = TestServer::in_process();
    let path = "/api/v1/namespaces/default/events";
    for name in ["old", "new"] {
        let event = json!({"metadata": {"name": name}, "involvedObject": {"namespace": "default"}, "count": 1});
        assert_eq!(post(&server, path, event).await.status, 201);
    }
    let mut events = Events::open(&server, &format!("{path}?watch=1")).await;
    assert_eq!(events.take(2).await, ["ADDED new", "ADDED old"]);
    server.advance(Duration::from_secs(1800));
    send(&server, "PATCH", &format!("{path}/new"), MERGE, json!({"count": 2})).await;
    server.advance(Duration::from_secs(1800));
    assert_eq!(events.take(2).await, ["MODIFIED new", "DELETED old"]);
    assert_eq!(get(&server, path).await.names(), ["new"]);
    server.advance(Duration::from_secs(1800));
    assert_eq!(events.take(1).await, ["DELETED new"]);
}
