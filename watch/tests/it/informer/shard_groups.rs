//! Shards that share a stream, because the server does not select them.

use std::sync::Arc;

use kubernetes_client::Client;
use kubernetes_core::{ListRequest, Object, ObjectMeta, Watchable};
use kubernetes_testing::{CustomResource, Fault, TestServer};
use kubernetes_watch::{Error, ErrorPolicy, Informer, Shard, ShardGroup, Watch};
use serde::{Deserialize, Deserializer, Serialize};

use crate::informer::undecodable::{Loose, create_spoiled};
use crate::informer::{SECOND, Widget, create, delete, resize, widgets};

const SHARDS: u32 = 8;

fn server() -> TestServer {
    TestServer::builder().resource(CustomResource::of::<Loose>()).sharding(false).in_process()
}

/// Starts the informer of a shard, whose lists are requests of their own.
fn start<K: Watchable>(client: &Client, group: &Arc<ShardGroup<K>>, shard: Shard) -> Informer<K> {
    let watch = Watch::new(client).bookmarks(false);
    Informer::builder(client, ListRequest::<K>::at(widgets().request().path.clone()))
        .watch(&watch)
        .on_error(ErrorPolicy::Retry)
        .shard(shard)
        .shard_groups([Arc::clone(group)])
        .start()
}

fn start_all<K: Watchable>(client: &Client) -> Vec<Informer<K>> {
    let group = Arc::default();
    Shard::split(SHARDS).map(|shard| start(client, &group, shard)).collect()
}

/// The number of lists since the last call, of which the first asks whether the server selects shards.
fn lists(server: &TestServer) -> usize {
    let lists = server.requests().iter().filter(|request| request.verb() == "list").count();
    server.forget_requests();
    lists
}

fn stored<K: Object>(informers: &[Informer<K>]) -> usize {
    informers.iter().map(|informer| informer.store().len()).sum()
}

#[tokio::test(start_paused = true)]
async fn a_list_goes_on_while_further_shards_join() {
    let server = server();
    let client = server.client();
    for index in 0..20 {
        create(&client, &format!("w{index}")).await;
    }
    let (group, mut shards) = (Arc::default(), Shard::split(SHARDS));
    let mut informers: Vec<Informer<Widget>> =
        shards.by_ref().take(1).map(|shard| start(&client, &group, shard)).collect();
    tokio::time::sleep(SECOND).await;
    assert_eq!(lists(&server), 2);
    server.inject(Fault::delay(SECOND * 5).verb("list").always());
    for shard in shards {
        informers.push(start(&client, &group, shard));
        tokio::time::sleep(SECOND).await;
    }
    assert!(informers[1].store().is_ready(), "the others have not delayed the one that joined first");
    tokio::time::sleep(SECOND * 10).await;
    assert!(informers.iter().all(|informer| informer.store().is_ready()));
    assert_eq!(stored(&informers), 20);
    assert_eq!(lists(&server), 3);
}

#[tokio::test(start_paused = true)]
async fn an_object_that_can_not_be_decoded_restarts_no_shard() {
    let server = server();
    let client = server.client();
    create_spoiled(&server, "bad").await;
    let bad = ListRequest::<kubernetes_core::PartialObjectMetadata<Widget>>::at(widgets().request().path.clone());
    let uid = bad.send(&client).await.unwrap().items[0].metadata.uid.clone().unwrap();
    let is_with_bad = |shard: &Shard| shard.contains_uid(&uid);
    for index in 0..40 {
        let widget = create(&client, &format!("w{index}")).await;
        // No other object of its shard can be decoded instead.
        if Shard::split(SHARDS).any(|shard| is_with_bad(&shard) && shard.contains(&widget)) {
            delete(&client, widget.name()).await;
        }
    }
    lists(&server);
    let informers = start_all::<Widget>(&client);
    tokio::time::sleep(SECOND * 600).await;
    assert_eq!(lists(&server), 2);
    assert!(informers.iter().all(|informer| informer.store().is_ready() && informer.error().is_none()));
    assert!(stored(&informers) > 20);
    for (informer, shard) in informers.iter().zip(Shard::split(SHARDS)) {
        assert_eq!(informer.undecodable().len(), usize::from(is_with_bad(&shard)));
    }
    resize(&client, "bad", 7).await;
    tokio::time::sleep(SECOND).await;
    assert!(informers.iter().all(|informer| informer.undecodable().is_empty()));
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_retried_by_all_shards_together() {
    type IsExpected = fn(&Error) -> bool;
    for (is_decodable, is_expected) in [(true, Error::is_forbidden as IsExpected), (false, Error::is_undecodable)] {
        let server = server();
        let client = server.client();
        if is_decodable {
            create(&client, "a").await;
            server.inject(Fault::status(403).resource("widgets").verb("watch").always());
        } else {
            create_spoiled(&server, "a").await;
        }
        let informers = start_all::<Widget>(&client);
        tokio::time::sleep(SECOND * 600).await;
        for informer in &informers {
            assert!(informer.error().as_ref().is_some_and(is_expected), "{:?}", informer.error());
        }
        let lists = lists(&server);
        assert!((20..60).contains(&lists), "{lists} lists in 10 minutes");
        server.clear_faults();
        resize(&client, "a", 3).await;
        tokio::time::sleep(SECOND * 60).await;
        assert!(informers.iter().all(|informer| informer.error().is_none() && informer.store().is_ready()));
        assert_eq!(stored(&informers), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_other_shards_go_on_when_one_is_stopped() {
    let server = server();
    let client = server.client();
    let mut informers = start_all::<Widget>(&client);
    tokio::time::sleep(SECOND).await;
    assert_eq!(lists(&server), 2);
    informers.pop().expect("one of several").stop();
    for index in 0..40 {
        create(&client, &format!("w{index}")).await;
    }
    tokio::time::sleep(SECOND).await;
    let objects = widgets().send(&client).await.unwrap().items;
    let of_others = |widget: &&Widget| Shard::split(SHARDS).take(7).any(|shard| shard.contains(*widget));
    assert_eq!(stored(&informers), objects.iter().filter(of_others).count());
    drop(informers);
    server.forget_requests();
    tokio::time::sleep(SECOND * 3600).await;
    assert_eq!(server.requests().len(), 0, "the stream has ended with the last");
}

/// Its error would be that of all, and only some would end.
#[tokio::test(start_paused = true)]
async fn an_informer_that_may_fail_has_its_own_stream() {
    let server = server();
    server.inject(Fault::status(403).verb("watch").always());
    let client = server.client();
    let [first, second] = [0, 1].map(|index| Shard::split(2).nth(index).expect("one of two"));
    let group = Arc::default();
    let lasting: Informer<Widget> = start(&client, &group, first);
    let builder = Informer::builder(&client, widgets()).on_error(ErrorPolicy::Stop);
    let failing = builder.shard(second).shard_groups([group]).start();
    let stopped = tokio::time::timeout(SECOND, failing.wait_until_stopped()).await.expect("at once");
    assert!(stopped.cause().is_some_and(Error::is_forbidden), "{stopped:?}");
    server.clear_faults();
    tokio::time::sleep(SECOND * 10).await;
    assert!(lasting.error().is_none() && lasting.store().is_ready());
}

/// A widget whose decoder panics at a size.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Fragile {
    metadata: ObjectMeta,
    #[serde(deserialize_with = "panic_at_13")]
    size: u32,
}

kubernetes_core::resource!(Fragile: "example.com" / "v1" / "Widget", "widgets", namespaced, watch, serde);

fn panic_at_13<'a, D: Deserializer<'a>>(deserializer: D) -> Result<u32, D::Error> {
    let size = u32::deserialize(deserializer)?;
    assert_ne!(size, 13, "expected by this test");
    Ok(size)
}

#[tokio::test(start_paused = true)]
async fn a_panic_stops_the_stores_of_all_shards() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let informers = start_all::<Fragile>(&client);
    tokio::time::sleep(SECOND).await;
    assert!(informers.iter().all(|informer| informer.store().is_ready()));
    resize(&client, "a", 13).await;
    for informer in &informers {
        let stopped = tokio::time::timeout(SECOND, informer.wait_until_stopped()).await;
        let stopped = stopped.expect("at once");
        assert!(stopped.cause().is_some_and(Error::is_panic), "{stopped:?}");
    }
}
