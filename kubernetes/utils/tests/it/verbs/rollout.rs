//! Rollouts: restart, pause, resume, history, undo and status.

use std::time::Duration;

use kubernetes_core::{ObjectKey, Patch};
use kubernetes_dynamic::ApiResource;
use kubernetes_testing::TestServer;
use kubernetes_utils::{Target, rollout};
use serde_json::json;

use super::deployments;
use crate::manifests::{get, resource, server, writes};

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, uid: d-1, generation: 1, annotations: {deployment.kubernetes.io/revision: '3', own: now}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: 'web:3'}]}}
";

fn web() -> Target {
    Target::new(deployments(), ObjectKey::new("shop", "web"))
}

/// The ReplicaSet of a revision.
fn replica_set(revision: u32, owner: &str) -> String {
    format!(
        "
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-{revision}-{owner}
  namespace: shop
  labels: {{app: web, pod-template-hash: h{revision}}}
  annotations: {{deployment.kubernetes.io/revision: '{revision}', kubernetes.io/change-cause: 'cause {revision}',
    deployment.kubernetes.io/desired-replicas: '1', of: r{revision}}}
  ownerReferences: [{{apiVersion: apps/v1, kind: Deployment, name: web, uid: {owner}, controller: true}}]
spec:
  selector: {{matchLabels: {{app: web, pod-template-hash: h{revision}}}}}
  template:
    metadata: {{labels: {{app: web, pod-template-hash: h{revision}}}}}
    spec: {{containers: [{{name: web, image: 'web:{revision}'}}]}}
"
    )
}

async fn with_history() -> TestServer {
    let server = server();
    server.load_yaml(DEPLOYMENT).unwrap();
    let uid = get(&server, &deployments(), "shop", "web").await.unwrap().uid().to_owned();
    for set in [replica_set(2, &uid), replica_set(3, &uid), replica_set(1, &uid), replica_set(9, "other")] {
        server.load_yaml(&set).unwrap();
    }
    server.forget_requests();
    server
}

#[tokio::test(start_paused = true)]
async fn a_restart_is_an_annotation_of_the_template() {
    let server = with_history().await;
    let restarted = rollout::restart(&server.client(), &web()).await.unwrap();
    let at = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt";
    assert!(restarted.get::<String>(at).unwrap().is_some_and(|time| time.ends_with('Z')));
    assert_eq!(writes(&server), ["patch deployments/web"]);
    rollout::pause(&server.client(), &web()).await.unwrap();
    let error = rollout::restart(&server.client(), &web()).await.unwrap_err();
    assert_eq!(error.to_string(), "deployments.apps shop/web can't be restarted while it is paused: resume it first");
    assert!(error.is_refused());
}

#[tokio::test(start_paused = true)]
async fn deployments_are_paused_and_resumed() {
    let server = with_history().await;
    let client = server.client();
    assert_eq!(
        rollout::resume(&client, &web()).await.unwrap_err().to_string(),
        "deployments.apps shop/web is not paused"
    );
    assert_eq!(rollout::pause(&client, &web()).await.unwrap().get("/spec/paused").unwrap(), Some(true));
    assert_eq!(
        rollout::pause(&client, &web()).await.unwrap_err().to_string(),
        "deployments.apps shop/web is paused already"
    );
    let error = rollout::undo(&client, &web(), None).await.unwrap_err();
    assert!(error.is_refused() && error.to_string().contains("while it is paused"), "{error}");
    assert!(!rollout::resume(&client, &web()).await.unwrap().has("/spec/paused"));
    let sets = Target::new(resource("apps", "StatefulSet", "statefulsets", true), ObjectKey::new("shop", "s"));
    assert!(rollout::pause(&client, &sets).await.unwrap_err().to_string().contains("only Deployments can"));
    let job = Target::new(resource("batch", "Job", "jobs", true), ObjectKey::new("shop", "j"));
    assert!(rollout::restart(&client, &job).await.unwrap_err().to_string().contains("has no rollouts"));
}

#[tokio::test(start_paused = true)]
async fn the_history_is_that_of_the_own_replica_sets() {
    let server = with_history().await;
    let history = rollout::history(&server.client(), &web()).await.unwrap();
    let revisions: Vec<_> = history.iter().map(|it| (it.number, it.change_cause.as_str())).collect();
    assert_eq!(revisions, [(1, "cause 1"), (2, "cause 2"), (3, "cause 3")]);
    assert!(history[0].template.at("/metadata/labels/pod-template-hash").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_deployment_goes_back_to_a_revision() {
    let server = with_history().await;
    let client = server.client();
    let undone = rollout::undo(&client, &web(), None).await.unwrap().expect("the template is another");
    assert_eq!(undone.get::<String>("/spec/template/spec/containers/0/image").unwrap().as_deref(), Some("web:2"));
    assert!(!undone.has("/spec/template/metadata/labels/pod-template-hash"));
    let annotations: Vec<_> = undone.metadata.annotations.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let expected = ["deployment.kubernetes.io/revision=3", "kubernetes.io/change-cause=cause 2", "of=r2"];
    assert_eq!(annotations, expected, "as kubectl: the revision's, but for those of the deployment itself");
    let undone = rollout::undo(&client, &web(), Some(1)).await.unwrap().unwrap();
    assert_eq!(undone.get::<String>("/spec/template/spec/containers/0/image").unwrap().as_deref(), Some("web:1"));
    assert!(rollout::undo(&client, &web(), Some(1)).await.unwrap().is_none(), "it is there already");
    let error = rollout::undo(&client, &web(), Some(7)).await.unwrap_err();
    assert_eq!(error.to_string(), "deployments.apps shop/web has no revision 7; there are: 1, 2, 3");
}

#[tokio::test(start_paused = true)]
async fn stateful_sets_and_daemon_sets_go_back_by_controller_revisions() {
    for (kind, plural) in [("StatefulSet", "statefulsets"), ("DaemonSet", "daemonsets")] {
        let server = server();
        let client = server.client();
        let workload = DEPLOYMENT.replace("kind: Deployment", &format!("kind: {kind}")).replace("  replicas: 1\n", "");
        server.load_yaml(&workload).unwrap();
        let resource: ApiResource = resource("apps", kind, plural, true);
        let uid = get(&server, &resource, "shop", "web").await.unwrap().uid().to_owned();
        for revision in [1, 3] {
            let object = json!({
                "apiVersion": "apps/v1", "kind": "ControllerRevision", "revision": revision,
                "metadata": {"name": format!("web-{revision}"), "namespace": "shop", "labels": {"app": "web"},
                    "ownerReferences": [{"apiVersion": "apps/v1", "kind": kind, "name": "web", "uid": uid, "controller": true}]},
                "data": {"spec": {"template": {"$patch": "replace", "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "web", "image": format!("web:{revision}")}]}}}},
            });
            server.load_yaml(&object.to_string()).unwrap();
        }
        let target = Target::new(resource, ObjectKey::new("shop", "web"));
        let undone = rollout::undo(&client, &target, None).await.unwrap().unwrap();
        assert_eq!(undone.get::<String>("/spec/template/spec/containers/0/image").unwrap().as_deref(), Some("web:1"));
        assert!(!undone.has("/spec/template/$patch"));
    }
}

#[cfg(feature = "apps-v1")]
#[tokio::test(start_paused = true)]
async fn a_rollout_is_waited_for() {
    let server = with_history().await;
    let client = server.client();
    let error = rollout::status(&client, &web(), Duration::from_secs(5)).await.unwrap_err();
    assert!(error.to_string().contains("its specification has not been observed yet"), "{error}");
    let status =
        json!({"status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}});
    let patch = Patch::merge(&status);
    deployments().in_namespace("shop").patch("web", &patch).subresource("status").send(&client).await.unwrap();
    rollout::status(&client, &web(), Duration::from_secs(5)).await.unwrap();
}
