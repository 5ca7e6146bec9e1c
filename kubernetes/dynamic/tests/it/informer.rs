//! The objects of a kind whose definition comes and goes.

use std::time::Duration;

use futures_util::StreamExt;
use kubernetes_client::Client;
use kubernetes_core::{GroupVersionKind, Json};
use kubernetes_dynamic::{ApiResource, KindInformer, Mapper};
use kubernetes_testing::{Fault, TestServer};
use kubernetes_watch::StoreEvent;
use serde_json::json;

use crate::server::{define, lantern, object, undefine};

/// Lanterns in any version.
pub(crate) fn any_version() -> GroupVersionKind {
    GroupVersionKind { version: "".into(), ..lantern() }
}

pub(crate) async fn create(client: &Client, resource: &ApiResource, name: &str) {
    let mut lantern = resource.object(name);
    lantern.set("/spec", &Json::from(json!({"color": name}))).unwrap();
    resource.scope_of(&lantern, "default").create(&lantern).send(client).await.unwrap();
}

/// Waits until the store has just these objects.
pub(crate) async fn has(informer: &KindInformer, names: &[&str]) {
    let all = || informer.store().list().iter().map(|object| object.name().to_owned()).collect::<Vec<_>>();
    let reached = async {
        while all() != names {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let reached = tokio::time::timeout(Duration::from_secs(120), reached).await;
    assert!(reached.is_ok(), "the store has {:?}, not {names:?}", all());
}

/// Waits until the kind is served in this version, or not at all.
pub(crate) async fn is_served(informer: &mut KindInformer, version: Option<&str>) -> Option<ApiResource> {
    let reached = async {
        while informer.resource().map(|resource| resource.version).as_deref() != version {
            informer.resource_changed().await;
        }
    };
    let reached = tokio::time::timeout(Duration::from_secs(120), reached).await;
    assert!(reached.is_ok(), "it is served as {:?}, not {version:?}", informer.resource());
    informer.resource()
}

#[tokio::test(start_paused = true)]
async fn a_kind_is_followed_while_its_definition_comes_and_goes() {
    let server = TestServer::in_process();
    let client = server.client();
    let mapper = Mapper::new(&client);
    let mut informer = KindInformer::start(&mapper, &any_version());
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(informer.resource().is_none() && !informer.store().is_ready());
    let mut events = informer.subscribe();

    for round in 0..3 {
        define(&mapper, &client, "Namespaced", &["v1"]).await;
        let resource = is_served(&mut informer, Some("v1")).await.unwrap();
        let name = format!("red-{round}");
        create(&client, &resource, &name).await;
        has(&informer, &[&name]).await;
        undefine(&mapper, &client).await;
        is_served(&mut informer, None).await;
        has(&informer, &[]).await;
    }
    drop(informer);
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        seen.push(match event {
            StoreEvent::Added(object) => format!("+{}", object.name()),
            StoreEvent::Updated { new, .. } => format!("~{}", new.name()),
            StoreEvent::Deleted { object, .. } => format!("-{}", object.name()),
        });
    }
    assert_eq!(seen, ["+red-0", "-red-0", "+red-1", "-red-1", "+red-2", "-red-2"]);
}

#[tokio::test(start_paused = true)]
async fn another_version_or_scope_is_listed_anew() {
    let server = TestServer::in_process();
    let client = server.client();
    let mapper = Mapper::new(&client);
    define(&mapper, &client, "Namespaced", &["v1"]).await;
    let mut informer = KindInformer::start(&mapper, &any_version());
    let v1 = is_served(&mut informer, Some("v1")).await.unwrap();
    create(&client, &v1, "red").await;
    has(&informer, &["red"]).await;
    assert_eq!(informer.store().get("default", "red").unwrap().api_version(), "light.example.com/v1");

    // The definition gets a version more, which is preferred.
    let mut changed = object(crate::server::definition("Namespaced", &["v1", "v2"]));
    let definitions = mapper.resource("crd").await.unwrap().cluster();
    let current = definitions.read("lanterns.light.example.com").send(&client).await.unwrap();
    changed.metadata.resource_version = current.metadata.resource_version.clone();
    definitions.replace(&changed).send(&client).await.unwrap();
    is_served(&mut informer, Some("v2")).await;
    has(&informer, &["red"]).await;
    assert_eq!(informer.store().get("default", "red").unwrap().api_version(), "light.example.com/v2");

    // A definition of the other scope takes its place.
    define(&mapper, &client, "Cluster", &["v2"]).await;
    has(&informer, &[]).await;
    let followed = async {
        loop {
            match informer.resource_changed().await {
                Some(cluster) if !cluster.namespaced => return cluster,
                _ => {}
            }
        }
    };
    let cluster = tokio::time::timeout(Duration::from_secs(120), followed).await.unwrap();
    create(&client, &cluster, "blue").await;
    has(&informer, &["blue"]).await;
    assert!(!informer.resource().unwrap().namespaced);
}

#[tokio::test(start_paused = true)]
async fn selected_objects_are_kept_and_errors_are_got_over() {
    let server = TestServer::in_process();
    let client = server.client();
    let mapper = Mapper::new(&client);
    let maps = mapper.resource("cm").await.unwrap().in_namespace("default");
    for (name, app) in [("a", "web"), ("b", "other")] {
        let map = object(
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"app": app}}}),
        );
        maps.create(&map).send(&client).await.unwrap();
    }
    server.inject(Fault::status(403).resource("configmaps").times(2));
    let of_type = GroupVersionKind::new("", "v1", "ConfigMap");
    let builder = KindInformer::builder(&mapper, &of_type).namespace("default").label_selector("app=web");
    let informer = builder.start();
    has(&informer, &["a"]).await;
    assert!(server.requests().iter().filter(|request| request.resource() == "configmaps").count() >= 3);
}

#[tokio::test(start_paused = true)]
async fn informers_share_one_watch_of_definitions_which_ends_with_the_last() {
    let server = TestServer::in_process();
    let client = server.client();
    let mapper = Mapper::new(&client);
    server.forget_requests();
    let kinds = ["Pod", "ConfigMap", "Secret"].map(|kind| GroupVersionKind::new("", "v1", kind));
    let informers: Vec<_> = kinds.iter().map(|kind| KindInformer::start(&mapper, kind)).collect();
    for informer in &informers {
        informer.store().wait_until_ready().await.unwrap();
    }
    let watches = |server: &TestServer, resource: &str| {
        server.requests().iter().filter(|request| request.verb() == "watch" && request.resource() == resource).count()
    };
    assert_eq!(watches(&server, "customresourcedefinitions"), 1);
    assert_eq!(watches(&server, "apiservices"), 1);
    drop(informers);
    server.forget_requests();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(server.requests().is_empty(), "nothing goes on: {:?}", server.requests().len());
}
