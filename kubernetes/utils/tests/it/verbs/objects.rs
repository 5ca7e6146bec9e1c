//! Scale, the pods of workloads, access, certificates, events and usage.

use std::time::Duration;

use kubernetes_core::{ObjectKey, Patch};
use kubernetes_dynamic::{DynamicObject, Mapper};
use kubernetes_testing::{Access, Fault, TestServer};
use kubernetes_utils::{
    Scale, Target, approve_certificate, can_i, default_container, deny_certificate, events_of, pods_of, usage_of_nodes,
    whoami,
};
use serde_json::json;

use super::{deployments, pods};
use crate::manifests::{WIDGETS, resource, server, writes};

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}, matchExpressions: [{key: tier, operator: In, values: [a, b]}, {key: x, operator: DoesNotExist}]}
";

fn web() -> Target {
    Target::new(deployments(), ObjectKey::new("shop", "web"))
}

#[tokio::test(start_paused = true)]
async fn replicas_are_set_and_waited_for() {
    let server = server();
    let client = server.client();
    server.load_yaml(DEPLOYMENT).unwrap();
    let scale = Scale::new(web(), 5).send(&client).await.unwrap();
    assert_eq!(scale.get::<i32>("/spec/replicas").unwrap(), Some(5));
    assert_eq!(writes(&server), ["patch deployments/scale/web"]);

    let error = Scale::new(web(), 7).if_replicas(2).send(&client).await.unwrap_err();
    assert_eq!(error.to_string(), "deployments.apps shop/web has 5 replicas, not 2");
    let error = Scale::new(web(), 7).if_resource_version("1").send(&client).await.unwrap_err();
    assert!(error.is_refused() && error.to_string().ends_with(", not 1"), "{error}");
    server.inject(Fault::status(409).verb("update").times(2));
    Scale::new(web(), 7).if_replicas(5).send(&client).await.unwrap();
    writes(&server);

    let error = Scale::new(web(), 8).wait(Duration::from_secs(3)).send(&client).await.unwrap_err();
    assert_eq!(error.to_string(), "timed out after 3s waiting for deployments.apps shop/web to have 8 replicas");
    let wait = Scale::new(web(), 9).wait(Duration::from_secs(30)).send(&client);
    let controller = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let patch = Patch::merge(&json!({"status": {"replicas": 9}}));
        deployments().in_namespace("shop").patch("web", &patch).subresource("status").send(&client).await.unwrap();
    };
    assert_eq!(tokio::join!(wait, controller).0.unwrap().get::<i32>("/status/replicas").unwrap(), Some(9));
}

fn load_pods(server: &TestServer) {
    for (name, labels) in [("a", "{app: web, tier: a}"), ("b", "{app: web, tier: b, x: z}"), ("c", "{app: web}")] {
        server
            .load_yaml(&format!(
                "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: shop, labels: {labels}}}}}"
            ))
            .unwrap();
    }
}

fn names(pods: &[DynamicObject]) -> Vec<&str> {
    pods.iter().map(DynamicObject::name).collect()
}

#[tokio::test(start_paused = true)]
async fn pods_are_those_that_the_selector_selects() {
    let server = server();
    let client = server.client();
    load_pods(&server);
    server.load_yaml(DEPLOYMENT).unwrap();
    server
        .load_yaml(
            "{apiVersion: v1, kind: Service, metadata: {name: s, namespace: shop}, spec: {selector: {app: web}}}",
        )
        .unwrap();
    server.load_yaml("{apiVersion: v1, kind: Service, metadata: {name: none, namespace: shop}, spec: {}}").unwrap();
    let services = resource("", "Service", "services", true);
    let target = |name: &str| Target::new(services.clone(), ObjectKey::new("shop", name));
    assert_eq!(names(&pods_of(&client, &web()).await.unwrap()), ["a"]);
    assert_eq!(names(&pods_of(&client, &target("s")).await.unwrap()), ["a", "b", "c"]);
    let one = Target::new(pods(), ObjectKey::new("shop", "b"));
    assert_eq!(names(&pods_of(&client, &one).await.unwrap()), ["b"]);
    let error = pods_of(&client, &target("none")).await.unwrap_err();
    assert_eq!(error.to_string(), "services shop/none selects no pods: it has no selector");
    let node = Target::new(resource("", "Node", "nodes", false), ObjectKey::new(None, "n"));
    assert!(pods_of(&client, &node).await.unwrap_err().is_refused());
}

#[cfg(feature = "streams")]
#[tokio::test(start_paused = true)]
async fn logs_are_those_of_the_pods_that_the_selector_selects() {
    use futures_util::TryStreamExt as _;
    use kubernetes_utils::logs_of;
    use tokio::io::AsyncWriteExt as _;

    let server = server();
    let client = server.client();
    for (name, app) in [("a", "web"), ("b", "other")] {
        let pod = json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": "shop", "labels": {"app": app}}, "spec": {"containers": [{"name": "c"}]},
            "status": {"containerStatuses": [{"name": "c", "image": "i", "imageID": "i", "ready": true, "restartCount": 0,
                "state": {"running": {"startedAt": "2030-01-01T00:00:00Z"}}}]}});
        server.load_yaml(&pod.to_string()).unwrap();
    }
    server.on_log(|request, mut log| async move {
        log.write_all(format!("2030-01-01T00:00:00.5Z of {}\n", request.pod).as_bytes()).await.unwrap();
    });
    server
        .load_yaml(
            "{apiVersion: v1, kind: Service, metadata: {name: s, namespace: shop}, spec: {selector: {app: web}}}",
        )
        .unwrap();
    let read = async |target: Target| {
        let lines = logs_of(&client, &target).await.unwrap().follow(false).stream(&client);
        lines.map_ok(|line| line.text).try_collect::<Vec<_>>().await.unwrap()
    };
    let service = Target::new(resource("", "Service", "services", true), ObjectKey::new("shop", "s"));
    assert_eq!(read(service).await, ["of a"]);
    assert_eq!(read(Target::new(pods(), ObjectKey::new("shop", "b"))).await, ["of b"]);
    let missing = Target::new(pods(), ObjectKey::new("shop", "missing"));
    assert!(logs_of(&client, &missing).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_cron_job_has_the_pods_of_its_jobs() {
    let server = server();
    let client = server.client();
    let owner = |kind: &str, uid: &str| json!([{"apiVersion": "batch/v1", "kind": kind, "name": "x", "uid": uid, "controller": true}]);
    server.load_yaml("{apiVersion: batch/v1, kind: CronJob, metadata: {name: cron, namespace: shop}}").unwrap();
    let cron = resource("batch", "CronJob", "cronjobs", true);
    let uid = crate::manifests::get(&server, &cron, "shop", "cron").await.unwrap().uid().to_owned();
    let jobs = resource("batch", "Job", "jobs", true);
    for (name, owner_uid) in [("j1", uid.as_str()), ("j2", "another")] {
        let job = json!({"apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": name, "namespace": "shop", "ownerReferences": owner("CronJob", owner_uid)}});
        server.load_yaml(&job.to_string()).unwrap();
        let job = crate::manifests::get(&server, &jobs, "shop", name).await.unwrap();
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("{name}-p"), "namespace": "shop",
            "labels": {"batch.kubernetes.io/job-name": name}, "ownerReferences": owner("Job", job.uid())}});
        server.load_yaml(&pod.to_string()).unwrap();
    }
    let target = Target::new(cron, ObjectKey::new("shop", "cron"));
    assert_eq!(names(&pods_of(&client, &target).await.unwrap()), ["j1-p"]);
}

#[test]
fn the_default_container_is_that_of_the_annotation_or_the_first() {
    let pod = |annotation: &str| -> DynamicObject {
        let pod = json!({"metadata": {"annotations": {"kubectl.kubernetes.io/default-container": annotation}},
            "spec": {"containers": [{"name": "first"}, {"name": "second"}]}});
        serde_json::from_value(pod).unwrap()
    };
    assert_eq!(default_container(&pod("second")).as_deref(), Some("second"));
    assert_eq!(default_container(&pod("gone")).as_deref(), Some("first"));
    assert_eq!(default_container(&DynamicObject::default()), None);
}

#[tokio::test(start_paused = true)]
async fn access_is_asked_for() {
    let server = server();
    server.on_access_review(|attributes| match (attributes.verb.as_str(), attributes.namespace.as_str()) {
        ("create", "shop") => Access::Allowed,
        _ => Access::Denied("not here".into()),
    });
    let client = server.client();
    let yes = can_i(&client, "create", &pods(), Some("exec"), "shop", None).await.unwrap();
    assert!(yes.allowed);
    let body = server.requests().last().unwrap().json();
    let expected =
        json!({"verb": "create", "version": "v1", "resource": "pods", "subresource": "exec", "namespace": "shop"});
    assert_eq!(body["spec"]["resourceAttributes"], expected);
    let no = can_i(&client, "delete", &deployments(), None, "shop", Some("web")).await.unwrap();
    assert_eq!((no.allowed, no.reason.as_str()), (false, "not here"));
    assert!(!whoami(&client).await.unwrap().username.is_empty());
}

#[tokio::test(start_paused = true)]
async fn certificates_are_approved_or_denied_once() {
    let server = server();
    let client = server.client();
    for name in ["a", "b"] {
        let request = json!({"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest",
            "metadata": {"name": name}, "spec": {"request": "", "signerName": "example.com/s", "usages": ["client auth"]}});
        server.load_yaml(&request.to_string()).unwrap();
    }
    let approved = approve_certificate(&client, "a", "looks good").await.unwrap();
    assert_eq!(approved.get::<String>("/status/conditions/0/type").unwrap().as_deref(), Some("Approved"));
    assert_eq!(approved.get::<String>("/status/conditions/0/message").unwrap().as_deref(), Some("looks good"));
    approve_certificate(&client, "a", "again").await.unwrap();
    assert_eq!(writes(&server).len(), 1, "a second approval writes nothing");
    let error = deny_certificate(&client, "a", "no").await.unwrap_err();
    assert_eq!(error.to_string(), "the certificate signing request a is already approved");
    let denied = deny_certificate(&client, "b", "no").await.unwrap();
    assert_eq!(denied.get::<String>("/status/conditions/0/reason").unwrap().as_deref(), Some("KubectlDeny"));
    assert!(approve_certificate(&client, "b", "yes").await.unwrap_err().is_refused());
}

#[tokio::test(start_paused = true)]
async fn events_are_those_of_the_object_in_their_order() {
    let server = server();
    let client = server.client();
    for (name, object, uid, time) in
        [("e1", "a", "u1", "03"), ("e2", "a", "u1", "01"), ("e3", "b", "u1", "02"), ("e4", "a", "u2", "02")]
    {
        let event = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": name, "namespace": "shop"},
            "involvedObject": {"kind": "Pod", "name": object, "uid": uid, "namespace": "shop"}, "reason": name,
            "lastTimestamp": format!("2026-01-01T00:00:{time}Z")});
        server.load_yaml(&event.to_string()).unwrap();
    }
    let mut target = Target::new(pods(), ObjectKey::new("shop", "a"));
    assert_eq!(names(&events_of(&client, &target).await.unwrap()), ["e2", "e4", "e1"]);
    target.uid = Some("u1".into());
    assert_eq!(names(&events_of(&client, &target).await.unwrap()), ["e2", "e1"]);
}

#[tokio::test(start_paused = true)]
async fn usage_comes_from_the_metrics_of_any_version() {
    let server = server();
    let client = server.client();
    let missing = usage_of_nodes(&client, &Mapper::new(&client)).await.unwrap_err();
    assert!(missing.to_string().contains("metrics.k8s.io"), "{missing}");
    let metrics =
        WIDGETS.replace("example.com", "metrics.k8s.io").replace("widgets", "nodes").replace("Widget", "NodeMetrics");
    let metrics = metrics.replace("Namespaced", "Cluster").replace("name: v1\n", "name: v1beta1\n");
    server.load_yaml(metrics.trim_end_matches("---\n")).unwrap();
    let node = json!({"apiVersion": "metrics.k8s.io/v1beta1", "kind": "NodeMetrics", "metadata": {"name": "n1"},
        "usage": {"cpu": "250m", "memory": "1Gi"}});
    server.load_yaml(&node.to_string()).unwrap();
    let usage = usage_of_nodes(&client, &Mapper::new(&client)).await.unwrap();
    assert_eq!(
        (usage[0].key.name(), usage[0].cpu.to_string(), usage[0].memory.to_string()),
        ("n1", "250m".into(), "1Gi".into())
    );
}
