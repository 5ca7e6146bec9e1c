//! A watch from the version of a list sees each later change, in order, and nothing else.

use futures::{StreamExt, TryStreamExt};
use kubernetes_sdk::Patch;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::core::Printed;
use kubernetes_sdk::models::core::v1::ConfigMap;
use kubernetes_sdk::watch::{Event, Informer, Watch};
use serde_json::json;

use crate::cluster;

fn labelled(name: &str) -> ConfigMap {
    let mut config_map = ConfigMap::named(name);
    config_map.metadata.labels = [("test", "x")].into();
    config_map
}

#[tokio::test]
async fn a_watch_from_a_list_yields_exactly_the_later_changes() {
    let (client, namespace) = cluster::namespace("watch").await;
    let create = async |object: &ConfigMap| {
        core_v1::create_namespaced_config_map(&namespace, object).send(&client).await.unwrap();
    };
    create(&labelled("first")).await;
    let selected = || core_v1::list_namespaced_config_map(&namespace).label_selector("test=x");
    let list = selected().send(&client).await.unwrap();
    assert_eq!(list.items.iter().map(ConfigMap::name).collect::<Vec<_>>(), ["first"]);

    let watch = Watch::new(&client);
    let mut events = watch.stream(selected().since(&list));
    create(&ConfigMap::named("unselected")).await;
    create(&labelled("second")).await;
    let patch = Patch::merge(&json!({"data": {"mode": "fast"}}));
    core_v1::patch_namespaced_config_map(&namespace, "second", &patch).send(&client).await.unwrap();
    core_v1::delete_collection_namespaced_config_map(&namespace).label_selector("test=x").send(&client).await.unwrap();

    let mut seen = Vec::new();
    for _ in 0..4 {
        let (kind, object) = cluster::next_change(&mut events).await.unwrap();
        seen.push((kind, object.name().to_owned(), object.data.get("mode").map(|mode| mode.to_string())));
    }
    let fast = Some("fast".to_owned());
    let expected = [("ADDED", "second", None), ("MODIFIED", "second", fast.clone())];
    for (seen, (kind, name, mode)) in seen.iter().zip(expected) {
        assert_eq!(*seen, (kind, name.to_owned(), mode));
    }
    // Both deletions follow; in which order the server deletes a collection is its own affair.
    let mut deleted: Vec<_> = seen[2..].iter().map(|(kind, name, _)| (*kind, name.as_str())).collect();
    deleted.sort_unstable();
    assert_eq!(deleted, [("DELETED", "first"), ("DELETED", "second")]);

    create(&labelled("sentinel")).await;
    let (kind, object) = cluster::next_change(&mut events).await.unwrap();
    assert_eq!((kind, object.name()), ("ADDED", "sentinel"), "nothing else came in between");
    watch.stop();
    assert!(events.next().await.is_none(), "a stopped stream ends");
}

#[tokio::test]
async fn a_watch_without_a_version_begins_with_what_exists() {
    let (client, namespace) = cluster::namespace("initial").await;
    for number in 0..30 {
        let object = labelled(&format!("number-{number}"));
        core_v1::create_namespaced_config_map(&namespace, &object).send(&client).await.unwrap();
    }
    let mut events =
        Watch::new(&client).stream(core_v1::list_namespaced_config_map(&namespace).label_selector("test=x"));
    let mut names = std::collections::BTreeSet::new();
    for _ in 0..30 {
        let (kind, object) = cluster::next_change(&mut events).await.unwrap();
        assert_eq!(kind, "ADDED");
        assert!(names.insert(object.name().to_owned()), "{} came twice", object.name());
    }
    core_v1::delete_namespaced_config_map(&namespace, "number-7").send(&client).await.unwrap();
    let (kind, object) = cluster::next_change(&mut events).await.unwrap();
    assert_eq!((kind, object.name()), ("DELETED", "number-7"));
}

#[tokio::test]
async fn a_watch_goes_on_when_the_server_ends_it() {
    let (client, namespace) = cluster::namespace("timeout").await;
    let list = core_v1::list_namespaced_config_map(&namespace).send(&client).await.unwrap();
    let mut events = Watch::new(&client).timeout_seconds(2).stream(
        core_v1::list_namespaced_config_map(&namespace).field_selector("metadata.name!=kube-root-ca.crt").since(&list),
    );
    for number in 0..3 {
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
        let object = ConfigMap::named(format!("number-{number}"));
        core_v1::create_namespaced_config_map(&namespace, &object).send(&client).await.unwrap();
    }
    for number in 0..3 {
        let (kind, object) = cluster::next_change(&mut events).await.unwrap();
        assert_eq!((kind, object.name()), ("ADDED", &*format!("number-{number}")));
    }
}

#[tokio::test]
async fn stop_ends_a_stream_that_waits_for_bytes() {
    let (client, namespace) = cluster::namespace("stop").await;
    let list = core_v1::list_namespaced_secret(&namespace).send(&client).await.unwrap();
    let mut events = Watch::new(&client).stream(core_v1::list_namespaced_secret(&namespace).since(&list));
    let handle = events.stop_handle();
    let waiting = tokio::spawn(async move {
        while let Some(event) = events.try_next().await? {
            assert!(matches!(event, Event::Bookmark(_)), "nothing happens to secrets here");
        }
        Ok::<(), kubernetes_sdk::watch::Error>(())
    });
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert!(!waiting.is_finished());
    handle.stop();
    tokio::time::timeout(std::time::Duration::from_secs(5), waiting).await.expect("it ends at once").unwrap().unwrap();
}

/// A server sends rows in place of objects, and its bookmarks are tables too.
#[tokio::test]
async fn tables_are_watched_from_their_initial_rows_to_later_changes() {
    let (client, namespace) = cluster::namespace("tables").await;
    let create = async |object: &ConfigMap| {
        core_v1::create_namespaced_config_map(&namespace, object).send(&client).await.unwrap();
    };
    create(&labelled("first")).await;
    let printed = || core_v1::list_namespaced_config_map(&namespace).label_selector("test=x").printed();
    let mut stream = Watch::new(&client).stream(printed());
    let name = |event: &Event<Printed<ConfigMap>>| {
        (event.type_name(), event.object().map(|printed| printed.row.text(0).into_owned()))
    };
    let mut next = async || tokio::time::timeout(cluster::LIMIT, stream.try_next()).await.unwrap().unwrap().unwrap();

    assert_eq!(name(&next().await), ("ADDED", Some("first".to_owned())));
    let bookmark = next().await;
    assert!(matches!(&bookmark, Event::Bookmark(bookmark) if bookmark.ends_initial_events()), "{bookmark:?}");
    create(&labelled("second")).await;
    assert_eq!(name(&next().await), ("ADDED", Some("second".to_owned())));

    let informer = Informer::start(&client, printed());
    informer.wait_until_ready_within(cluster::LIMIT).await.unwrap();
    let mut cells: Vec<_> = informer.store().list().iter().map(|row| row.row.text(0).into_owned()).collect();
    cells.sort_unstable();
    assert_eq!(cells, ["first", "second"]);
}
