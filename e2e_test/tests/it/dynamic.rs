//! Discovery, mapper and dynamic objects on a real server, and kubectl's disk cache, which kubectl shares.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use kubernetes_sdk::core::{GroupVersionKind, Json};
use kubernetes_sdk::dynamic::{Discovery, DiskCache, DynamicObject, KindInformer, Mapper};
use kubernetes_sdk::utils::modify;
use kubernetes_sdk::{Client, Config};
use kubernetes_testing::TestServer;
use serde_json::json;

use crate::cluster::{LIMIT, client, config, namespace};
use crate::kubectl::Kubectl;

/// The files below a folder, by their path in it.
fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                collect(root, &path, found);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                found.insert(path.strip_prefix(root).expect("it is below").to_owned(), text);
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(folder, folder, &mut found);
    found
}

fn mapper(client: &Client, folder: PathBuf, config: &Config) -> Mapper {
    Mapper::builder(client).disk_cache(DiskCache::at(folder, config)).build()
}

/// A document of the cache. A type that is one of the list's own group and version may say so or not.
fn document(text: &str) -> serde_json::Value {
    let mut document: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let of_list = document["groupVersion"].as_str().unwrap_or_default().to_owned();
    for resource in document["resources"].as_array_mut().into_iter().flatten().filter_map(|of| of.as_object_mut()) {
        let part = |key: &str| resource.get(key).and_then(|part| part.as_str()).unwrap_or_default().to_owned();
        if [part("group"), part("version")].join("/").trim_start_matches('/') == of_list {
            resource.remove("group");
            resource.remove("version");
        }
    }
    document
}

/// The paths of discovery among the requests that came.
fn discoveries(server: &TestServer) -> Vec<String> {
    let is_discovery = |path: &String| path == "/api" || path == "/apis" || path.matches('/').count() < 4;
    server.requests().iter().map(|request| request.path.clone()).filter(is_discovery).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_and_the_mapper_share_one_disk_cache() {
    let server = TestServer::start().await.expect("a port");
    let config = Config::new(server.url().parse().expect("a URL"));
    let kubectl = Kubectl::new(&server);

    kubectl.say("get deploy", "").await;
    server.forget_requests();
    let deploy = mapper(&server.client(), kubectl.cache(), &config).resource("deploy").await.expect("it is cached");
    assert_eq!(deploy.to_string(), "deployments.v1.apps");
    assert_eq!(server.requests().len(), 0, "kubectl has written everything");

    let ours = Kubectl::new(&server);
    mapper(&server.client(), ours.cache(), &config).resource("deploy").await.expect("the server has it");
    let (kubectls, written) = (files(&kubectl.cache().join("discovery")), files(&ours.cache().join("discovery")));
    assert!(written.len() > 20, "{:?}", written.keys());
    assert_eq!(written.keys().collect::<Vec<_>>(), kubectls.keys().collect::<Vec<_>>());
    for (file, text) in &written {
        assert_eq!(document(text), document(&kubectls[file]), "{}", file.display());
    }

    server.forget_requests();
    ours.say("get deploy,svc,cm", "").await;
    assert_eq!(discoveries(&server), Vec::<String>::new(), "the mapper has written everything");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_use_the_responses_that_the_other_has_kept() {
    let (kubectl, arguments) = Kubectl::of_cluster();
    let get = format!("{arguments} get deploy -A");
    let config = config("admin");
    kubectl.say(&get, "").await;

    // Without the discovery documents, the responses are asked about.
    let documents = kubectl.cache().join("discovery");
    std::fs::rename(&documents, kubectl.cache().join("aside")).expect("kubectl has written it");
    let statuses = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&statuses);
    let observed = Client::builder(config.clone()).observe(move |observation| {
        seen.lock().expect("no panic").push(observation.status().map(|status| status.as_u16()));
    });
    let observed = observed.build().expect("the client can be built");
    mapper(&observed, kubectl.cache(), &config).resource("deploy").await.expect("the server has it");
    assert_eq!(*statuses.lock().expect("no panic"), [Some(304), Some(304)], "kubectl's responses are still right");

    let ours = Kubectl::with("");
    mapper(&observed, ours.cache(), &config).resource("deploy").await.expect("the server has it");
    let kubectls = files(&kubectl.cache().join("aside"));
    for (file, text) in files(&ours.cache().join("discovery")) {
        assert_eq!(document(&text), document(&kubectls[&file]), "{}", file.display());
    }
    std::fs::remove_dir_all(ours.cache().join("discovery")).expect("the mapper has written it");
    let output = ours.output(&format!("{get} -v=8"), "").await;
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(log.matches("X-From-Cache: 1").count(), 2, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_is_discovered_in_both_forms() {
    let client = client("admin");
    let discovery = Discovery::run(&client).await.expect("it answers");
    assert!(discovery.failures().is_empty(), "{:?}", discovery.failures());
    let deployments = discovery.kind(&GroupVersionKind::new("apps", "v1", "Deployment")).expect("a built-in kind");
    assert_eq!(deployments.short_names, ["deploy"]);
    assert_eq!(deployments.subresource("scale").expect("it has one").kind.to_string(), "autoscaling/v1, Kind=Scale");
    assert_eq!(discovery.groups()[0].name, "", "the core group comes first");
    let alone = Discovery::run_without_peers(&client).await.expect("it answers");
    assert_eq!(alone.resources().count(), discovery.resources().count());
    // A user without rights may discover.
    assert!(Discovery::run(&crate::cluster::client("nobody")).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_comes_and_goes_on_a_real_server() {
    let (client, namespace) = namespace("dynamic").await;
    let mapper = Mapper::new(&client);
    let group = format!("{namespace}.example.com");
    let kind = GroupVersionKind::new(&group, "v1", "Beacon");
    let mut informer = KindInformer::start(&mapper, &kind);
    let definitions = mapper.resource("crd").await.expect("a built-in kind").cluster();
    for round in 0..2 {
        let scope = if round == 0 { "Namespaced" } else { "Cluster" };
        let definition: DynamicObject = serde_json::from_value(json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("beacons.{group}")},
            "spec": {"group": group, "scope": scope, "names": {"plural": "beacons", "singular": "beacon", "kind": "Beacon"},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                    "type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]},
        }))
        .expect("an object");
        definitions.create(&definition).send(&client).await.expect("it is created");
        let resource = mapper.wait_for(&kind).within(LIMIT).await.expect("it is served");
        assert_eq!(resource.namespaced, round == 0);
        let mut beacon = resource.object("north");
        beacon.set("/spec", &Json::from(json!({"lamps": [{"name": "a", "unknown": 1.50}]}))).expect("it fits");
        let scope = resource.scope_of(&beacon, &namespace);
        let create = async {
            // The definition is served a moment after it is discovered.
            while let Err(error) = scope.create(&beacon).send(&client).await {
                assert!(error.is_not_found(), "{error}");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(LIMIT, create).await.expect("it is served in time");
        let changed = modify(&client, scope.read("north"), |beacon| {
            beacon.set("/spec/lamps/-", &Json::from(json!({"name": "b"}))).expect("a list");
        });
        let changed = changed.await.expect("it is changed");
        let lamps = changed.get::<Json>("/spec/lamps").expect("valid").expect("there");
        assert_eq!(lamps, Json::from(json!([{"name": "a", "unknown": 1.5}, {"name": "b"}])));
        let known = async {
            while informer.store().get(changed.namespace(), "north").is_none() {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(LIMIT, known).await.expect("the informer follows");
        definitions.delete(definition.name()).send(&client).await.expect("it is deleted");
        let forgotten = async {
            while informer.resource().is_some() || !informer.store().is_empty() {
                informer.resource_changed().await;
            }
        };
        tokio::time::timeout(LIMIT, forgotten).await.expect("the informer notices that the kind is gone");
        let gone = async {
            while definitions.read(definition.name()).send_opt(&client).await.expect("it answers").is_some() {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(LIMIT, gone).await.expect("the definition goes");
    }
}
