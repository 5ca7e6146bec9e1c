//! The examples against an API server in memory.
#![allow(dead_code, reason = "what is in the examples for their `main` alone")]

use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::core::ApplyRequest;
use kubernetes_sdk::models::core::v1::ConfigMap;
use kubernetes_testing::TestServer;

#[path = "../apply.rs"]
mod apply;
#[path = "../custom_resource.rs"]
mod custom_resource;
#[path = "../wait_for_deployment.rs"]
mod wait_for_deployment;
#[path = "../watch_pods.rs"]
mod watch_pods;

#[tokio::test(start_paused = true)]
async fn apply_settles_a_conflict() {
    let server = TestServer::in_process();
    let client = server.client();
    let first = apply::apply(&client, "default", "fast").await.unwrap();
    let again = apply::apply(&client, "default", "fast").await.unwrap();
    assert_eq!(first.metadata.resource_version, again.metadata.resource_version, "nothing has changed");
    let slow = ConfigMap::named("settings").with_data([("mode", "slow"), ("theirs", "kept")]);
    ApplyRequest::namespaced("default", &slow, "somebody").force(true).send(&client).await.unwrap();
    apply::apply(&client, "default", "fast").await.unwrap();
    let settings = core_v1::read_namespaced_config_map("default", "settings").send(&client).await.unwrap();
    assert_eq!((&*settings.data["mode"], &*settings.data["theirs"]), ("fast", "kept"));
}

#[tokio::test(start_paused = true)]
async fn a_custom_resource_is_defined_and_watched() {
    let server = TestServer::in_process();
    for _ in 0..2 {
        let seen = custom_resource::run(&server.client(), "default").await.unwrap();
        assert_eq!(seen, ["ADDED red red", "DELETED red red"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deployment_is_waited_for() {
    let server = TestServer::in_process();
    let client = server.client();
    let started = tokio::time::Instant::now();
    let roll_out = wait_for_deployment::roll_out(client.clone(), "default".to_owned(), "web".to_owned());
    let (waited, rolled_out) = tokio::join!(wait_for_deployment::wait(&client, "default", "web"), roll_out);
    (waited.unwrap(), rolled_out.unwrap());
    assert_eq!(started.elapsed().as_secs(), 4);
}

#[tokio::test(start_paused = true)]
async fn the_pods_of_the_embedded_server_come_and_go() {
    let server = TestServer::in_process();
    let changes = tokio::spawn(watch_pods::change_pods(server.client()));
    let watch = kubernetes_sdk::watch::Watch::new(&server.client());
    let mut lines = Vec::new();
    let shown = watch_pods::show(watch.stream(core_v1::list_pod_for_all_namespaces()), |line| lines.push(line));
    let _ = tokio::time::timeout(std::time::Duration::from_millis(3500), shown).await;
    changes.abort();
    assert_eq!(
        lines,
        ["+ default/pod-1 Pending", "~ default/pod-1 Running", "- default/pod-1 Running", "+ default/pod-2 Pending",]
    );
}
