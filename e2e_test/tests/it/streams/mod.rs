//! Streams to and from containers that a real kubelet runs, over containerd.

mod attach;
mod copy;
mod exec;
mod logs;
mod port_forward;
mod proxies;

use std::time::Duration;

use kubernetes_sdk::Client;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::models::core::v1::{Container, Pod, PodSpec};

use crate::cluster;

/// A container of the image that the cluster has.
pub(crate) fn container(name: &str, script: &str) -> Container {
    Container {
        name: name.into(),
        image: Some("localhost/busybox:1".into()),
        image_pull_policy: Some("Never".into()),
        command: ["sh", "-c", script].map(Into::into).into(),
        ..Default::default()
    }
}

/// Starts a pod, and waits until it runs.
pub(crate) async fn run(client: &Client, namespace: &str, name: &str, containers: Vec<Container>) {
    let spec = PodSpec { containers, termination_grace_period_seconds: Some(0), ..Default::default() };
    core_v1::create_namespaced_pod(namespace, &Pod::named(name).with_spec(spec)).send(client).await.unwrap();
    let running = async {
        loop {
            let pod = core_v1::read_namespaced_pod(namespace, name).send(client).await.unwrap();
            let phase = pod.status.as_ref().and_then(|status| status.phase.as_ref());
            if phase.is_some_and(|phase| *phase == "Running") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(cluster::LIMIT, running).await.expect("the pod runs in time");
}

/// A namespace with a pod `web` that sleeps.
pub(crate) async fn sleeping_pod(test: &str) -> (Client, String) {
    let (client, namespace) = cluster::namespace(test).await;
    run(&client, &namespace, "web", vec![container("main", "sleep 1000000")]).await;
    (client, namespace)
}

/// Fails a test that hangs.
pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(cluster::LIMIT, future).await.expect("it ends in time")
}
