//! The cases that need no more than a server that behaves, or one that fails as the testing server can; and the test
//! that the Python client runs on a real cluster.

use futures_util::StreamExt;
use kubernetes_core::{CreateRequest, DeleteCollectionRequest, ListRequest, ObjectMeta, Patch, PatchRequest};
use kubernetes_testing::{Fault, TestServer};
use kubernetes_watch::{Watch, WatchStream};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct ConfigMap {
    metadata: ObjectMeta,
}

kubernetes_core::resource!(ConfigMap: "" / "v1" / "ConfigMap", "configmaps", namespaced, watch, serde);

fn maps() -> ListRequest<ConfigMap> {
    ListRequest::namespaced("default")
}

async fn create(server: &TestServer, name: &str) {
    CreateRequest::namespaced("default", &ConfigMap::named(name)).send(&server.client()).await.expect("it is created");
}

fn watches(server: &TestServer) -> usize {
    server.requests().iter().filter(|request| request.verb() == "watch").count()
}

/// The next change, such as `ADDED a`.
async fn next(stream: &mut WatchStream<ConfigMap>) -> String {
    loop {
        let event = stream.next().await.expect("an item").expect("no error");
        if let Some(object) = event.object() {
            return format!("{} {}", event.type_name(), object.name());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn case_1_generated_api_streams_raw_response() {
    let server = TestServer::in_process();
    let list = maps().send(&server.client()).await.unwrap();
    create(&server, "a").await;
    let watch = Watch::new(&server.client()).timeout_seconds(1).reconnect(false);
    let mut stream = watch.stream(maps().since(&list));
    assert_eq!(next(&mut stream).await, "ADDED a");
    while let Some(event) = stream.next().await {
        assert!(event.unwrap().object().is_none(), "nothing else happened");
    }
    assert_eq!(watches(&server), 1);
}

#[tokio::test(start_paused = true)]
async fn case_9_watch_stream_twice() {
    let server = TestServer::in_process();
    for name in ["a", "b", "c", "d"] {
        create(&server, name).await;
    }
    let watch = Watch::new(&server.client());
    for _ in 0..2 {
        // Q10: nothing is left of the stream before.
        let mut stream = watch.stream(maps());
        assert_eq!([next(&mut stream).await, next(&mut stream).await], ["ADDED a", "ADDED b"]);
        watch.stop();
        assert!(stream.next().await.is_none());
    }
    assert_eq!(watches(&server), 2);
    assert_eq!(server.requests().iter().filter(|request| request.query.contains("resourceVersion=")).count(), 0);
}

#[tokio::test(start_paused = true)]
async fn case_10_watch_stream_loop() {
    let server = TestServer::in_process();
    create(&server, "a").await;
    // With a timeout: what there is, and the end.
    let timed = Watch::new(&server.client()).timeout_seconds(1).reconnect(false);
    let events: Vec<_> = timed.stream(maps()).map(|event| event.unwrap().type_name()).collect().await;
    assert_eq!(events, ["ADDED", "BOOKMARK"]);
    // Without: until it is stopped, over as many connections as it takes (Q3: not in a hot loop).
    server.inject(Fault::end_at_once().verb("watch").always());
    let list = maps().send(&server.client()).await.unwrap();
    server.forget_requests();
    let watch = Watch::new(&server.client());
    let mut stream = watch.stream(maps().since(&list));
    assert!(tokio::time::timeout(std::time::Duration::from_secs(60), stream.next()).await.is_err());
    assert!((3..12).contains(&watches(&server)), "{}", watches(&server));
    watch.stop();
    assert!(stream.next().await.is_none());
}

/// e2e_test/test_watch.py: watch_configmaps.
#[tokio::test(start_paused = true)]
async fn exactly_the_changes_after_a_list() {
    let server = TestServer::in_process();
    let client = server.client();
    create(&server, "before").await;
    let list = maps().send(&client).await.unwrap();
    create(&server, "a").await;
    let patch = Patch::merge(&serde_json::json!({"data": {"mode": "fast"}}));
    PatchRequest::<ConfigMap>::namespaced("default", "a", &patch).send(&client).await.unwrap();
    DeleteCollectionRequest::<ConfigMap>::namespaced("default").send(&client).await.unwrap();
    // An event is cut, the version is forgotten once, the connection is lost, and the rest comes in small chunks.
    server.inject(Fault::truncate_line(2).verb("watch"));
    server.inject(Fault::gone_event().verb("watch").nth(2));
    server.inject(Fault::reset_after(10).verb("watch").nth(3));
    server.inject(Fault::split(7).verb("watch").nth(4));
    let mut stream = Watch::new(&client).timeout_seconds(1).stream(maps().since(&list));
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(next(&mut stream).await);
    }
    seen[2..].sort_unstable();
    assert_eq!(seen, ["ADDED a", "MODIFIED a", "DELETED a", "DELETED before"]);
    assert_eq!(watches(&server), 4, "all of it went wrong");
}

/// Q4: the existing objects come in no order, and none of their versions is where to resume.
#[tokio::test(start_paused = true)]
async fn existing_objects_do_not_set_the_version() {
    let server = TestServer::in_process();
    for name in ["z", "m", "a"] {
        create(&server, name).await;
    }
    let version = server.resource_version();
    let mut stream = Watch::new(&server.client()).stream(maps());
    for name in ["a", "m", "z"] {
        assert_eq!(next(&mut stream).await, format!("ADDED {name}"));
    }
    stream.next().await.unwrap().unwrap();
    assert_eq!(stream.resource_version(), Some(&*version));
    create(&server, "b").await;
    assert_eq!(next(&mut stream).await, "ADDED b");
}
