use std::collections::BTreeSet;

use kubernetes_core::{ListRequest, Object, Str};
use kubernetes_testing::{CustomResource, Fault, TestServer};
use kubernetes_watch::{Informer, Shard, StoreEvent};

use crate::informer::{Log, SECOND, Widget, brief, create, create_in, delete, has, resize, server, widgets};

fn server_that_shards(sharding: bool) -> TestServer {
    TestServer::builder().resource(CustomResource::of::<Widget>()).namespace("shop").sharding(sharding).in_process()
}

fn labelled(name: &str, labels: &[(&str, &str)]) -> Widget {
    let mut widget = Widget::named(name);
    widget.metadata.labels = labels.iter().map(|(key, value)| (*key, Str::from(*value))).collect();
    widget
}

#[tokio::test(start_paused = true)]
async fn several_namespaces_are_one_store() {
    let server = server();
    let client = server.client();
    create_in(&client, "shop", Widget::named("s")).await;
    create_in(&client, "kube-system", Widget::named("unseen")).await;
    let informer = Informer::builder(&client, widgets()).and(ListRequest::namespaced("shop")).start();
    informer.wait_until_ready().await.unwrap();
    create(&client, "d").await;
    has(&informer.store(), &["d=0", "s=0"]).await;
    assert_eq!(informer.store().in_namespace("shop").len(), 1);
    delete(&client, "d").await;
    has(&informer.store(), &["s=0"]).await;
}

#[tokio::test(start_paused = true)]
async fn an_object_of_several_selectors_goes_with_the_last() {
    let server = server();
    let client = server.client();
    create_in(&client, "default", labelled("both", &[("x", "1"), ("y", "1")])).await;
    create_in(&client, "default", labelled("x", &[("x", "1")])).await;
    let informer = Informer::builder(&client, widgets().label_selector("x"))
        .and(widgets().label_selector("y"))
        .watch(&brief(&client))
        .start();
    informer.wait_until_ready().await.unwrap();
    let (store, log) = (informer.store(), Log::default());
    informer.on_event(log.handler());
    assert_eq!(log.take().await, ["+both=0", "+x=0"]);
    for size in 1..10 {
        resize(&client, "both", size).await;
        tokio::time::sleep(2 * SECOND).await;
    }
    let told = log.take().await;
    assert_eq!(told.len(), 9, "once each, though two watches bring it: {told:?}");
    delete(&client, "both").await;
    has(&store, &["x=0"]).await;
    assert_eq!(log.take().await.last().map(String::as_str), Some("-both=9"));
}

#[tokio::test(start_paused = true)]
async fn shards_have_every_object_once() {
    let server = server_that_shards(true);
    let client = server.client();
    for index in 0..40 {
        create(&client, &format!("w{index}")).await;
    }
    let informer = Informer::builder(&client, widgets()).shards(4).watch(&brief(&client)).start();
    informer.wait_until_ready().await.unwrap();
    let (store, mut subscription) = (informer.store(), informer.subscribe());
    assert_eq!(store.len(), 40);
    let streams = server.requests().iter().filter(|request| request.query.contains("shardSelector")).count();
    assert_eq!(streams, 1 + 4, "one list to see whether the server selects shards, and a watch each");
    server.inject(Fault::compaction().verb("watch").times(4));
    for index in 0..40 {
        let name = format!("w{index}");
        match index % 4 {
            0 => delete(&client, &name).await,
            1 => {
                delete(&client, &name).await;
                create(&client, &name).await;
            }
            _ => drop(resize(&client, &name, 1).await),
        }
        tokio::time::sleep(SECOND / 2).await;
    }
    tokio::time::sleep(30 * SECOND).await;
    let listed = widgets().send(&client).await.unwrap();
    let known: BTreeSet<_> = store.list().iter().map(|widget| (widget.uid().to_owned(), widget.size)).collect();
    assert_eq!(known, listed.items.iter().map(|widget| (widget.uid().to_owned(), widget.size)).collect());
    let mut present = BTreeSet::new();
    while let Some(Some(event)) =
        futures_util::FutureExt::now_or_never(futures_util::StreamExt::next(&mut subscription))
    {
        let uid = event.object().uid().to_owned();
        match event {
            StoreEvent::Added(_) => assert!(present.insert(uid)),
            StoreEvent::Updated { .. } => assert!(present.contains(&uid)),
            StoreEvent::Deleted { .. } => assert!(present.remove(&uid)),
        }
    }
    assert_eq!(present, known.into_iter().map(|(uid, _)| uid).collect());
}

#[tokio::test(start_paused = true)]
async fn a_server_without_shards_is_asked_by_one_worker() {
    let server = server_that_shards(false);
    let client = server.client();
    for name in ["a", "b"] {
        create(&client, name).await;
    }
    let old = widgets().send(&client).await.unwrap();
    create(&client, "c").await;
    server.compact();
    server.inject(Fault::status(503).verb("list"));
    let informer = Informer::builder(&client, widgets().since(&old)).shards(4).start();
    informer.wait_until_ready().await.unwrap();
    let written = create(&client, "d").await;
    informer.store().wait_until_seen(&written).await.unwrap();
    has(&informer.store(), &["a=0", "b=0", "c=0", "d=0"]).await;
    let watches = server.requests().into_iter().filter(|request| request.verb() == "watch").collect::<Vec<_>>();
    assert_eq!(watches.len(), 1);
    let elsewhere = create_in(&client, "shop", Widget::named("e")).await;
    let version = elsewhere.metadata.resource_version.unwrap_or_default();
    let store = informer.store();
    let reached = tokio::time::timeout(61 * SECOND, store.wait_until_version(&version));
    reached.await.expect("the workers that have ended are not waited for").unwrap();
    assert!(!watches[0].query.contains("shardSelector"));
}

#[tokio::test(start_paused = true)]
async fn copies_of_a_program_share_the_work_whatever_the_server_does() {
    for sharding in [true, false] {
        let server = server_that_shards(sharding);
        let client = server.client();
        let informers: Vec<_> =
            Shard::split(3).map(|shard| Informer::builder(&client, widgets()).shard(shard).start()).collect();
        for index in 0..30 {
            create(&client, &format!("w{index}")).await;
        }
        tokio::time::sleep(SECOND).await;
        let mut all = BTreeSet::new();
        for (informer, shard) in informers.iter().zip(Shard::split(3)) {
            let stored = informer.store().list();
            assert!(!stored.is_empty() && stored.iter().all(|widget| shard.contains(&**widget)));
            assert!(stored.iter().all(|widget| all.insert(widget.reference().name)), "each in one shard");
        }
        assert_eq!(all.len(), 30);
    }
}
