//! Against an API server in memory.

use std::time::Duration;

use futures_util::TryStreamExt;
use kubernetes_client::Client;
use kubernetes_core::{GroupVersionKind, Json, ListRequest, Object, Patch};
use kubernetes_dynamic::{Discovery, DynamicObject, Mapper};
use kubernetes_testing::{Fault, TestServer};
use kubernetes_watch::{Event, Informer, ObjectCondition, Watch, until};
use serde_json::json;

pub(crate) fn definition(scope: &str, versions: &[&str]) -> serde_json::Value {
    let version = |name: &&str| {
        json!({"name": name, "served": true, "storage": *name == versions[0], "subresources": {"status": {}, "scale":
            {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}},
            "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}})
    };
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "lanterns.light.example.com"},
        "spec": {"group": "light.example.com", "scope": scope, "versions": versions.iter().map(version).collect::<Vec<_>>(),
            "names": {"plural": "lanterns", "singular": "lantern", "kind": "Lantern", "shortNames": ["lt"]}},
    })
}

pub(crate) fn object(value: serde_json::Value) -> DynamicObject {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn lantern() -> GroupVersionKind {
    GroupVersionKind::new("light.example.com", "v1", "Lantern")
}

/// Deletes the definition of lanterns, if there is one.
pub(crate) async fn undefine(mapper: &Mapper, client: &Client) {
    let definitions = mapper.resource("crd").await.unwrap().cluster();
    let _ = definitions.delete("lanterns.light.example.com").send(client).await;
}

/// Defines lanterns, in place of an earlier definition.
pub(crate) async fn define(mapper: &Mapper, client: &Client, scope: &str, versions: &[&str]) {
    undefine(mapper, client).await;
    let definitions = mapper.resource("crd").await.unwrap().cluster();
    definitions.create(&object(definition(scope, versions))).send(client).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn both_forms_of_discovery_tell_the_same() {
    let server = TestServer::in_process();
    let aggregated = Discovery::run(&server.client()).await.unwrap();
    let names = |discovery: &Discovery| {
        let mut all: Vec<_> = discovery.resources().cloned().collect();
        all.iter_mut().for_each(|resource| resource.subresources.sort_by(|a, b| a.name.cmp(&b.name)));
        all.sort_by_key(ToString::to_string);
        all
    };
    // Asked again, the server is asked for the classic form.
    for path in ["/api", "/apis"] {
        server.inject(Fault::status(406).path(path));
    }
    let classic = Discovery::run(&server.client()).await.unwrap();
    assert!(names(&aggregated).len() > 60);
    assert_eq!(names(&aggregated), names(&classic));
}

#[tokio::test(start_paused = true)]
async fn objects_of_a_built_in_kind_go_through_every_operation() {
    let server = TestServer::in_process();
    let client = server.client();
    let mapper = Mapper::new(&client);
    let maps = mapper.resource("cm").await.unwrap().in_namespace("default");
    let mut map =
        object(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "1"}}));
    let created = maps.create(&map).send(&client).await.unwrap();
    assert_eq!((created.uid().is_empty(), created.kind()), (false, "ConfigMap"));
    let mut read = maps.read("a").send(&client).await.unwrap();
    assert_eq!(read, created);
    read.set("/data/k", &"2".to_owned()).unwrap();
    let replaced = maps.replace(&read).send(&client).await.unwrap();
    assert_eq!(replaced.get::<String>("/data/k").unwrap().as_deref(), Some("2"));
    let patch = Patch::merge(&json!({"data": {"k": "3"}}));
    let patched = maps.patch("a", &patch).send(&client).await.unwrap();
    assert_eq!(patched.get::<String>("/data/k").unwrap().as_deref(), Some("3"));
    map.set("/data", &Json::from(json!({"mine": "4"}))).unwrap();
    let applied = maps.apply(&map, "me").send(&client).await.unwrap();
    assert_eq!(applied.get::<String>("/data/mine").unwrap().as_deref(), Some("4"));

    let list = maps.list().send(&client).await.unwrap();
    let of_list = list.items.iter().find(|item| item.name() == "a").unwrap();
    assert_eq!(of_list.group_version_kind(), Some(GroupVersionKind::new("", "v1", "ConfigMap")));
    let metadata = maps.list().metadata_only().send(&client).await.unwrap();
    assert!(metadata.items.iter().any(|item| item.name() == "a"));
    let table = maps.read("a").table().send(&client).await.unwrap();
    assert_eq!(table.rows[0].text(table.column("Name").unwrap()), "a");
    maps.delete("a").send(&client).await.unwrap();
    assert!(maps.read("a").send_opt(&client).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn subresources_of_a_custom_resource_are_read_and_written() {
    let server = TestServer::in_process();
    let client = server.client();
    let mapper = Mapper::new(&client);
    define(&mapper, &client, "Namespaced", &["v1"]).await;
    let resource = mapper.wait_for(&lantern()).within(Duration::from_secs(60)).await.unwrap();
    assert_eq!(resource.subresource("scale").unwrap().kind, GroupVersionKind::new("autoscaling", "v1", "Scale"));
    let lanterns = resource.in_namespace("default");
    let mut red = resource.object("red");
    red.set("/spec", &Json::from(json!({"replicas": 1, "big": 12345678901234567890u64}))).unwrap();
    let mut red = lanterns.create(&red).send(&client).await.unwrap();
    assert_eq!(red.get::<Json>("/spec/big").unwrap().unwrap().as_str(), "12345678901234567890");

    red.set("/status/phase", &"Lit".to_owned()).unwrap();
    let red = lanterns.replace(&red).subresource("status").send(&client).await.unwrap();
    assert_eq!(red.get::<String>("/status/phase").unwrap().as_deref(), Some("Lit"));

    let mut scale: DynamicObject = lanterns.read_subresource("red", "scale").send(&client).await.unwrap();
    assert_eq!((scale.kind(), scale.get::<i32>("/spec/replicas").unwrap()), ("Scale", Some(1)));
    scale.set("/spec/replicas", &5).unwrap();
    lanterns.replace_subresource("red", "scale", &scale).send(&client).await.unwrap();
    let red = lanterns.read("red").send(&client).await.unwrap();
    assert_eq!(red.get::<i32>("/spec/replicas").unwrap(), Some(5));
}

#[tokio::test(start_paused = true)]
async fn dynamic_objects_are_watched_waited_for_and_kept_in_stores() {
    let server = TestServer::in_process();
    let client = server.client();
    let maps = Mapper::new(&client).resource("cm").await.unwrap().in_namespace("default");
    let informer = Informer::start(&client, maps.list());
    informer.wait_until_ready().await.unwrap();
    let mut events = Watch::new(&client).stream(maps.list().label_selector("app=web"));
    let web =
        object(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web", "labels": {"app": "web"}}}));
    let waiting = until(&client, maps.list()).named("web");
    let condition = ObjectCondition::new("has data", |object: &DynamicObject| object.has("/data/k"));
    let changing = async {
        let created = maps.create(&web).send(&client).await.unwrap();
        let patch = Patch::merge(&json!({"data": {"k": "1"}}));
        maps.patch(created.name(), &patch).send(&client).await.unwrap()
    };
    let (waited, patched) = tokio::join!(waiting.is(condition), changing);
    assert_eq!(waited.unwrap().unwrap(), patched);
    informer.store().wait_until_seen(&patched).await.unwrap();
    assert_eq!(*informer.store().get("default", "web").unwrap(), patched);
    let mut seen = Vec::new();
    while seen.len() < 2 {
        match events.try_next().await.unwrap().unwrap() {
            Event::Bookmark(_) => {}
            event => {
                seen.push(event.type_name());
                let patch = Patch::merge(&json!({"data": {"k": "2"}}));
                maps.patch("web", &patch).send(&client).await.unwrap();
            }
        }
    }
    assert_eq!(seen, ["ADDED", "MODIFIED"]);
    let metadata = Informer::start(&client, maps.list().metadata_only());
    metadata.wait_until_ready().await.unwrap();
    assert!(metadata.store().get("default", "web").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_definition_that_changes_its_scope_or_goes_is_noticed() {
    let server = TestServer::in_process();
    let client = server.client();
    let mapper = Mapper::builder(&client).ttl(Duration::from_secs(3600)).build();
    assert!(mapper.kind(&lantern()).await.unwrap_err().is_no_match());
    let _watch = mapper.watch_definitions();
    define(&mapper, &client, "Namespaced", &["v1"]).await;
    let resource = mapper.wait_for(&lantern()).within(Duration::from_secs(60)).await.unwrap();
    assert!(resource.namespaced);
    assert_eq!(mapper.resource("lt").await.unwrap().version, "v1");
    tokio::time::sleep(Duration::from_secs(10)).await;
    server.forget_requests();
    for _ in 0..5 {
        mapper.kind(&lantern()).await.unwrap();
    }
    assert!(server.requests().iter().all(|request| !request.path.ends_with("/apis")), "what is known is used");

    define(&mapper, &client, "Cluster", &["v2", "v1"]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!mapper.kind(&lantern()).await.unwrap().namespaced);
    assert_eq!(mapper.resource("lanterns").await.unwrap().version, "v2");
    let definitions = mapper.resource("crd").await.unwrap().cluster();
    definitions.delete("lanterns.light.example.com").send(&client).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(mapper.kind(&lantern()).await.unwrap_err().is_no_match());
}

#[tokio::test(start_paused = true)]
async fn without_a_watch_a_new_definition_is_found_after_a_miss() {
    let server = TestServer::in_process();
    let client = server.client();
    let mapper = Mapper::new(&client);
    assert!(mapper.resource("lanterns").await.unwrap_err().is_no_match());
    define(&mapper, &client, "Namespaced", &["v1"]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let lanterns = mapper.resource("lanterns").await.unwrap();
    assert_eq!(lanterns.to_string(), "lanterns.v1.light.example.com");
    let list: ListRequest<DynamicObject> = lanterns.all_namespaces().list();
    assert!(list.send(&client).await.unwrap().items.is_empty());
}
