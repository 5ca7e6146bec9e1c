//! Subresources: status, scale, binding, ephemeral containers, resize; and logs, line by line.

use std::time::Duration;

use futures::TryStreamExt;
use kubernetes_sdk::api::{apps::v1 as apps_v1, core::v1 as core_v1};
use kubernetes_sdk::core::meta::v1::LabelSelector;
use kubernetes_sdk::core::{ObjectMeta, Patch, Quantity};
use kubernetes_sdk::models::apps::v1::{Deployment, DeploymentSpec};
use kubernetes_sdk::models::core::v1::{
    Binding, Container, ObjectReference, Pod, PodSpec, PodTemplateSpec, ResourceRequirements,
};
use kubernetes_sdk::{Client, utils};
use serde_json::json;

use crate::cluster;

fn pod(name: &str) -> Pod {
    let container = Container {
        name: "main".into(),
        image: Some("localhost/busybox:1".into()),
        image_pull_policy: Some("Never".into()),
        command: ["sh", "-c", "sleep 1000000"].map(Into::into).into(),
        resources: ResourceRequirements { requests: [("cpu", "10m")].into(), ..Default::default() }.into(),
        ..Default::default()
    };
    let mut pod = Pod::named(name).with_spec(PodSpec {
        containers: vec![container],
        termination_grace_period_seconds: Some(1),
        ..Default::default()
    });
    pod.metadata.labels = [("app", "web")].into();
    pod
}

/// Waits for something that the cluster does by itself.
pub(crate) async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    assert!(tokio::time::timeout(cluster::LIMIT, waiting).await.is_ok(), "not in time: {what}");
}

async fn is_ready(client: &Client, namespace: &str, name: &str) -> bool {
    let pod = core_v1::read_namespaced_pod(namespace, name).send(client).await.unwrap();
    let conditions = pod.status.map(|status| status.conditions).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// A pod with the label `app=web` that runs, and is ready.
pub(crate) async fn running_pod(client: &Client, namespace: &str, name: &str) {
    core_v1::create_namespaced_pod(namespace, &pod(name)).send(client).await.unwrap();
    until("the pod is ready", async || is_ready(client, namespace, name).await).await;
}

#[tokio::test]
async fn subresources_of_a_pod() {
    let (client, namespace) = cluster::namespace("subresources").await;

    // Bound by hand, since no scheduler feels responsible.
    let mut unbound = pod("web");
    unbound.spec.as_mut().unwrap().scheduler_name = Some("nobody".into());
    core_v1::create_namespaced_pod(&namespace, &unbound).send(&client).await.unwrap();
    let node = core_v1::list_node().send(&client).await.unwrap().items.remove(0).name().to_owned();
    let target = ObjectReference { kind: Some("Node".into()), name: Some(node.as_str().into()), ..Default::default() };
    let binding = Binding::named("web").with_target(target);
    let status = core_v1::create_namespaced_pod_binding(&namespace, "web", &binding).send(&client).await.unwrap();
    assert!(status.is_success(), "{status:?}");
    until("the pod is ready", async || is_ready(&client, &namespace, "web").await).await;

    // Only what belongs to the status is changed by it.
    let patch = Patch::strategic(&json!({
        "metadata": {"labels": {"left": "out"}},
        "status": {"conditions": [{"type": "example.com/Seen", "status": "True"}]},
    }));
    let patched = core_v1::patch_namespaced_pod_status(&namespace, "web", &patch).send(&client).await.unwrap();
    assert!(patched.status.unwrap().conditions.iter().any(|condition| condition.type_ == "example.com/Seen"));
    let read = core_v1::read_namespaced_pod_status(&namespace, "web").send(&client).await.unwrap();
    assert_eq!(read.name(), "web");

    let patch = Patch::strategic(&json!({"spec": {"ephemeralContainers": [
        {"name": "debug", "image": "localhost/busybox:1", "imagePullPolicy": "Never", "command": ["sleep", "1000"]}
    ]}}));
    let patched = core_v1::patch_namespaced_pod_ephemeralcontainers(&namespace, "web", &patch).send(&client).await;
    assert_eq!(patched.unwrap().spec.unwrap().ephemeral_containers[0].name, "debug");
}

#[tokio::test]
async fn a_pod_is_resized() {
    let (client, namespace) = cluster::namespace("resize").await;
    // Never scheduled: without cgroups for each pod, as in the test cluster, the kubelet of 1.37.2 crashes on a resize.
    let mut pod = pod("web");
    pod.spec.as_mut().unwrap().scheduler_name = Some("nobody".into());
    core_v1::create_namespaced_pod(&namespace, &pod).send(&client).await.unwrap();
    let patch = Patch::strategic(&json!({"spec": {"containers": [
        {"name": "main", "resources": {"requests": {"cpu": "20m"}}}
    ]}}));
    let resized = core_v1::patch_namespaced_pod_resize(&namespace, "web", &patch).send(&client).await.unwrap();
    let resources = resized.spec.unwrap().containers.remove(0).resources.unwrap();
    assert_eq!(resources.requests["cpu"], Quantity::from("20m"));
    core_v1::delete_namespaced_pod(&namespace, "web").send(&client).await.unwrap();
}

#[tokio::test]
async fn a_deployment_is_scaled_while_others_change_it() {
    let (client, namespace) = cluster::namespace("scale").await;
    let deployment = Deployment::named("web").with_spec(DeploymentSpec {
        replicas: Some(0),
        selector: LabelSelector { match_labels: [("app", "web")].into(), ..Default::default() },
        template: PodTemplateSpec {
            metadata: ObjectMeta { labels: [("app", "web")].into(), ..Default::default() }.into(),
            spec: pod("x").spec,
        },
        ..Default::default()
    });
    apps_v1::create_namespaced_deployment(&namespace, &deployment).send(&client).await.unwrap();

    let (client, namespace) = (&client, namespace.as_str());
    let scale = || async {
        let mut scale = apps_v1::read_namespaced_deployment_scale(namespace, "web").send(client).await?;
        scale.spec.as_mut().unwrap().replicas = Some(1);
        apps_v1::replace_namespaced_deployment_scale(namespace, "web", &scale).send(client).await
    };
    // The controller writes the status at the same time.
    let scaled = utils::retry_on_conflict(utils::Retry::for_busy_objects(), scale).await.unwrap();
    assert_eq!(scaled.spec.unwrap().replicas, Some(1));

    let conflicts = std::cell::Cell::new(0);
    let label = |who: String| {
        let conflicts = &conflicts;
        utils::retry_on_conflict(utils::Retry { attempts: 100, ..Default::default() }, move || {
            let who = who.clone();
            async move {
                let mut found = apps_v1::read_namespaced_deployment(namespace, "web").send(client).await?;
                found.metadata.labels.insert(who.as_str(), "was-here");
                let replaced = apps_v1::replace_namespaced_deployment(namespace, "web", &found).send(client).await;
                conflicts.set(conflicts.get() + i32::from(replaced.as_ref().is_err_and(|error| error.is_conflict())));
                replaced
            }
        })
    };
    let all = futures::future::join_all((0..8).map(|number| label(format!("writer-{number}")))).await;
    assert!(all.into_iter().all(|result| result.is_ok()));
    assert!(conflicts.get() > 0, "eight writers at once collide");
    let found = apps_v1::read_namespaced_deployment(namespace, "web").send(client).await.unwrap();
    assert!((0..8).all(|number| found.metadata.labels.get(&format!("writer-{number}")).is_some()), "{found:?}");
    apps_v1::delete_namespaced_deployment(namespace, "web").send(client).await.unwrap();
}

#[tokio::test]
async fn a_log_is_read_line_by_line() {
    let (client, namespace) = cluster::namespace("lines").await;
    let mut pod = pod("web");
    let spec = pod.spec.as_mut().unwrap();
    spec.restart_policy = Some("Never".into());
    spec.containers[0].command = ["sh", "-c", "echo one; echo two; printf three"].map(Into::into).into();
    core_v1::create_namespaced_pod(&namespace, &pod).send(&client).await.unwrap();
    until("the pod has ended", async || {
        let pod = core_v1::read_namespaced_pod(&namespace, "web").send(&client).await.unwrap();
        pod.status.is_some_and(|status| status.phase.is_some_and(|phase| phase == "Succeeded"))
    })
    .await;
    let log = || core_v1::read_namespaced_pod_log(&namespace, "web").container("main");
    let lines: Vec<String> = log().lines(&client).await.unwrap().try_collect().await.unwrap();
    assert_eq!(lines, ["one", "two", "three"], "the last one has no line end");

    let mut followed = log().follow(true).lines(&client).await.unwrap();
    let first = tokio::time::timeout(cluster::LIMIT, followed.next_line()).await.expect("it is there").unwrap();
    assert_eq!(first.as_deref(), Some("one"));
}
