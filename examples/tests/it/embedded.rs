//! The examples with types that are known.

use std::time::Duration;

use configmapgen::ConfigMapGenerator;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::core::{ApplyRequest, CreateRequest, DeleteRequest, PatchRequest, ReadRequest};
use kubernetes_sdk::models::core::v1::ConfigMap;
use kubernetes_sdk::{Client, Patch};
use kubernetes_testing::{CustomResource, Fault, TestServer};
use operator::Greeting;

#[path = "../../apply.rs"]
mod apply;
#[path = "../../configmapgen.rs"]
mod configmapgen;
#[path = "../../custom_resource.rs"]
mod custom_resource;
#[path = "../../operator.rs"]
mod operator;
#[path = "../../wait_for_deployment.rs"]
mod wait_for_deployment;
#[path = "../../watch_pods.rs"]
mod watch_pods;
#[path = "../../webhooks.rs"]
mod webhooks;

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

/// Over TLS, as a cluster calls them; twice, as nothing is left behind but the Secret with the CA.
#[tokio::test]
async fn webhooks_change_check_and_convert() {
    let server = TestServer::in_process();
    for _ in 0..2 {
        let seen = webhooks::run(&server.client(), "default").await.unwrap();
        let denied = "admission webhook \"validate.lantern.v1.street.example.com\" denied the request: a black lantern gives no light";
        assert_eq!(seen, ["red has 1 bulb", denied, "red is red in v1beta1"]);
    }
}

#[tokio::test(start_paused = true)]
async fn config_maps_are_generated_and_kept() {
    let server = TestServer::builder().resource(CustomResource::of::<ConfigMapGenerator>()).in_process();
    let client = server.client();
    let (sender, shutdown) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn({
        let client = client.clone();
        let reloads = futures::stream::pending();
        async move { configmapgen::operate(&client, reloads, async { drop(shutdown.await) }).await }
    });
    let mut generator = ConfigMapGenerator::named("a");
    generator.spec.content = "first".to_owned();
    CreateRequest::namespaced("default", &generator).send(&client).await.unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    core_v1::delete_namespaced_config_map("default", "a").send(&client).await.unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    let map = core_v1::read_namespaced_config_map("default", "a").send(&client).await.unwrap();
    assert_eq!(map.data["content"], "first");
    drop(sender);
    running.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_deployment_is_waited_for() {
    let server = TestServer::in_process();
    let client = server.client();
    let started = tokio::time::Instant::now();
    let roll_out = wait_for_deployment::roll_out(client.clone(), "default".to_owned(), "web".to_owned());
    let (waited, rolled_out) = tokio::join!(wait_for_deployment::wait(&client, "default", "web"), roll_out);
    waited.unwrap();
    rolled_out.unwrap();
    assert_eq!(started.elapsed().as_secs(), 4);
}

#[tokio::test(start_paused = true)]
async fn the_pods_of_the_embedded_server_come_and_go() {
    let server = TestServer::in_process();
    let changes = tokio::spawn(watch_pods::change_pods(server.client()));
    let watch = kubernetes_sdk::watch::Watch::new(&server.client());
    let mut lines = Vec::new();
    let shown = watch_pods::show(watch.stream(core_v1::list_pod_for_all_namespaces()), |line| lines.push(line));
    let _ = tokio::time::timeout(Duration::from_millis(3500), shown).await;
    changes.abort();
    assert_eq!(
        lines,
        ["+ default/pod-1 Pending", "~ default/pod-1 Running", "- default/pod-1 Running", "+ default/pod-2 Pending",]
    );
}

/// A greeting's text, as its ConfigMap and status have it: `None` where the status is behind.
async fn greeted(client: &Client, name: &str) -> Option<String> {
    let greeting = ReadRequest::<Greeting>::namespaced("default", name).send(client).await.unwrap();
    let map = core_v1::read_namespaced_config_map("default", name).send(client).await.unwrap();
    let observed = greeting.status.map(|status| status.observed_generation);
    (observed == greeting.metadata.generation).then(|| map.data["text"].to_string())
}

#[tokio::test(start_paused = true)]
async fn the_operator_gets_over_whatever_goes_wrong() {
    let server = TestServer::in_process();
    let client = server.client();
    operator::define(&client).await.unwrap();
    server.inject(Fault::status(409).verb("patch").resource("greetings/status"));
    server.inject(Fault::status(403).verb("patch").resource("configmaps").nth(2));
    server.inject(Fault::disconnect().verb("patch").resource("configmaps").nth(3));
    server.inject(Fault::reset_after(400).verb("watch").resource("greetings"));
    let operator = tokio::spawn({
        let client = client.clone();
        async move { operator::operate(&client).await.map_err(|error| error.to_string()) }
    });
    let settled = || tokio::time::sleep(Duration::from_secs(60));
    let mut greeting = Greeting::named("a");
    for (name, text) in [("a", "Good morning"), ("b", "Good evening")] {
        greeting.metadata.name = Some(name.into());
        greeting.spec.text = text.to_owned();
        CreateRequest::namespaced("default", &greeting).send(&client).await.unwrap();
    }
    settled().await;
    assert_eq!(greeted(&client, "a").await.as_deref(), Some("Good morning"));
    assert_eq!(greeted(&client, "b").await.as_deref(), Some("Good evening"));

    // The specification is changed, the ConfigMap is deleted by hand, and a Greeting goes.
    let patch = Patch::merge(&serde_json::json!({"spec": {"text": "Good night"}}));
    PatchRequest::<Greeting>::namespaced("default", "b", &patch).send(&client).await.unwrap();
    core_v1::delete_namespaced_config_map("default", "a").send(&client).await.unwrap();
    settled().await;
    assert_eq!(greeted(&client, "a").await.as_deref(), Some("Good morning"));
    assert_eq!(greeted(&client, "b").await.as_deref(), Some("Good night"));
    DeleteRequest::<Greeting>::namespaced("default", "b").send(&client).await.unwrap();
    settled().await;
    let error = core_v1::read_namespaced_config_map("default", "b").send(&client).await.unwrap_err();
    assert!(error.is_not_found(), "it is deleted after its owner: {error}");

    assert!(!operator.is_finished());
    operator.abort();
    let statuses: Vec<_> = server.requests().iter().filter_map(|request| request.status).collect();
    assert!(statuses.iter().any(|status| *status == 409) && statuses.iter().any(|status| *status == 403));
}
