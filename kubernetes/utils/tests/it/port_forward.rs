//! Services and workloads as targets of port-forward, on the testing server.

use std::time::Duration;

use kubernetes_core::DeleteRequest;
use kubernetes_models::core::v1::Pod;
use kubernetes_streams::Error;
use kubernetes_streams::port_forward::{PortForwarder, Target};
use kubernetes_testing::TestServer;
use kubernetes_utils::port_forward::{ServiceTarget, WorkloadTarget};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A pod, ready since a second of a minute, or not.
fn pod(name: &str, phase: &str, ready_since: Option<u8>) -> String {
    let conditions = ready_since.map_or_else(String::new, |second| {
        format!("{{type: Ready, status: 'True', lastTransitionTime: '2030-01-01T00:00:{second:02}Z'}}")
    });
    format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: shop, labels: {{app: web}}}},
          spec: {{containers: [{{name: a, ports: [{{name: http, containerPort: 8080}}]}}]}},
          status: {{phase: {phase}, conditions: [{conditions}]}}}}"
    )
}

const SERVICE: &str = "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop},
    spec: {selector: {app: web}, ports: [{name: main, port: 80, targetPort: http}, {port: 53, protocol: UDP}]}}";

const DEPLOYMENT: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop},
    spec: {selector: {matchExpressions: [{key: app, operator: In, values: [web]}]}}}";

/// A server whose pods say who they are, and on which port.
fn server(objects: &[String]) -> TestServer {
    let server = TestServer::in_process();
    for object in objects.iter().map(String::as_str).chain([SERVICE, DEPLOYMENT]) {
        server.load_yaml(object).unwrap();
    }
    server.on_port_forward(|request, mut io| async move {
        let text = format!("{}:{}", request.pod, request.port);
        io.write_all(text.as_bytes()).await.map_err(|error| error.to_string())
    });
    server
}

async fn ask(forwarder: &PortForwarder, port: &str) -> Result<String, Error> {
    let mut stream = forwarder.connect(port).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    Ok(answer)
}

fn forwarder(server: &TestServer, target: impl Target) -> PortForwarder {
    PortForwarder::new(&server.client(), target)
}

#[tokio::test]
async fn a_service_leads_to_the_pod_that_is_ready_for_longest() {
    let server = server(&[
        pod("a", "Running", None),
        pod("b", "Running", Some(20)),
        pod("c", "Running", Some(10)),
        pod("d", "Pending", Some(5)),
    ]);
    let service = forwarder(&server, ServiceTarget::new("shop", "web"));
    for port in ["80", "main"] {
        assert_eq!(ask(&service, port).await.unwrap(), "c:8080");
    }
    for (port, expected) in [("53", "the port 53 uses UDP or SCTP"), ("81", "its ports are: 80, main")] {
        let error = ask(&service, port).await.unwrap_err();
        assert!(error.is_invalid() && error.to_string().contains(expected), "{error}");
    }
    let deployment = forwarder(&server, WorkloadTarget::deployment("shop", "web"));
    for (port, expected) in [("http", "c:8080"), ("9", "c:9")] {
        assert_eq!(ask(&deployment, port).await.unwrap(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_pod_stays_until_it_goes() {
    let server = server(&[pod("a", "Running", Some(20))]);
    let service = forwarder(&server, ServiceTarget::new("shop", "web"));
    assert_eq!(ask(&service, "80").await.unwrap(), "a:8080");
    // A pod that has been ready for longer does not justify a change.
    server.load_yaml(&pod("b", "Running", Some(10))).unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(ask(&service, "80").await.unwrap(), "a:8080");
    assert_eq!(service.state().counts().tunnels, 1);
    delete(&server, "a").await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(ask(&service, "80").await.unwrap(), "b:8080");
    delete(&server, "b").await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    let starting = async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        server.load_yaml(&pod("c", "Running", None)).unwrap();
    };
    let (answer, ()) = tokio::join!(ask(&service, "80"), starting);
    assert_eq!(answer.unwrap(), "c:8080");
    assert_eq!(service.state().counts().tunnels, 3);
}

async fn delete(server: &TestServer, name: &str) {
    let delete = DeleteRequest::<Pod>::namespaced("shop", name).grace_period_seconds(0);
    delete.send(&server.client()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_a_pod_the_error_names_the_target() {
    let server = server(&[pod("a", "Pending", None)]);
    for (target, expected) in [
        (forwarder(&server, ServiceTarget::new("shop", "web")), "no pod of the service shop/web is running"),
        (forwarder(&server, WorkloadTarget::deployment("shop", "web")), "no pod of the deployment shop/web is running"),
    ] {
        let error = ask(&target, "80").await.unwrap_err();
        assert!(error.is_timeout() && format!("{error:?}").contains(expected), "{error:?}");
    }
    server.load_yaml("{apiVersion: v1, kind: Service, metadata: {name: out, namespace: shop}, spec: {}}").unwrap();
    let error = ask(&forwarder(&server, ServiceTarget::new("shop", "out")), "80").await.unwrap_err();
    assert!(error.to_string().contains("the service shop/out has no selector"), "{error}");
    let error = ask(&forwarder(&server, WorkloadTarget::job("shop", "gone")), "80").await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
}
