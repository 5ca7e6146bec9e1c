//! Informers over a restart of the API server, and over the shards that it makes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use kubernetes_sdk::Client;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::core::{ListRequest, Patch};
use kubernetes_sdk::models::core::v1::ConfigMap;
use kubernetes_sdk::watch::{Informer, Shard, Store, StoreEvent};

use crate::cluster::{self, LIMIT, test_cluster};

const OBJECTS: usize = 2000;

fn maps(namespace: &str) -> ListRequest<ConfigMap> {
    core_v1::list_namespaced_config_map(namespace).field_selector("metadata.name!=kube-root-ca.crt")
}

async fn create(client: &Client, namespace: &str, names: impl Iterator<Item = String>) {
    let created = stream::iter(names).map(async |name| {
        let map = ConfigMap::named(&*name).with_data([("key", "0")]);
        core_v1::create_namespaced_config_map(namespace, &map).send(client).await.expect("a config map")
    });
    created.buffer_unordered(32).for_each(|_| std::future::ready(())).await;
}

/// The versions of all objects, by name.
async fn listed(client: &Client, namespace: &str) -> BTreeMap<String, String> {
    versions(maps(namespace).send(client).await.expect("a list").items.iter())
}

fn stored(store: &Store<ConfigMap>) -> BTreeMap<String, String> {
    versions(store.list().iter().map(|map| &**map))
}

fn versions<'a>(maps: impl Iterator<Item = &'a ConfigMap>) -> BTreeMap<String, String> {
    let version = |map: &ConfigMap| map.metadata.resource_version.as_deref().unwrap_or_default().to_owned();
    maps.map(|map| (map.name().to_owned(), version(map))).collect()
}

/// Waits until the store has what the server has; how long it took.
async fn settled(client: &Client, namespace: &str, store: &Store<ConfigMap>) -> Duration {
    let (expected, start) = (listed(client, namespace).await, Instant::now());
    while stored(store) != expected {
        assert!(start.elapsed() < LIMIT, "the store has {} of {} objects", store.len(), expected.len());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    start.elapsed()
}

/// A lone API server forgets every version at a restart: what is deleted before the informer is back is seen only by a
/// comparison of two lists.
#[tokio::test(flavor = "multi_thread")]
async fn an_informer_survives_restarts_of_the_api_server() {
    let (client, namespace) = cluster::namespace("informer").await;
    create(&client, &namespace, (0..OBJECTS).map(|index| format!("map-{index}"))).await;
    let start = Instant::now();
    let informer = Informer::builder(&client, maps(&namespace)).drop_managed_fields().start();
    let store = informer.store();
    let told = Arc::new(Mutex::new((BTreeSet::new(), BTreeMap::<String, usize>::new())));
    let log = Arc::clone(&told);
    informer.on_event(move |event| {
        let (present, deleted) = &mut *log.lock().unwrap();
        let name = event.key().name().to_owned();
        match event {
            StoreEvent::Added(_) => assert!(present.insert(name)),
            StoreEvent::Updated { .. } => assert!(present.contains(&name)),
            StoreEvent::Deleted { .. } => {
                assert!(present.remove(&name));
                *deleted.entry(name).or_default() += 1;
            }
        }
    });
    informer.wait_until_ready().await.expect("the informer is ready");
    eprintln!("{OBJECTS} config maps after {:?}", start.elapsed());
    assert_eq!(stored(&store), listed(&client, &namespace).await);

    for round in 0..3 {
        test_cluster(&["restart-apiserver"]);
        let changes = stream::iter(0..50).map(|index| {
            let (client, namespace) = (&client, &namespace);
            async move {
                let gone = format!("map-{}", round * 100 + index);
                core_v1::delete_namespaced_config_map(namespace, &gone).send(client).await.expect("a deletion");
                let changed = format!("map-{}", 1000 + round * 100 + index);
                let patch = Patch::merge(&serde_json::json!({"data": {"key": round.to_string()}}));
                core_v1::patch_namespaced_config_map(namespace, &changed, &patch).send(client).await.expect("a change");
            }
        });
        changes.buffer_unordered(16).for_each(|()| std::future::ready(())).await;
        eprintln!("settled {:?} after the changes of round {round}", settled(&client, &namespace, &store).await);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (present, deleted) = &*told.lock().unwrap();
    assert_eq!(*present, stored(&store).into_keys().collect::<BTreeSet<_>>());
    assert_eq!(deleted.len(), 150, "every deletion is reported");
    assert!(deleted.values().all(|times| *times == 1), "and once: {deleted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_object_is_in_exactly_one_shard() {
    let (client, namespace) = cluster::namespace("shards").await;
    create(&client, &namespace, (0..200).map(|index| format!("map-{index}"))).await;
    let informer = Informer::builder(&client, maps(&namespace)).shards(4).start();
    let copies: Vec<_> =
        Shard::split(4).map(|shard| Informer::builder(&client, maps(&namespace)).shard(shard).start()).collect();
    informer.wait_until_ready().await.expect("the informer is ready");
    create(&client, &namespace, (200..250).map(|index| format!("map-{index}"))).await;
    settled(&client, &namespace, &informer.store()).await;

    let everything = listed(&client, &namespace).await;
    assert_eq!(everything.len(), 250);
    let mut seen = BTreeMap::new();
    for (copy, shard) in copies.iter().zip(Shard::split(4)) {
        // What the server takes to belong to the shard, which is what this program does.
        let list = maps(&namespace).shard_selector(shard.to_string()).send(&client).await.expect("a list of a shard");
        let info = list.metadata.shard_info.as_ref().expect("the server says that it is a shard");
        assert_eq!(info.selector, *shard.to_string());
        assert!(!list.items.is_empty() && list.items.iter().all(|map| shard.contains(map)));
        let start = Instant::now();
        while stored(&copy.store()) != versions(list.items.iter()) {
            assert!(start.elapsed() < LIMIT, "{} of {} objects", copy.store().len(), list.items.len());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        for (name, version) in stored(&copy.store()) {
            assert_eq!(seen.insert(name, version), None, "no object is in two shards");
        }
    }
    assert_eq!(seen, everything);
}
