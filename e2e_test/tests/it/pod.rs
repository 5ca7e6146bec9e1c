//! A Deployment's pods, from their creation to their log, run by the real kubelet.

use futures::TryStreamExt;
use kubernetes_sdk::api::{apps::v1 as apps_v1, core::v1 as core_v1};
use kubernetes_sdk::core::meta::v1::LabelSelector;
use kubernetes_sdk::core::{ObjectMeta, Quantity};
use kubernetes_sdk::models::apps::v1::{Deployment, DeploymentSpec};
use kubernetes_sdk::models::core::v1::{Container, Pod, PodSpec, PodTemplateSpec, ResourceRequirements};
use kubernetes_sdk::watch::{Event, Watch};

use crate::cluster;

pub(crate) fn deployment() -> Deployment {
    let container = Container {
        name: "main".into(),
        image: Some("localhost/busybox:1".into()),
        image_pull_policy: Some("Never".into()),
        command: ["sh", "-c", "echo ready to serve; sleep 1000000"].map(Into::into).into(),
        resources: ResourceRequirements { requests: [("memory", "8Mi")].into(), ..Default::default() }.into(),
        ..Default::default()
    };
    Deployment::named("web").with_spec(DeploymentSpec {
        replicas: Some(2),
        selector: LabelSelector { match_labels: [("app", "web")].into(), ..Default::default() },
        template: PodTemplateSpec {
            metadata: ObjectMeta { labels: [("app", "web")].into(), ..Default::default() }.into(),
            spec: PodSpec {
                containers: vec![container],
                termination_grace_period_seconds: Some(1),
                ..Default::default()
            }
            .into(),
        },
        ..Default::default()
    })
}

fn is_running(pod: &Pod) -> bool {
    pod.status.as_ref().is_some_and(|status| status.phase.as_ref().is_some_and(|phase| *phase == "Running"))
}

#[tokio::test]
async fn a_deployments_pods_run_and_write_a_log() {
    let (client, namespace) = cluster::namespace("pods").await;
    let created = apps_v1::create_namespaced_deployment(&namespace, &deployment()).send(&client).await.unwrap();
    assert_eq!(created.spec.replicas, Some(2));

    let pods = || core_v1::list_namespaced_pod(&namespace).label_selector("app=web");
    let mut events = Watch::new(&client).stream(pods());
    let mut running = std::collections::BTreeSet::new();
    let both_run = async {
        while let Some(event) = events.try_next().await? {
            if let Event::Added(pod) | Event::Modified(pod) = event
                && is_running(&pod)
            {
                running.insert(pod.name().to_owned());
            }
            if running.len() == 2 {
                break;
            }
        }
        Ok::<(), kubernetes_sdk::watch::Error>(())
    };
    tokio::time::timeout(cluster::LIMIT, both_run).await.expect("the pods run in time").unwrap();

    let name = running.first().unwrap();
    let pod = core_v1::read_namespaced_pod(&namespace, name).send(&client).await.unwrap();
    let spec = pod.spec.as_ref().unwrap();
    assert_eq!(spec.containers[0].resources.as_ref().unwrap().requests["memory"], Quantity::from("8192Ki"));
    let log = core_v1::read_namespaced_pod_log(&namespace, name).container("main").send(&client).await.unwrap();
    assert_eq!(log, "ready to serve\n");
    let mut followed = core_v1::read_namespaced_pod_log(&namespace, name).follow(true).open(&client).await.unwrap();
    let first = tokio::time::timeout(cluster::LIMIT, followed.try_next()).await.expect("the log arrives").unwrap();
    assert_eq!(first.as_deref(), Some(&b"ready to serve\n"[..]));

    let scale = apps_v1::read_namespaced_deployment_scale(&namespace, "web").send(&client).await.unwrap();
    assert_eq!(scale.spec.as_ref().unwrap().replicas, Some(2));
    let deleted =
        apps_v1::delete_namespaced_deployment(&namespace, "web").propagation_policy("Foreground").send(&client);
    deleted.await.unwrap();
    let gone = async {
        let mut left = running.len();
        while left > 0 {
            let (kind, _) = cluster::next_change(&mut events).await?;
            left -= usize::from(kind == "DELETED");
        }
        Ok::<(), kubernetes_sdk::watch::Error>(())
    };
    gone.await.unwrap();
}

#[tokio::test]
async fn an_eviction_answers_a_status_and_deletes_the_pod() {
    let (client, namespace) = cluster::namespace("evict").await;
    let template = *deployment().spec.template.spec.unwrap();
    core_v1::create_namespaced_pod(&namespace, &Pod::named("web").with_spec(template)).send(&client).await.unwrap();
    let eviction = kubernetes_sdk::models::policy::v1::Eviction::named("web");
    let status = core_v1::create_namespaced_pod_eviction(&namespace, "web", &eviction).send(&client).await.unwrap();
    assert!(status.is_success(), "{status:?}");
}
