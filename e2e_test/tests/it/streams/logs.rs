use futures::StreamExt;
use kubernetes_sdk::Client;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::models::core::v1::{EmptyDirVolumeSource, Pod, PodSpec, Volume, VolumeMount};
use kubernetes_sdk::streams::{PodLogStream, PodLogs};

use super::{container, in_time};
use crate::cluster;

/// Counts its runs in a volume, which lasts as long as the pod.
const RESTARTING: &str = "n=$(($(cat /data/runs 2> /dev/null || echo 0) + 1)); echo $n > /data/runs; echo run $n
    for line in 1 2 3; do echo line $line of $n; done; echo end of $n; [ $n -lt 3 ] || sleep 1000000";

/// The container is started again twice, the second time after ten seconds.
async fn restarting_pod(client: &Client, namespace: &str, name: &str) {
    let mut main = container("main", RESTARTING);
    let mount = VolumeMount { name: "data".into(), mount_path: "/data".into(), ..Default::default() };
    main.volume_mounts = vec![mount];
    let empty_dir = Some(EmptyDirVolumeSource::default().into());
    let volume = Volume { name: "data".into(), empty_dir, ..Default::default() };
    let spec = PodSpec {
        containers: vec![main],
        volumes: vec![volume],
        termination_grace_period_seconds: Some(0),
        ..Default::default()
    };
    let mut pod = Pod::named(name).with_spec(spec);
    pod.metadata.labels = [("app", "restarting")].into_iter().collect();
    core_v1::create_namespaced_pod(namespace, &pod).send(client).await.unwrap();
}

async fn assert_runs(lines: &mut PodLogStream) {
    for run in 1..=3 {
        let between = (1..=3).map(|line| format!("line {line} of {run}"));
        for expected in [format!("run {run}")].into_iter().chain(between).chain([format!("end of {run}")]) {
            let line = in_time(lines.next()).await.expect("the stream goes on").unwrap();
            assert_eq!(line.text, expected);
        }
    }
}

#[tokio::test]
async fn each_run_of_a_container_is_read_once_and_so_is_a_pod_of_the_same_name() {
    let (client, namespace) = cluster::namespace("logs").await;
    let logs = || PodLogs::labelled(&namespace, "app=restarting");
    let (mut reconnecting, mut plain) = (logs().reconnect(true).stream(&client), logs().stream(&client));
    restarting_pod(&client, &namespace, "web").await;
    tokio::join!(assert_runs(&mut reconnecting), assert_runs(&mut plain));
    core_v1::delete_namespaced_pod(&namespace, "web").grace_period_seconds(0).send(&client).await.unwrap();
    restarting_pod(&client, &namespace, "web").await;
    tokio::join!(assert_runs(&mut reconnecting), assert_runs(&mut plain));
    // Nothing comes a second time.
    let more = std::time::Duration::from_secs(5);
    let quiet = async {
        tokio::select! { line = reconnecting.next() => line, line = plain.next() => line }
    };
    assert!(tokio::time::timeout(more, quiet).await.is_err());
}
