//! The operators that run as a whole: with a manager, and of many kinds.

use std::collections::BTreeSet;
use std::time::Duration;

use kubernetes_sdk::api::apps::v1 as apps_v1;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::controller::{ClientMetrics, Metrics, Settings};
use kubernetes_sdk::core::{CreateRequest, DeleteRequest, ListRequest, ObjectMeta, Patch, PatchRequest, ReadRequest};
use kubernetes_sdk::models::core::v1::ConfigMap;
use kubernetes_sdk::models::events::v1::Event;
use kubernetes_sdk::utils::ensure_definition;
use kubernetes_sdk::{Client, CustomResource, Schema, resource};
use kubernetes_testing::TestServer;
use serde::{Deserialize, Serialize};
use serde_json::json;
use website_operator::{Website, website};

#[path = "../../janitor.rs"]
mod janitor;
#[path = "../../website_operator.rs"]
mod website_operator;

async fn read(client: &Client, name: &str) -> Option<Website> {
    ReadRequest::<Website>::namespaced("default", name).send_opt(client).await.unwrap()
}

/// The status of its condition `Ready` with its reason, if it has been observed.
async fn ready(client: &Client, name: &str) -> Option<(String, String)> {
    let website = read(client, name).await?;
    let status = website.status?;
    let condition = status.conditions?.into_iter().find(|condition| condition.type_ == "Ready")?;
    let is_observed = status.observed_generation == website.metadata.generation;
    is_observed.then(|| (condition.status.to_string(), condition.reason.to_string()))
}

fn is(status: &str, reason: &str) -> Option<(String, String)> {
    Some((status.to_owned(), reason.to_owned()))
}

/// The metrics that the panels of the dashboard show.
fn dashboard_metrics() -> Vec<String> {
    let dashboard = include_str!("../../../docs/grafana-dashboard.json");
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let prefixes = ["controller_runtime_", "workqueue_", "rest_client_", "leader_election_", "event_recorder_"];
    let words = dashboard.split(|c| !is_of_name(c)).filter(|word| prefixes.iter().any(|of| word.starts_with(of)));
    let mut metrics: Vec<_> = words.map(str::to_owned).collect();
    metrics.sort();
    metrics.dedup();
    metrics
}

fn assert_fills_the_dashboard(metrics: &Metrics) {
    let text = metrics.render();
    for metric in dashboard_metrics() {
        assert!(text.lines().any(|line| line.starts_with(&metric)), "the panel of {metric} is empty\n{text}");
    }
}

async fn hosts(client: &Client) -> Vec<String> {
    let hosts = core_v1::read_namespaced_config_map("default", "website-hosts").send(client).await.unwrap();
    hosts.data.iter().map(|(host, _)| host.to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn websites_are_published_and_removed() {
    let server = TestServer::in_process();
    let requests = ClientMetrics::new("kubernetes");
    let client = Client::service_builder(server.service(), "default").observe(requests.observer()).build().unwrap();
    website_operator::define(&client).await.unwrap();
    let (mut replicas, mut metrics) = (Vec::new(), Vec::new());
    for identity in ["a", "b"] {
        let mut settings = Settings::new("website-operator");
        (settings.admin_address, settings.identity) = (None, Some(identity.to_owned()));
        let (sender, shutdown) = tokio::sync::oneshot::channel::<()>();
        let manager = website_operator::manager(&client, &requests, settings);
        metrics.push(manager.metrics().clone());
        replicas.push((sender, tokio::spawn(manager.run_until(async { drop(shutdown.await) }))));
    }
    let settled = || tokio::time::sleep(Duration::from_secs(10));
    CreateRequest::namespaced("default", &website("a", "a.example.com")).send(&client).await.unwrap();
    CreateRequest::namespaced("default", &website("wrong", "nowhere")).send(&client).await.unwrap();
    settled().await;
    assert_eq!(ready(&client, "a").await, is("False", "Starting"));
    assert_eq!(ready(&client, "wrong").await, is("False", "InvalidHost"));
    assert_eq!(hosts(&client).await, ["a.example.com"]);
    assert_fills_the_dashboard(&metrics[0]);
    for kind in ["configmaps", "services"] {
        assert!(
            server.requests().iter().any(|request| request.resource() == kind && request.verb() == "patch"),
            "{kind}"
        );
    }

    // The pods come up, then the number of replicas is changed.
    let up = Patch::merge(&json!({"status": {"readyReplicas": 1, "replicas": 1}}));
    apps_v1::patch_namespaced_deployment_status("default", "a", &up).send(&client).await.unwrap();
    settled().await;
    assert_eq!(ready(&client, "a").await, is("True", "Serving"));
    let more = Patch::merge(&json!({"spec": {"replicas": 2}}));
    PatchRequest::<Website>::namespaced("default", "a", &more).send(&client).await.unwrap();
    settled().await;
    assert_eq!(ready(&client, "a").await, is("False", "Starting"));
    let deployment = apps_v1::read_namespaced_deployment("default", "a").send(&client).await.unwrap();
    assert_eq!(deployment.spec.replicas, Some(2));

    // The leader ends in order, and the other goes on.
    let (stop, first) = replicas.remove(0);
    drop(stop);
    first.await.unwrap().unwrap();
    DeleteRequest::<Website>::namespaced("default", "a").send(&client).await.unwrap();
    settled().await;
    assert!(read(&client, "a").await.is_none(), "the cleanup is complete");
    assert_eq!(hosts(&client).await, Vec::<String>::new());
    let (stop, second) = replicas.remove(0);
    drop(stop);
    second.await.unwrap().unwrap();
    let events = ListRequest::<Event>::namespaced("default").send(&client).await.unwrap().items;
    let mut reasons: Vec<_> = events.iter().filter_map(|event| event.reason.as_deref()).collect();
    reasons.sort_unstable();
    assert_eq!(
        reasons,
        ["HostReleased", "LeaderElection", "LeaderElection", "LeaderElection", "LeaderElection", "Published"]
    );
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Role {
    metadata: ObjectMeta,
    rules: Vec<PolicyRule>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct ClusterRole {
    metadata: ObjectMeta,
    rules: Vec<PolicyRule>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PolicyRule {
    api_groups: Vec<String>,
    resources: Vec<String>,
    verbs: Vec<String>,
}

resource!(Role: "rbac.authorization.k8s.io" / "v1" / "Role", "roles", namespaced, serde);
resource!(ClusterRole: "rbac.authorization.k8s.io" / "v1" / "ClusterRole", "clusterroles", cluster, serde);

/// The rules of the manifest in `docs/operator.md`: of the Role in the operator's own namespace, and of the ClusterRole.
async fn documented_rules() -> (Vec<PolicyRule>, Vec<PolicyRule>) {
    let page = include_str!("../../../docs/operator.md");
    let manifest = page.split("## The manifest").nth(1).unwrap().split("```").nth(1).unwrap();
    let server = TestServer::in_process();
    server.load_yaml(manifest.trim_start_matches("yaml")).unwrap();
    let client = server.client();
    let name = "website-operator";
    let role = ReadRequest::<Role>::namespaced(name, name).send(&client).await.unwrap();
    (role.rules, ReadRequest::<ClusterRole>::cluster(name).send(&client).await.unwrap().rules)
}

/// The API group in the path of a request.
fn group_of(path: &str) -> &str {
    path.strip_prefix("/apis/").and_then(|path| path.split('/').next()).unwrap_or_default()
}

/// The operator has the rights that the page gives it, and no rule of them is for nothing.
#[tokio::test(start_paused = true)]
async fn the_documented_rights_are_those_that_the_operator_needs() {
    let (own, all) = documented_rules().await;
    let server = TestServer::builder().namespace("website-operator").in_process();
    let client = server.client();
    let mut settings = Settings::new("website-operator");
    (settings.admin_address, settings.lease_namespace) = (None, Some("website-operator".to_owned()));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    website_operator::define(&client).await.unwrap();
    let requests = ClientMetrics::new("kubernetes");
    let manager = website_operator::manager(&client, &requests, settings);
    let manager = tokio::spawn(manager.run_until(async { drop(stopped.await) }));
    CreateRequest::namespaced("default", &website("a", "a.example.com")).send(&client).await.unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(ready(&client, "a").await, is("False", "Starting"));
    DeleteRequest::<Website>::namespaced("default", "a").send(&client).await.unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(read(&client, "a").await.is_none());
    drop(stop);
    manager.await.unwrap().unwrap();
    let mut needed = BTreeSet::new();
    // Those of its user are not the operator's.
    let is_of_user = |verb: &str, resource: &str| matches!((verb, resource), ("create" | "delete", "websites"));
    for request in server.requests() {
        if is_of_user(request.verb(), request.resource()) {
            continue;
        }
        let is_own = request.namespace() == Some("website-operator");
        let (group, resource) = (group_of(&request.path).to_owned(), request.resource().to_owned());
        needed.insert((is_own, group.clone(), resource.clone(), request.verb().to_owned()));
        // An apply of an object that does not exist is a creation, too.
        if request.verb() == "patch" && request.status.is_some_and(|status| status.as_u16() == 201) {
            needed.insert((is_own, group, resource, "create".to_owned()));
        }
    }
    let allows = |rules: &[PolicyRule], group: &str, resource: &str, verb: &str| {
        rules.iter().any(|rule| {
            let has = |list: &[String], value: &str| list.iter().any(|each| each == value);
            has(&rule.api_groups, group) && has(&rule.resources, resource) && has(&rule.verbs, verb)
        })
    };
    for (is_own, group, resource, verb) in &needed {
        let is_allowed = *is_own && allows(&own, group, resource, verb) || allows(&all, group, resource, verb);
        assert!(is_allowed, "{verb} {resource} of {group:?}");
    }
    for rule in own.iter().chain(&all) {
        let is_used = |resource: &String| {
            needed.iter().any(|(_, group, needed, _)| rule.api_groups[0] == *group && resource == needed)
        };
        let are_used = rule.resources.iter().all(|resource| resource.ends_with("/finalizers") || is_used(resource));
        assert!(are_used, "{rule:?}");
    }
}

/// A kind that is defined while the janitor runs.
#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(group = "example.com", version = "v1", namespaced)]
struct Note {
    metadata: kubernetes_sdk::core::ObjectMeta,
    spec: NoteSpec,
}

#[derive(Clone, Debug, PartialEq, Schema)]
struct NoteSpec {
    text: String,
}

fn note(name: &str, ttl: &str) -> Note {
    let mut metadata = kubernetes_sdk::core::ObjectMeta { name: Some(name.into()), ..Default::default() };
    metadata.annotations = [("example.com/ttl", ttl)].into();
    Note { metadata, spec: NoteSpec { text: "remember".to_owned() } }
}

/// In real time, since the age of an object is by the wall clock.
#[tokio::test]
async fn the_janitor_deletes_objects_of_all_kinds() {
    let server = TestServer::in_process();
    let client = server.client();
    let janitor = tokio::spawn({
        let client = client.clone();
        async move { janitor::operate(&client).await.map_err(|error| error.to_string()) }
    });
    let mut map = ConfigMap::named("short");
    map.metadata.annotations = [("example.com/ttl", "1s")].into();
    core_v1::create_namespaced_config_map("default", &map).send(&client).await.unwrap();
    let mut kept = ConfigMap::named("kept");
    kept.metadata.annotations = [("example.com/ttl", "1h")].into();
    core_v1::create_namespaced_config_map("default", &kept).send(&client).await.unwrap();
    ensure_definition(&client, &Note::definition().unwrap(), "test").await.unwrap();
    for (name, ttl) in [("short", "1s"), ("kept", "1h"), ("wrong", "soon")] {
        CreateRequest::namespaced("default", &note(name, ttl)).send(&client).await.unwrap();
    }
    let is_clean = async || {
        let maps = core_v1::list_namespaced_config_map("default").send(&client).await.unwrap().items;
        let notes = ListRequest::<Note>::namespaced("default").send(&client).await.unwrap().items;
        let maps: Vec<_> = maps.iter().map(|map| map.name().to_owned()).collect();
        let notes: Vec<_> = notes.iter().map(|note| note.name().to_owned()).collect();
        (maps, notes)
    };
    let mut found = is_clean().await;
    for _ in 0..200 {
        if found.0.len() == 1 && found.1.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        found = is_clean().await;
    }
    assert_eq!(found, (vec!["kept".to_owned()], vec!["kept".to_owned(), "wrong".to_owned()]));
    assert!(!janitor.is_finished());
    janitor.abort();
}
