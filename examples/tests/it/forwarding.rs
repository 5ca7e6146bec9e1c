//! The examples of port-forward, of logs of many pods, and of those of a Job.

use kubernetes_testing::TestServer;
use tokio::io::AsyncWriteExt;

#[path = "../../port_forward.rs"]
mod port_forward;
#[path = "../../run_job.rs"]
mod run_job;
#[path = "../../workload_logs.rs"]
mod workload_logs;

#[tokio::test]
async fn an_http_request_goes_to_a_pod() {
    let server = TestServer::in_process();
    port_forward::play(&server, "default", "service/web").unwrap();
    for (target, uri, expected) in [
        ("web", "http://web:8080/healthz", "web on port 8080 got /healthz\n"),
        ("service/web", "http://web/", "web on port 8080 got /\n"),
    ] {
        let forwarder = port_forward::forwarder(&server.client(), "default", target);
        assert_eq!(port_forward::fetch(&forwarder, uri.parse().unwrap()).await.unwrap(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_logs_of_a_deployment_are_followed() {
    let server = TestServer::in_process();
    server
        .load_yaml(
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop},
              spec: {selector: {matchLabels: {app: web}}}}",
        )
        .unwrap();
    for name in ["one", "two"] {
        let pod = format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: shop, labels: {{app: web}}}},
              spec: {{containers: [{{name: main}}]}},
              status: {{phase: Running, containerStatuses: [{{name: main, containerID: id-1, state: {{running: {{}}}}}}]}}}}"
        );
        server.load_yaml(&pod).unwrap();
    }
    server.on_log(|request, mut log| async move {
        let line = format!("2030-01-01T00:00:00.5Z {} says hello\n", request.pod);
        log.write_all(line.as_bytes()).await.unwrap();
        std::future::pending::<()>().await;
    });
    let mut lines = Vec::new();
    let client = server.client();
    let following = workload_logs::follow(&client, "shop", "deploy/web", |line| lines.push(line.to_owned()));
    assert!(tokio::time::timeout(std::time::Duration::from_secs(60), following).await.is_err(), "it goes on");
    lines.sort();
    assert_eq!(lines, ["one main one says hello", "two main two says hello"]);
}

#[tokio::test(start_paused = true)]
async fn the_logs_of_a_job_are_passed_on_while_it_runs() {
    let command = ["sh".to_owned(), "-c".to_owned(), "exit 3".to_owned()];
    let results = [(Some(0), Ok(0)), (Some(3), Ok(3)), (None, Err("it has failed, DeadlineExceeded"))];
    for (code, expected) in results {
        let server = TestServer::in_process();
        let (client, job) = (server.client(), run_job::job("busybox", &command, 600));
        let mut lines = Vec::new();
        let running = run_job::run(&client, "default", &job, |line| lines.push(line.to_owned()));
        let playing = run_job::play(&server, &client, "default", code);
        let both = async { tokio::join!(running, playing) };
        let (ended, played) = tokio::time::timeout(std::time::Duration::from_secs(60), both).await.unwrap();
        played.unwrap();
        match expected {
            Ok(code) => assert_eq!(ended.unwrap(), code),
            Err(reason) => assert!(ended.unwrap_err().to_string().ends_with(reason)),
        }
        assert_eq!(lines, ["sh -c exit 3"]);
    }
}
