use std::io::ErrorKind;

use futures::StreamExt;
use futures::future::{join_all, try_join_all};
use kubernetes_sdk::Client;
use kubernetes_sdk::api::{apps::v1 as apps_v1, core::v1 as core_v1};
use kubernetes_sdk::streams::port_forward::{PortForwarder, PortStream};
use kubernetes_sdk::streams::{Error, PodLogs};
use kubernetes_sdk::utils::port_forward::WorkloadTarget;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{container, in_time, run};
use crate::cluster;
use crate::pod::deployment;

/// The bytes of the file that the pods serve.
const LENGTH: usize = 1_000_000;

/// The ports on which the pods serve it. A server has room for ten connections that it has not accepted yet; the kernel
/// drops further ones, and repeats them after 1, 3, 7, … seconds.
const PORTS: std::ops::Range<u16> = 8080..8130;

/// Serves a file of zeros, on the first port last.
const SERVE: &str = "mkdir /tmp/www; head -c 1000000 /dev/zero > /tmp/www/zeros
    for port in $(seq 8081 8129); do httpd -p $port -h /tmp/www; done; exec httpd -f -p 8080 -h /tmp/www";

async fn serving_pod(client: &Client, namespace: &str) {
    run(client, namespace, "web", vec![container("main", SERVE)]).await;
}

/// The length of the file, as an HTTP client sees it.
async fn fetch(mut stream: PortStream) -> std::io::Result<usize> {
    stream.write_all(b"GET /zeros HTTP/1.0\r\n\r\n").await?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await?;
    let head = response.windows(4).position(|bytes| bytes == b"\r\n\r\n").ok_or(ErrorKind::InvalidData)?;
    assert!(response.starts_with(b"HTTP/1.") && response[head + 4..].iter().all(|byte| *byte == 0));
    Ok(response.len() - head - 4)
}

/// Fetches the file, again if the pod's server has not started yet.
async fn fetch_when_ready(forwarder: &PortForwarder) {
    let fetching = async {
        loop {
            if let Ok(stream) = forwarder.connect(8080).await
                && let Ok(LENGTH) = fetch(stream).await
            {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    };
    in_time(fetching).await;
}

/// How many connections are open at a time: `STREAM_CONNECTIONS=1000` for more.
fn connections() -> usize {
    std::env::var("STREAM_CONNECTIONS").map_or(100, |count| count.parse().expect("a number"))
}

#[tokio::test]
async fn many_connections_share_a_tunnel_and_a_refused_port_disturbs_none() {
    let (client, namespace) = cluster::namespace("forward").await;
    serving_pod(&client, &namespace).await;
    let forwarder = PortForwarder::to_pod(&client, &namespace, "web");
    fetch_when_ready(&forwarder).await;
    let ports = PORTS.cycle().take(connections());
    let streams = in_time(try_join_all(ports.map(|port| forwarder.connect(port)))).await.unwrap();
    let refused = async {
        let mut stream = forwarder.connect(9999).await.unwrap();
        let error = stream.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert!(Error::of_io(&error).unwrap().is_refused(), "{error}");
        assert!(error.to_string().contains("refused"), "{error}");
    };
    let (lengths, ()) = in_time(async { tokio::join!(join_all(streams.into_iter().map(fetch)), refused) }).await;
    assert!(lengths.iter().all(|length| matches!(length, Ok(LENGTH))), "{lengths:?}");
    assert_eq!(forwarder.state().counts().tunnels, 1);
}

#[tokio::test]
async fn a_pod_of_the_same_name_follows_one_that_is_deleted() {
    let (client, namespace) = cluster::namespace("forward-pod").await;
    serving_pod(&client, &namespace).await;
    let forwarder = PortForwarder::to_pod(&client, &namespace, "web");
    fetch_when_ready(&forwarder).await;
    let mut open = forwarder.connect(8080).await.unwrap();
    core_v1::delete_namespaced_pod(&namespace, "web").grace_period_seconds(0).send(&client).await.unwrap();
    // It ends with the pod, which is an error, or an end if the server in the pod had the time to close it.
    let _ = in_time(open.read_to_end(&mut Vec::new())).await;
    serving_pod(&client, &namespace).await;
    fetch_when_ready(&forwarder).await;
    assert!(forwarder.state().counts().tunnels >= 2);
}

#[tokio::test]
async fn a_deployment_s_pods_are_forwarded_to_and_their_logs_followed() {
    let (client, namespace) = cluster::namespace("forward-deployment").await;
    let mut workload = deployment();
    let template = workload.spec.template.spec.as_mut().unwrap();
    template.containers[0].command = ["sh", "-c", &format!("echo ready to serve; {SERVE}")].map(Into::into).into();
    apps_v1::create_namespaced_deployment(&namespace, &workload).send(&client).await.unwrap();
    let mut lines = PodLogs::labelled(&namespace, "app=web").reconnect(true).stream(&client);
    let mut pods = std::collections::BTreeSet::new();
    while pods.len() < 2 {
        let line = in_time(lines.next()).await.unwrap().unwrap();
        assert_eq!((&*line.text, line.timestamp.is_some()), ("ready to serve", true));
        assert!(pods.insert(line.pod.clone()), "the line of {} came twice", line.pod);
    }
    let forwarder = PortForwarder::new(&client, WorkloadTarget::deployment(&namespace, "web"));
    fetch_when_ready(&forwarder).await;
    let first = forwarder.state().pod().unwrap().clone();
    core_v1::delete_namespaced_pod(&namespace, first.name()).grace_period_seconds(0).send(&client).await.unwrap();
    let changed = async {
        loop {
            fetch_when_ready(&forwarder).await;
            if forwarder.state().pod().is_some_and(|pod| *pod != first) {
                return;
            }
        }
    };
    in_time(changed).await;
    // The pod that takes the place of the first one is followed too.
    let line = in_time(lines.next()).await.unwrap().unwrap();
    assert!(line.text == "ready to serve" && !pods.contains(&line.pod), "{line:?}");
}

#[tokio::test]
async fn a_listener_survives_a_restart_of_the_api_server() {
    let (client, namespace) = cluster::namespace("forward-restart").await;
    serving_pod(&client, &namespace).await;
    let forwarder = PortForwarder::to_pod(&client, &namespace, "web");
    fetch_when_ready(&forwarder).await;
    let mut open = forwarder.connect(8080).await.unwrap();
    cluster::kill_apiserver();
    let error = in_time(open.read_to_end(&mut Vec::new())).await.unwrap_err();
    assert!(Error::of_io(&error).unwrap().is_connection_lost(), "{error}");
    cluster::test_cluster(&["start-apiserver"]);
    fetch_when_ready(&forwarder).await;
    assert!(forwarder.state().counts().tunnels >= 2);
}

/// containerd ends both directions about a second after the client has ended its own. (The testing server does not.)
#[tokio::test]
async fn the_runtime_ends_a_connection_soon_after_its_client_has_ended() {
    let (client, namespace) = cluster::namespace("forward-half").await;
    let script = "while true; do nc -l -p 7000 -e sh -c 'cat; sleep 5; echo late'; done";
    run(&client, &namespace, "half", vec![container("main", script)]).await;
    let forwarder = PortForwarder::to_pod(&client, &namespace, "half");
    let mut answer = String::new();
    let asking = async {
        // Until it listens.
        loop {
            let mut stream = forwarder.connect(7000).await.unwrap();
            stream.write_all(b"early").await.unwrap();
            stream.shutdown().await.unwrap();
            if stream.read_to_string(&mut answer).await.is_ok() && !answer.is_empty() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    };
    in_time(asking).await;
    assert_eq!(answer, "early");
}
