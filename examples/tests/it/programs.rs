//! The programs that the official Python client has as examples, too.

use clap::Parser;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::config::{Environment, Secret};
use kubernetes_testing::TestServer;
use serde_json::{Value, json};

#[path = "../../apply_files.rs"]
mod apply_files;
#[path = "../../clusters.rs"]
mod clusters;
#[path = "../../patches.rs"]
mod patches;
#[path = "../../roll_back.rs"]
mod roll_back;
#[path = "../../usage.rs"]
mod usage;
#[path = "../../workloads.rs"]
mod workloads;

fn load(server: &TestServer, object: &Value) {
    server.load_yaml(&object.to_string()).unwrap();
}

#[tokio::test(start_paused = true)]
async fn workloads_come_change_and_go() {
    let server = TestServer::in_process();
    let lines = workloads::run(&server.client(), "default").await.unwrap();
    let of = |kind: &str, name: &str| {
        [
            format!("created {kind} {name}"),
            format!("listed {name}"),
            "changed: true".to_owned(),
            "gone: true".to_owned(),
        ]
    };
    let expected = [
        of("Deployment", "web"),
        of("Job", "pi"),
        of("CronJob", "hourly-pi"),
        of("Service", "web"),
        of("Ingress", "web"),
    ];
    assert_eq!(lines, expected.concat());
}

#[tokio::test(start_paused = true)]
async fn nodes_are_labelled_and_config_maps_patched() {
    let server = TestServer::in_process();
    load(&server, &json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a", "labels": {"old": "1"}}}));
    load(&server, &json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "b"}}));
    let client = server.client();
    assert_eq!(patches::label_nodes(&client, "disk", "ssd").await.unwrap().len(), 2);
    let node = core_v1::read_node("a").send(&client).await.unwrap();
    assert_eq!((&*node.metadata.labels["disk"], &*node.metadata.labels["old"]), ("ssd", "1"));
    let map = patches::change_config_map(&client, "default").await.unwrap();
    assert_eq!((map.data.len(), &*map.data["mode"], &*map.data["kept"]), (2, "fast", "yes"));
}

/// A workload with the revisions 1 and 2, as its controller keeps them.
async fn with_revisions(server: &TestServer, kind: &str, plural: &str) {
    let template = |image: &str| json!({"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "c", "image": image}]}});
    let spec = json!({"selector": {"matchLabels": {"app": "x"}}, "template": template("x:2")});
    load(
        server,
        &json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "x", "namespace": "default"}, "spec": spec}),
    );
    let client = server.client();
    let resource = kubernetes_sdk::dynamic::Mapper::new(&client).resource(plural).await.unwrap();
    let uid = resource.in_namespace("default").read("x").send(&client).await.unwrap().uid().to_owned();
    for revision in [1, 2] {
        load(
            server,
            &json!({
                "apiVersion": "apps/v1", "kind": "ControllerRevision", "revision": revision,
                "metadata": {
                    "name": format!("x-{revision}"), "namespace": "default", "labels": {"app": "x"},
                    "annotations": {"kubernetes.io/change-cause": format!("release {revision}")},
                    "ownerReferences": [{"apiVersion": "apps/v1", "kind": kind, "name": "x", "uid": uid, "controller": true}],
                },
                "data": {"spec": {"template": template(&format!("x:{revision}"))}},
            }),
        );
    }
}

#[tokio::test(start_paused = true)]
async fn daemon_sets_and_stateful_sets_are_rolled_back() {
    for (kind, plural, short) in [("DaemonSet", "daemonsets", "ds/x"), ("StatefulSet", "statefulsets", "sts/x")] {
        let server = TestServer::in_process();
        with_revisions(&server, kind, plural).await;
        let client = server.client();
        let lines = roll_back::run(&client, "default", short, None).await.unwrap();
        let rolled_back = format!("{plural}.apps default/x was rolled back");
        assert_eq!(lines, ["revision 1: release 1", "revision 2: release 2", &rolled_back]);
        let resource = kubernetes_sdk::dynamic::Mapper::new(&client).resource(plural).await.unwrap();
        let workload = resource.in_namespace("default").read("x").send(&client).await.unwrap();
        assert_eq!(workload.get::<String>("/spec/template/spec/containers/0/image").unwrap().as_deref(), Some("x:1"));
        let again = roll_back::run(&client, "default", short, Some(1)).await.unwrap();
        assert!(again.last().unwrap().ends_with("has the template of that revision already"), "{again:?}");
        assert!(roll_back::run(&client, "default", short, Some(7)).await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn files_and_folders_are_applied() {
    let server = TestServer::in_process();
    let client = server.client();
    let folder = tempfile::tempdir().unwrap();
    let map = |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n");
    std::fs::write(folder.path().join("a.yaml"), map("a")).unwrap();
    let lines = apply_files::run(&client, &folder.path().join("a.yaml")).await.unwrap();
    assert_eq!(lines, ["configmaps default/a created"]);
    std::fs::write(
        folder.path().join("b.json"),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}}).to_string(),
    )
    .unwrap();
    let lines = apply_files::run(&client, folder.path()).await.unwrap();
    assert_eq!(lines, ["configmaps default/a unchanged", "configmaps default/b created"]);
    std::fs::write(folder.path().join("c.yaml"), "kind: ConfigMap").unwrap();
    assert!(apply_files::run(&client, folder.path()).await.is_err());
}

#[tokio::test]
async fn clusters_are_found_by_context_and_by_url() {
    let (one, other) = (TestServer::start().await.unwrap(), TestServer::start().await.unwrap());
    load(
        &other,
        &json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "a", "image": "b"}]}}),
    );
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let one = file("one", one.kubeconfig().replace("test", "one"));
    let second = file("other", other.kubeconfig().replace("test", "other"));
    let mut environment = Environment::default();
    environment.kubeconfig = Some(std::env::join_paths([one, second]).unwrap());
    let cli = |arguments: &[&str]| clusters::Cli::parse_from([&["clusters"], arguments].concat());
    let mut counts = Vec::new();
    for (name, config) in clusters::configs(&cli(&[]), None, &environment).unwrap() {
        counts.push((name, clusters::count_pods(config).await.unwrap()));
    }
    assert_eq!(counts, [("one".to_owned(), 0), ("other".to_owned(), 1)]);
    let chosen = clusters::configs(&cli(&["--context", "other"]), None, &environment).unwrap();
    assert_eq!(chosen[0].1.server.to_string().trim_end_matches('/'), other.url());
    assert!(clusters::configs(&cli(&["--context", "missing"]), None, &environment).is_err());

    let url = other.url();
    let token = Some(Secret::new("a-token"));
    let remote = clusters::configs(&cli(&["--server", &url]), token, &environment).unwrap().remove(0).1;
    other.forget_requests();
    assert_eq!(clusters::count_pods(remote).await.unwrap(), 1);
    let sent = other.requests().remove(0);
    assert_eq!(sent.headers["authorization"], "Bearer a-token");
}

#[tokio::test(start_paused = true)]
async fn usage_is_shown() {
    let server = TestServer::in_process();
    let error = usage::run(&server.client()).await.unwrap_err().to_string();
    assert!(error.contains("metrics.k8s.io"), "{error}");
    for (plural, kind, scope) in [("nodes", "NodeMetrics", "Cluster"), ("pods", "PodMetrics", "Namespaced")] {
        let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
        load(
            &server,
            &json!({
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": {"name": format!("{plural}.metrics.k8s.io")},
                "spec": {"group": "metrics.k8s.io", "scope": scope, "names": {"plural": plural, "kind": kind},
                         "versions": [{"name": "v1beta1", "served": true, "storage": true, "schema": schema}]},
            }),
        );
    }
    let usage_of = |cpu: &str| json!({"cpu": cpu, "memory": "1Gi"});
    load(
        &server,
        &json!({"apiVersion": "metrics.k8s.io/v1beta1", "kind": "NodeMetrics", "metadata": {"name": "n"}, "usage": usage_of("250m")}),
    );
    load(
        &server,
        &json!({"apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetrics", "metadata": {"name": "p", "namespace": "default"},
                          "containers": [{"name": "c", "usage": usage_of("5m")}]}),
    );
    let lines = usage::run(&server.client()).await.unwrap();
    assert_eq!(lines, ["node n: 250m of a core, 1Gi", "pod default/p (c): 5m of a core, 1Gi"]);
}
