//! The examples with kinds that are known at run time only.

use std::time::Duration;

use kubernetes_testing::{Fault, TestServer};

#[path = "../../dynamic_client/accept_header.rs"]
mod accept_header;
#[path = "../../apply_from_dict.rs"]
mod apply_from_dict;
#[path = "../../dynamic_client/config_map.rs"]
mod config_map;
#[path = "../../dynamic_client/custom_resource.rs"]
mod custom_resource;
#[path = "../../dynamic_client/deployment_rolling_restart.rs"]
mod deployment_rolling_restart;
#[path = "../../dynamic_client/node.rs"]
mod node;
#[path = "../../dynamic_client/request_timeout.rs"]
mod request_timeout;
#[path = "../../dynamic_client/service.rs"]
mod service;
#[path = "../../watch_recovery.rs"]
mod watch_recovery;

#[tokio::test(start_paused = true)]
async fn a_config_map_comes_and_goes() {
    let server = TestServer::in_process();
    let lines = config_map::run(&server.client(), "default").await.unwrap();
    assert_eq!(lines, ["created ConfigMap dynamic-settings", "dynamic-settings has the mode slow", "gone: true"]);
}

#[tokio::test(start_paused = true)]
async fn a_service_is_patched() {
    let server = TestServer::in_process();
    let lines = service::run(&server.client(), "default").await.unwrap();
    assert_eq!(lines, ["dynamic-front leads to port 9090", "listed Service/dynamic-front"]);
}

#[tokio::test(start_paused = true)]
async fn nodes_are_listed() {
    let server = TestServer::in_process();
    server
        .load_yaml(
            "{apiVersion: v1, kind: Node, metadata: {name: a}, status: {nodeInfo: {kernelVersion: '6.1', \
             kubeletVersion: v1.37.2}, conditions: [{type: DiskPressure, status: 'False'}, {type: Ready, status: 'True'}]}}\n\
             ---\n{apiVersion: v1, kind: Node, metadata: {name: b}}",
        )
        .unwrap();
    let lines = node::run(&server.client()).await.unwrap();
    assert_eq!(lines, ["a\tTrue\t6.1\tv1.37.2", "b\tUnknown\t\t"]);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_is_restarted() {
    let server = TestServer::in_process();
    let lines = deployment_rolling_restart::run(&server.client(), "default").await.unwrap();
    assert_eq!(lines, ["created at generation 1", "restarted at generation 2", "annotated: true"]);
}

#[tokio::test(start_paused = true)]
async fn custom_resources_of_either_scope_are_defined_and_changed() {
    let server = TestServer::in_process();
    for _ in 0..2 {
        let lines = custom_resource::namespaced(&server.client(), "default").await.unwrap();
        assert_eq!(lines, [r#"IngressRoute first of Some("default") weighs 2"#]);
        let lines = custom_resource::cluster_scoped(&server.client()).await.unwrap();
        assert_eq!(lines, ["ClusterGateway first of None weighs 2"]);
    }
}

#[tokio::test(start_paused = true)]
async fn pods_are_shown_as_metadata_and_as_a_table() {
    let server = TestServer::in_process();
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: kube-system, labels: {a: '1'}}, \
        spec: {containers: [{name: web, image: web}]}, status: {phase: Running}}";
    server.load_yaml(pod).unwrap();
    let lines = accept_header::run(&server.client(), "kube-system").await.unwrap();
    assert!(lines[0].contains("as=PartialObjectMetadataList"), "{lines:?}");
    assert_eq!(lines[1], "web has 1 labels");
    assert!(lines[2].contains("as=Table"), "{lines:?}");
    assert!(
        lines[3].starts_with("NAME   READY   STATUS") && lines[4].starts_with("web    0/1     Running"),
        "{lines:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_takes_no_longer_than_it_may() {
    let server = TestServer::in_process();
    let client = server.client();
    let limit = Duration::from_secs(5);
    assert_eq!(request_timeout::run(&client, "default", limit).await.unwrap(), "0 config maps within 5s");
    server.inject(Fault::delay(Duration::from_secs(6)).resource("configmaps"));
    assert_eq!(request_timeout::run(&client, "default", limit).await.unwrap(), "no answer within 5s");
}

#[tokio::test(start_paused = true)]
async fn dictionaries_are_applied() {
    let server = TestServer::in_process();
    let client = server.client();
    for _ in 0..2 {
        let lines = apply_from_dict::apply(&client, "default", &apply_from_dict::objects()).await.unwrap();
        let expected = ["ConfigMap default from-dict", "Deployment default from-dict", "Namespace - from-dict"];
        assert_eq!(lines, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_goes_on_after_resets_and_forgotten_versions() {
    let server = TestServer::in_process();
    let client = server.client();
    let map =
        |name: &str| format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}, namespace: default}}}}");
    server.load_yaml(&map("a")).unwrap();
    let mut lines = Vec::new();
    let following = watch_recovery::follow(&client, "cm", |line| {
        match line.split(" at ").next().unwrap_or_default() {
            "that was all" if lines.len() < 3 => {
                // The connection breaks, and the version is forgotten meanwhile.
                server.inject(Fault::reset_after(0).verb("watch").resource("configmaps"));
                server.inject(Fault::gone_event().verb("watch").resource("configmaps").times(2));
                server.load_yaml(&map("b")).unwrap();
                server.compact();
            }
            "~ b" => server.load_yaml(&map("c")).unwrap(),
            _ => {}
        }
        lines.push(line.split(" at ").next().unwrap_or_default().to_owned());
        lines.last().is_none_or(|line| line != "~ c")
    });
    tokio::time::timeout(Duration::from_secs(600), following).await.expect("it goes on").unwrap();
    assert_eq!(lines[..3], ["what exists:", "~ a", "that was all"]);
    assert!(lines.iter().any(|line| line == "~ b") && lines.last().unwrap() == "~ c", "{lines:?}");
}
