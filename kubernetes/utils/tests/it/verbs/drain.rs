//! Cordons and drains: the cases of kubectl's tests of drain
//! (<https://github.com/kubernetes/kubectl/blob/v0.37.2/pkg/cmd/drain/drain_test.go>), and more.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::Patch;
use kubernetes_testing::{Fault, TestServer};
use kubernetes_utils::drain::{Drain, DrainEvent, cordon, uncordon};
use serde_json::{Value, json};

use super::pods;
use crate::manifests::{get, resource, server, writes};

const NODE: &str = "{apiVersion: v1, kind: Node, metadata: {name: n1}}";

fn node() -> TestServer {
    let server = server();
    server.load_yaml(NODE).unwrap();
    server
}

/// A pod on the node, with more of metadata, spec and status.
fn pod(name: &str, metadata: Value, spec: Value, phase: &str) -> String {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"nodeName": "n1", "terminationGracePeriodSeconds": 0, "containers": [{"name": "c", "image": "i"}]},
        "status": {"phase": phase},
    });
    for (field, value) in [("metadata", metadata), ("spec", spec)] {
        let fields = value.as_object().unwrap().clone();
        pod[field].as_object_mut().unwrap().extend(fields);
    }
    pod.to_string()
}

fn owned_by(kind: &str, name: &str) -> Value {
    json!({"ownerReferences": [{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "u-1", "controller": true}]})
}

fn of_replica_set(name: &str) -> String {
    pod(name, owned_by("ReplicaSet", "rs"), json!({}), "Running")
}

const DAEMON_SET: &str = "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: ds, namespace: shop}}";

async fn left(client: &Client) -> Vec<String> {
    let list = pods().all_namespaces().list().send(client).await.unwrap();
    list.items.iter().map(|pod| pod.name().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_node_is_cordoned_and_uncordoned_once() {
    let server = node();
    let client = server.client();
    assert_eq!(cordon(&client, "n1").await.unwrap().get("/spec/unschedulable").unwrap(), Some(true));
    cordon(&client, "n1").await.unwrap();
    assert_eq!(writes(&server), ["patch nodes/n1"], "no request changes a node that is cordoned");
    assert!(!uncordon(&client, "n1").await.unwrap().has("/spec/unschedulable"));
    uncordon(&client, "n1").await.unwrap();
    assert_eq!(writes(&server), ["patch nodes/n1"]);
    assert!(cordon(&client, "none").await.unwrap_err().request_error().unwrap().is_not_found());
    assert!(Drain::new("none").plan(&client).await.unwrap_err().request_error().unwrap().is_not_found());
}

#[tokio::test(start_paused = true)]
async fn a_plan_has_what_leaves_and_what_cannot() {
    let empty_dir = json!({"volumes": [{"name": "v", "emptyDir": {}}]});
    let mirror = json!({"annotations": {"kubernetes.io/config.mirror": "x"}});
    // A pod; whether it leaves by default, and with all that is allowed; the problem.
    let cases = [
        (of_replica_set("rs"), Some(true), None),
        (pod("job", owned_by("Job", "j"), json!({}), "Running"), Some(true), None),
        (
            pod("ds", owned_by("DaemonSet", "ds"), json!({}), "Running"),
            None,
            Some("it belongs to a DaemonSet, which would"),
        ),
        (pod("ds-done", owned_by("DaemonSet", "ds"), json!({}), "Succeeded"), Some(true), None),
        (
            pod("gone-ds", owned_by("DaemonSet", "x"), json!({}), "Running"),
            Some(true),
            Some("it belongs to a DaemonSet that"),
        ),
        (pod("mirror", mirror, json!({}), "Running"), None, None),
        (
            pod("empty", owned_by("ReplicaSet", "rs"), empty_dir.clone(), "Running"),
            Some(true),
            Some("it has data in an emptyDir"),
        ),
        (pod("empty-done", owned_by("ReplicaSet", "rs"), empty_dir, "Failed"), Some(true), None),
        (pod("naked", json!({}), json!({}), "Running"), Some(true), Some("it has no controller")),
        (pod("naked-done", json!({}), json!({}), "Succeeded"), Some(true), None),
    ];
    for (pod, leaves, problem) in cases {
        let server = node();
        let client = server.client();
        server.load_yaml(DAEMON_SET).unwrap();
        server.load_yaml(&pod).unwrap();
        server.load_yaml(&of_replica_set("elsewhere").replace("n1", "n2")).unwrap();
        let plan = Drain::new("n1").plan(&client).await.unwrap();
        match problem {
            None => assert!(plan.problems().is_empty(), "{plan:?}"),
            Some(reason) => {
                assert!(plan.problems()[0].reason.starts_with(reason), "{plan:?}");
                let error = plan.run(&client).await.unwrap_err();
                assert!(
                    error.is_refused() && error.to_string().starts_with("the node n1 can't be drained\npods shop/"),
                    "{error}"
                );
                assert!(writes(&server).is_empty(), "nothing is changed");
            }
        }
        let all =
            Drain::new("n1").ignore_daemon_sets(true).delete_empty_dirs(true).force(true).plan(&client).await.unwrap();
        assert_eq!(all.pods().len(), usize::from(leaves.is_some()), "{all:?}");
        all.run(&client).await.unwrap();
        assert_eq!(left(&client).await.len(), 2 - usize::from(leaves.is_some()), "{pod}");
        assert!(
            get(&server, &resource("", "Node", "nodes", false), "", "n1").await.unwrap().has("/spec/unschedulable")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn pods_are_evicted_and_those_that_are_gone_are_fine() {
    let server = node();
    let client = server.client();
    for name in ["a", "b", "c"] {
        server.load_yaml(&of_replica_set(name)).unwrap();
    }
    let mut plan = Drain::new("n1").grace_period(Duration::from_secs(0)).plan(&client).await.unwrap();
    plan.retain(|pod| pod.key.name() != "c");
    pods().in_namespace("shop").delete("a").send(&client).await.unwrap();
    writes(&server);
    plan.run(&client).await.unwrap();
    assert_eq!(left(&client).await, ["c"]);
    let mut sent = writes(&server);
    sent.sort();
    assert_eq!(sent, ["create pods/eviction/a", "create pods/eviction/b", "patch nodes/n1"]);
}

const BUDGET: &str = "
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: budget, namespace: shop, generation: 1}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
status: {observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, disruptedPods: {}}
";

fn guarded(server: &TestServer) {
    let mut metadata = owned_by("ReplicaSet", "rs");
    metadata["labels"] = json!({"app": "web"});
    let pod = pod("web", metadata, json!({}), "Running").replace(
        "\"phase\":\"Running\"",
        "\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]",
    );
    server.load_yaml(&pod).unwrap();
    server.load_yaml(BUDGET).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_disruption_budget_is_named_and_waited_for() {
    let server = node();
    let client = server.client();
    guarded(&server);
    let log = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&log);
    let plan = Drain::new("n1").within(Duration::from_secs(12)).plan(&client).await.unwrap();
    let plan = plan.observe(move |event| {
        seen.lock().unwrap().push(match event {
            DrainEvent::Evicting(pod) => format!("evicting {pod}"),
            DrainEvent::Blocked(pod, _) => format!("blocked {pod}"),
            DrainEvent::Gone(pod) => format!("gone {pod}"),
            other => format!("{other:?}"),
        });
    });
    let error = plan.run(&client).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(error.to_string().starts_with("timed out after 12s draining the node n1\npods shop/web: "), "{error}");
    assert!(error.pods()[0].1.contains("budget"), "{error}");
    assert_eq!(log.lock().unwrap().len(), 1 + 3, "every 5 seconds: {log:?}");

    let drain = plan.run(&client);
    let allow = async {
        tokio::time::sleep(Duration::from_secs(7)).await;
        let patch = Patch::merge(&json!({"status": {"disruptionsAllowed": 1}}));
        let budgets = resource("policy", "PodDisruptionBudget", "poddisruptionbudgets", true).in_namespace("shop");
        budgets.patch("budget", &patch).subresource("status").send(&client).await.unwrap();
    };
    let (result, ()) = tokio::join!(drain, allow);
    result.unwrap();
    assert_eq!(log.lock().unwrap().last().unwrap(), "gone pods shop/web");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_passes_budgets() {
    let server = node();
    let client = server.client();
    guarded(&server);
    Drain::new("n1").delete_instead_of_evict(true).plan(&client).await.unwrap().run(&client).await.unwrap();
    assert!(left(&client).await.is_empty());
    let delete = server.requests().into_iter().find(|request| request.verb() == "delete").unwrap();
    assert!(delete.json()["preconditions"]["uid"].is_string());
}

#[tokio::test(start_paused = true)]
async fn the_failure_of_one_pod_does_not_stop_the_others() {
    let server = node();
    let client = server.client();
    for name in ["a", "b"] {
        server.load_yaml(&of_replica_set(name)).unwrap();
    }
    server.inject(Fault::status(403).path("/api/v1/namespaces/shop/pods/a/eviction").always());
    let error = Drain::new("n1").plan(&client).await.unwrap().run(&client).await.unwrap_err();
    assert!(error.to_string().starts_with("the node n1 could not be drained\npods shop/a: "), "{error}");
    assert_eq!(left(&client).await, ["a"]);
    assert!(!error.is_timeout() && !error.is_refused() && error.pods().len() == 1);
}

#[tokio::test(start_paused = true)]
async fn pods_that_have_been_terminating_for_long_are_not_waited_for() {
    let server = node();
    let client = server.client();
    let mut metadata = owned_by("ReplicaSet", "rs");
    metadata["finalizers"] = json!(["example.com/x"]);
    server.load_yaml(&pod("stuck", metadata, json!({}), "Running")).unwrap();
    pods().in_namespace("shop").delete("stuck").send(&client).await.unwrap();
    let plan = Drain::new("n1").within(Duration::from_secs(5)).plan(&client).await.unwrap();
    assert_eq!(plan.pods().len(), 1);
    let error = plan.run(&client).await.unwrap_err();
    assert_eq!(error.pods()[0].1, "it is terminating");
    // The server's times are those of the wall clock.
    let plan = Drain::new("n1").skip_deleted_for(Duration::from_secs(3600)).plan(&client).await.unwrap();
    assert_eq!(plan.pods().len(), 1, "it has not been for that long");
}

#[tokio::test(start_paused = true)]
async fn pods_can_be_selected() {
    let server = node();
    let client = server.client();
    server.load_yaml(&of_replica_set("a")).unwrap();
    guarded(&server);
    let plan = Drain::new("n1").pod_selector("app=web").plan(&client).await.unwrap();
    assert_eq!(plan.pods().iter().map(ToString::to_string).collect::<Vec<_>>(), ["pods shop/web"]);
}

/// A Deployment with a ReplicaSet and one ready pod on the node.
fn lone_replica(server: &TestServer, spec: &Value) {
    let mut deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop", "uid": "u-d"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": {}},
    });
    deployment["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    let owner = |kind: &str, name: &str, uid: &str| json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": true}]);
    let replica_set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": "web-1", "namespace": "shop", "uid": "u-r", "ownerReferences": owner("Deployment", "web", "u-d")},
    });
    let metadata = json!({"labels": {"app": "web"}, "ownerReferences": owner("ReplicaSet", "web-1", "u-r")});
    let pod = pod("web", metadata, json!({}), "Running").replace(
        "\"phase\":\"Running\"",
        "\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]",
    );
    for object in [deployment.to_string(), replica_set.to_string(), pod] {
        server.load_yaml(&object).unwrap();
    }
}

fn deployments() -> kubernetes_dynamic::ApiResource {
    resource("apps", "Deployment", "deployments", true)
}

/// Writes the status of the rollout as the controller of Deployments does.
async fn tell_rollout(client: &Client, conditions: Value, updated: i64) {
    let status = json!({"status": {"observedGeneration": 2, "replicas": 1, "updatedReplicas": updated,
                                   "readyReplicas": 1, "availableReplicas": 1, "conditions": conditions}});
    let shop = deployments().in_namespace("shop");
    shop.patch("web", &Patch::merge(&status)).subresource("status").send(client).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_only_replica_goes_once_another_has_come() {
    let server = node();
    let client = server.client();
    lone_replica(&server, &json!({}));
    server.load_yaml(BUDGET).unwrap();
    let plan = Drain::new("n1").surge(true).within(Duration::from_secs(60)).plan(&client).await.unwrap();
    let surges: Vec<_> = plan.surges().map(|(pod, deployment)| format!("{pod} of {deployment}")).collect();
    assert_eq!(surges, ["pods shop/web of deployments.apps shop/web"]);
    let log = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&log);
    let plan = plan
        .observe(move |event| seen.lock().unwrap().push(format!("{event:?}").split('(').next().unwrap().to_owned()));
    server.forget_requests();
    let controller = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        let deployment = get(&server, &deployments(), "shop", "web").await.unwrap();
        assert!(deployment.has("/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt"));
        assert_eq!(left(&client).await, ["web"], "it serves until then");
        pods().in_namespace("shop").delete("web").send(&client).await.unwrap();
        tell_rollout(&client, json!([]), 1).await;
    };
    let (drained, ()) = tokio::join!(plan.run(&client), controller);
    drained.unwrap();
    assert_eq!(*log.lock().unwrap(), ["Surging", "Evicting", "Gone"]);
    assert_eq!(writes(&server)[..2], ["patch nodes/n1", "patch deployments/web"], "nothing is to start on this node");
}

#[tokio::test(start_paused = true)]
async fn a_pod_whose_successor_does_not_come_stays() {
    let server = node();
    let client = server.client();
    lone_replica(&server, &json!({}));
    let plan = Drain::new("n1").surge(true).within(Duration::from_secs(60)).plan(&client).await.unwrap();
    let error = plan.run(&client).await.unwrap_err();
    assert_eq!(error.pods()[0].1, "it is waiting for another pod of deployments.apps shop/web");
    // The times of restarts are those of the wall clock, and have seconds.
    std::thread::sleep(Duration::from_millis(1100));
    let late = json!([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]);
    let controller = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let status =
            json!({"status": {"observedGeneration": 3, "replicas": 2, "updatedReplicas": 1, "conditions": late}});
        let shop = deployments().in_namespace("shop");
        shop.patch("web", &Patch::merge(&status)).subresource("status").send(&client).await.unwrap();
    };
    let (drained, ()) = tokio::join!(plan.run(&client), controller);
    let error = drained.unwrap_err().to_string();
    assert!(
        error.contains("deployments.apps shop/web got no new pod: ") && error.contains("progress deadline"),
        "{error}"
    );
    assert_eq!(left(&client).await, ["web"]);
}

#[tokio::test(start_paused = true)]
async fn pods_whose_deployment_can_t_surge_are_evicted_at_once() {
    let cases = [
        json!({"replicas": 2}),
        json!({"paused": true}),
        json!({"strategy": {"type": "Recreate"}}),
        json!({"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}}),
        json!({"strategy": {"rollingUpdate": {"maxSurge": "0%", "maxUnavailable": 1}}}),
    ];
    for spec in cases {
        let server = node();
        let client = server.client();
        lone_replica(&server, &spec);
        let plan = Drain::new("n1").surge(true).plan(&client).await.unwrap();
        assert_eq!(plan.surges().count(), 0, "{spec}");
        plan.run(&client).await.unwrap();
        assert!(left(&client).await.is_empty());
    }
}
