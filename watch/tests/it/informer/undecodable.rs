//! Objects that can't be decoded: they are not in the way of others.

use futures_util::StreamExt;
use kubernetes_core::{CreateRequest, ListRequest, ObjectMeta, Patch, PatchRequest};
use kubernetes_testing::{CustomResource, TestServer};
use kubernetes_watch::{Error, ErrorPolicy, Informer, StoreEvent, UndecodablePolicy};
use serde::{Deserialize, Serialize};

use crate::informer::{SECOND, Widget, brief, create, delete, has, widgets};

/// A widget as somebody else sees it, whose size may be anything.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Loose {
    metadata: ObjectMeta,
    size: serde_json::Value,
}

kubernetes_core::resource!(Loose: "example.com" / "v1" / "Widget", "widgets", namespaced, watch, serde);

fn server() -> TestServer {
    TestServer::builder().resource(CustomResource::of::<Loose>()).namespace("shop").in_process()
}

async fn spoil(server: &TestServer, name: &str) {
    let patch = Patch::merge(&serde_json::json!({"size": "large"}));
    PatchRequest::<Loose>::namespaced("default", name, &patch).send(&server.client()).await.unwrap();
}

pub(super) async fn create_spoiled(server: &TestServer, name: &str) {
    let loose = Loose { size: "large".into(), ..Loose::named(name) };
    CreateRequest::namespaced("default", &loose).send(&server.client()).await.unwrap();
}

fn undecodable(informer: &Informer<Widget>) -> Vec<String> {
    informer
        .undecodable()
        .iter()
        .map(|(key, error)| {
            assert!(error.is_undecodable(), "{error:?}");
            assert!(error.to_string().contains(&key.to_string()), "{error}");
            key.to_string()
        })
        .collect()
}

async fn settle() {
    tokio::time::sleep(2 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn they_are_reported_and_passed_over() {
    for streaming_lists in [true, false] {
        let server = server();
        let client = server.client();
        create(&client, "a").await;
        create_spoiled(&server, "bad").await;
        create(&client, "c").await;
        let watch = brief(&client).bookmarks(streaming_lists);
        let informer = Informer::builder(&client, widgets()).watch(&watch).start();
        informer.wait_until_ready().await.unwrap();
        has(&informer.store(), &["a=0", "c=0"]).await;
        assert_eq!(undecodable(&informer), ["default/bad"]);
        assert!(informer.error().is_none(), "the watch is in order");

        create_spoiled(&server, "worse").await;
        create(&client, "d").await;
        has(&informer.store(), &["a=0", "c=0", "d=0"]).await;
        assert_eq!(undecodable(&informer), ["default/bad", "default/worse"]);

        crate::informer::resize(&client, "bad", 7).await;
        delete(&client, "worse").await;
        has(&informer.store(), &["a=0", "bad=7", "c=0", "d=0"]).await;
        settle().await;
        assert!(undecodable(&informer).is_empty());
    }
}

/// The last state that could be decoded stays, so that nobody takes the object for deleted.
#[tokio::test(start_paused = true)]
async fn a_state_that_could_be_decoded_stays() {
    let server = server();
    let client = server.client();
    for name in ["a", "b"] {
        create(&client, name).await;
    }
    let informer = Informer::builder(&client, widgets()).watch(&brief(&client)).start();
    informer.wait_until_ready().await.unwrap();
    let mut events = informer.subscribe();
    for _ in 0..2 {
        assert!(matches!(events.next().await, Some(StoreEvent::Added(_))));
    }
    spoil(&server, "a").await;
    settle().await;
    assert_eq!(undecodable(&informer), ["default/a"]);
    has(&informer.store(), &["a=0", "b=0"]).await;

    // Neither does a list lose it.
    server.inject(kubernetes_testing::Fault::compaction().verb("watch"));
    create(&client, "c").await;
    has(&informer.store(), &["a=0", "b=0", "c=0"]).await;
    tokio::time::sleep(60 * SECOND).await;
    has(&informer.store(), &["a=0", "b=0", "c=0"]).await;

    delete(&client, "a").await;
    has(&informer.store(), &["b=0", "c=0"]).await;
    assert!(undecodable(&informer).is_empty());

    // Another object of the same name is not the one that the store has.
    delete(&client, "b").await;
    create_spoiled(&server, "b").await;
    has(&informer.store(), &["c=0"]).await;
    settle().await;
    assert_eq!(undecodable(&informer), ["default/b"]);
    informer.stop();
    let mut deleted = Vec::new();
    while let Some(event) = events.next().await {
        if let StoreEvent::Deleted { object, .. } = event {
            deleted.push(object.metadata.name.clone().unwrap_or_default());
        }
    }
    assert_eq!(deleted, ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_store_comes_to_the_version_of_an_object_that_is_passed_over() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let informer = Informer::builder(&client, widgets()).watch(&brief(&client)).start();
    informer.wait_until_ready().await.unwrap();
    spoil(&server, "a").await;
    let version = server.resource_version();
    let waited = tokio::time::timeout(SECOND, informer.store().wait_until_version(&version)).await;
    waited.expect("at once, without a bookmark").unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_type_that_fits_no_object_is_an_error() {
    let server = server();
    let client = server.client();
    create_spoiled(&server, "bad").await;
    create_spoiled(&server, "worse").await;
    let informer = Informer::start(&client, widgets());
    let stopped = tokio::time::timeout(SECOND, informer.wait_until_ready()).await.expect("at once").unwrap_err();
    assert!(stopped.cause().is_some_and(Error::is_undecodable), "{stopped:?}");
}

#[tokio::test(start_paused = true)]
async fn a_policy_can_be_to_fail() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    create_spoiled(&server, "bad").await;
    let builder =
        || Informer::builder(&client, widgets()).watch(&brief(&client)).on_undecodable(UndecodablePolicy::Fail);
    let informer = builder().start();
    let stopped = tokio::time::timeout(SECOND, informer.wait_until_ready()).await.expect("at once").unwrap_err();
    assert!(stopped.cause().is_some_and(Error::is_undecodable), "{stopped:?}");
    assert!(stopped.cause().is_some_and(|cause| cause.to_string().contains("default/bad")), "{stopped:?}");

    let informer = builder().on_error(ErrorPolicy::Retry).start();
    tokio::time::sleep(60 * SECOND).await;
    assert!(!informer.store().is_ready() && informer.error().is_some_and(|error| error.is_undecodable()));
    crate::informer::resize(&client, "bad", 7).await;
    has(&informer.store(), &["a=0", "bad=7"]).await;
    assert!(informer.error().is_none());
}

/// A stream promises every change: it can't pass over one.
#[tokio::test(start_paused = true)]
async fn a_stream_ends_in_an_error() {
    let server = server();
    create_spoiled(&server, "bad").await;
    let mut changes =
        kubernetes_watch::Reflector::new(&server.client()).stream(ListRequest::<Widget>::namespaced("default"));
    let failure = loop {
        match changes.next().await.expect("an item") {
            Ok(_) => {}
            Err(failure) => break failure,
        }
    };
    assert!(failure.is_undecodable(), "{failure:?}");
}
