//! A write changes what the place is for where it is sent, and nothing else.

use kubernetes_testing::TestServer;
use serde_json::{Value, json};

use crate::support::{Answer, MERGE, get, post, put, send};

const PODS: &str = "/api/v1/namespaces/default/pods";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
const REQUESTS: &str = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
const STRATEGIC: &str = "application/strategic-merge-patch+json";

async fn with_pod() -> TestServer {
    let server = TestServer::in_process();
    let containers = json!([{"name": "c", "image": "x", "resources": {"requests": {"cpu": "1"}}}]);
    let pod = json!({"metadata": {"name": "p", "labels": {"app": "x"}}, "spec": {"containers": containers}});
    assert_eq!(post(&server, PODS, pod).await.status, 201);
    server
}

async fn patch(server: &TestServer, path: &str, body: Value) -> Answer {
    send(server, "PATCH", path, STRATEGIC, body).await
}

#[tokio::test]
async fn the_object_and_its_status_are_written_apart() {
    let server = TestServer::in_process();
    let spec = json!({"replicas": 1, "selector": {}, "template": {}});
    post(&server, DEPLOYMENTS, json!({"metadata": {"name": "d", "labels": {"a": "1"}}, "spec": spec})).await;
    let path = format!("{DEPLOYMENTS}/d");
    let both = json!({
        "metadata": {"labels": {"a": "2"}, "annotations": {"n": "1"}}, "spec": {"replicas": 7}, "status": {"replicas": 9},
    });
    let status = send(&server, "PATCH", &format!("{path}/status"), MERGE, both.clone()).await.body;
    assert_eq!((&status["spec"]["replicas"], &status["status"]["replicas"]), (&json!(1), &json!(9)));
    let metadata = &status["metadata"];
    assert_eq!(metadata["labels"], json!({"a": "1"}), "a write to the status leaves a deployment's labels");
    assert_eq!((&metadata["annotations"], &metadata["generation"]), (&json!({"n": "1"}), &json!(1)));

    let mut both = both;
    both["status"]["replicas"] = json!(0);
    both["metadata"]["annotations"]["n"] = json!("2");
    let object = send(&server, "PATCH", &path, MERGE, both).await.body;
    assert_eq!((&object["spec"]["replicas"], &object["status"]["replicas"]), (&json!(7), &json!(9)));
    assert_eq!((&object["metadata"]["labels"], &object["metadata"]["generation"]), (&json!({"a": "2"}), &json!(2)));
    let annotated = send(&server, "PATCH", &path, MERGE, json!({"metadata": {"annotations": {"n": "3"}}})).await;
    assert_eq!(annotated.body["metadata"]["generation"], 3, "they are copied to replica sets");
    let labelled = send(&server, "PATCH", &path, MERGE, json!({"metadata": {"labels": {"a": "3"}}})).await;
    assert_eq!(labelled.body["metadata"]["generation"], 3);
}

#[tokio::test]
async fn an_approval_changes_the_conditions_alone() {
    let server = TestServer::in_process();
    let spec = json!({"request": "eA==", "signerName": "example.com/x", "usages": ["client auth"]});
    post(&server, REQUESTS, json!({"metadata": {"name": "r"}, "spec": spec})).await;
    let path = format!("{REQUESTS}/r");
    let approved = json!({"type": "Approved", "status": "True", "reason": "a"});
    let body = json!({"spec": {"signerName": "y/y"}, "status": {"certificate": "eA==", "conditions": [approved]}});
    let answer = send(&server, "PATCH", &format!("{path}/approval"), MERGE, body).await.body;
    assert_eq!((&answer["spec"]["signerName"], answer["status"].get("certificate")), (&json!("example.com/x"), None));
    let condition = &answer["status"]["conditions"][0];
    assert!(condition["lastUpdateTime"].is_string() && condition["lastTransitionTime"].is_string(), "{condition}");

    let denied = json!({"type": "Denied", "status": "True"});
    let body = json!({"spec": {"signerName": "y/y"}, "status": {"certificate": "eA==", "conditions": [denied]}});
    let status = send(&server, "PATCH", &format!("{path}/status"), MERGE, body.clone()).await.body["status"].clone();
    assert_eq!((&status["certificate"], &status["conditions"]), (&json!("eA=="), &json!([condition])));
    let object = send(&server, "PATCH", &path, MERGE, body).await.body;
    assert_eq!((&object["spec"]["signerName"], &object["status"]), (&json!("example.com/x"), &status));
}

#[tokio::test]
async fn ephemeral_containers_are_added_and_stay() {
    let server = with_pod().await;
    let path = format!("{PODS}/p/ephemeralcontainers");
    let added = json!({
        "metadata": {"labels": {"n": "1"}}, "spec": {"nodeName": "n", "ephemeralContainers": [{"name": "e", "image": "i"}]},
    });
    let pod = patch(&server, &path, added).await.body;
    assert_eq!(
        (&pod["spec"]["ephemeralContainers"][0]["name"], &pod["metadata"]["generation"]),
        (&json!("e"), &json!(2))
    );
    assert_eq!((pod["spec"].get("nodeName"), &pod["metadata"]["labels"]), (None, &json!({"app": "x"})));
    for (change, what) in
        [(json!({"name": "e", "image": "j"}), "changed"), (json!({"name": "e", "$patch": "delete"}), "removed")]
    {
        let refused = patch(&server, &path, json!({"spec": {"ephemeralContainers": [change]}})).await;
        let message = format!("existing ephemeral containers \"e\" may not be {what}");
        assert!(refused.status == 422 && refused.message().contains(&message), "{refused:?}");
    }
}

#[tokio::test]
async fn a_resize_changes_resources_alone() {
    let server = with_pod().await;
    let path = format!("{PODS}/p/resize");
    let container = json!({"name": "c", "image": "y", "resources": {"requests": {"cpu": "2"}}});
    let pod = patch(&server, &path, json!({"spec": {"nodeName": "n", "containers": [container]}})).await.body;
    let container = &pod["spec"]["containers"][0];
    assert_eq!((&container["image"], &container["resources"]["requests"]["cpu"]), (&json!("x"), &json!("2")));
    assert_eq!(pod["spec"].get("nodeName"), None);
    let other = patch(&server, &path, json!({"spec": {"containers": [{"name": "d", "image": "y"}]}})).await;
    assert_eq!((other.status, other.reason()), (422, "Invalid"));
}

#[tokio::test]
async fn a_binding_is_checked_and_happens_once() {
    let server = with_pod().await;
    let path = format!("{PODS}/p/binding");
    let bind = |metadata: Value| json!({"metadata": metadata, "target": {"kind": "Node", "name": "n"}});
    let table = [
        (bind(json!({"name": "q"})), 400),
        (bind(json!({"name": "p", "uid": "other"})), 409),
        (bind(json!({"name": "p", "resourceVersion": "1"})), 409),
        (json!({"metadata": {"name": "p"}, "target": {"kind": "Rack", "name": "n"}}), 500),
        (json!({"metadata": {"name": "p"}, "target": {}}), 500),
    ];
    for (body, status) in table {
        assert_eq!(post(&server, &path, body.clone()).await.status, status, "{body}");
    }
    let older = "/api/v1/namespaces/default/bindings";
    assert_eq!(post(&server, older, bind(json!({"name": "p", "annotations": {"a": "b"}}))).await.status, 201);
    let pod = get(&server, &format!("{PODS}/p")).await.body;
    assert_eq!((&pod["spec"]["nodeName"], &pod["metadata"]["annotations"]["a"]), (&json!("n"), &json!("b")));
    assert_eq!(
        (&pod["status"]["conditions"][0]["type"], &pod["metadata"]["generation"]),
        (&json!("PodScheduled"), &json!(1))
    );
    let again = post(&server, &path, bind(json!({"name": "p"}))).await;
    assert_eq!((again.status, &again.body["details"]["kind"]), (409, &json!("pods/binding")));
}

fn budget(allowed: i64) -> String {
    format!(
        "{{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {{name: b, namespace: default, generation: 1}},
          spec: {{selector: {{matchLabels: {{app: x}}}}}},
          status: {{observedGeneration: 1, disruptionsAllowed: {allowed}, currentHealthy: 2, desiredHealthy: 2,
                    expectedPods: 2}}}}"
    )
}

#[tokio::test]
async fn an_eviction_asks_the_disruption_budget() {
    let server = TestServer::in_process();
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {app: x}}, spec: {containers: [{name: c}]},
                status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}";
    server.load_yaml(pod).unwrap();
    server.load_yaml(&budget(0)).unwrap();
    let path = format!("{PODS}/p/eviction");
    let evict = json!({"metadata": {"name": "p"}});
    let refused = post(&server, &path, evict.clone()).await;
    assert_eq!((refused.status, refused.reason()), (429, "TooManyRequests"));
    let cause = &refused.body["details"]["causes"][0];
    assert_eq!(cause["reason"], "DisruptionBudget");
    assert_eq!(cause["message"], "The disruption budget b needs 2 healthy pods and has 2 currently");
    assert_eq!(post(&server, &path, json!({"metadata": {"name": "q"}})).await.status, 400);

    server.load_yaml(&budget(1)).unwrap();
    let dry = format!("{path}?dryRun=All");
    assert_eq!(post(&server, &dry, evict.clone()).await.status, 201);
    assert_eq!(get(&server, &format!("{PODS}/p")).await.status, 200, "a dry run evicts nobody");
    assert_eq!(post(&server, &path, evict).await.status, 201);
    assert_eq!(get(&server, &format!("{PODS}/p")).await.status, 404);
    let budget = get(&server, "/apis/policy/v1/namespaces/default/poddisruptionbudgets/b").await.body;
    assert_eq!(budget["status"]["disruptionsAllowed"], 0);
    assert!(budget["status"]["disruptedPods"]["p"].is_string());
}

#[tokio::test]
async fn a_scale_has_preconditions() {
    let server = TestServer::in_process();
    let spec = json!({"replicas": 1, "selector": {}, "template": {}});
    post(&server, DEPLOYMENTS, json!({"metadata": {"name": "d"}, "spec": spec})).await;
    let path = format!("{DEPLOYMENTS}/d/scale");
    let scale = |metadata: Value, replicas: i64| json!({"metadata": metadata, "spec": {"replicas": replicas}});
    let table = [
        (scale(json!({"name": "e"}), 2), 400),
        (scale(json!({"name": "d", "resourceVersion": "1"}), 2), 409),
        (scale(json!({"name": "d", "uid": "other"}), 2), 409),
        (scale(json!({"name": "d"}), -1), 422),
        (scale(json!({"name": "d"}), 2), 200),
    ];
    for (body, status) in table {
        assert_eq!(put(&server, &path, body.clone()).await.status, status, "{body}");
    }
    let deployment = get(&server, &format!("{DEPLOYMENTS}/d")).await.body;
    assert_eq!((&deployment["spec"]["replicas"], &deployment["metadata"]["generation"]), (&json!(2), &json!(2)));
}
