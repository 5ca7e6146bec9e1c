//! Deleting, in reverse, and waiting until objects are gone.

use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::Patch;
use kubernetes_dynamic::ApiResource;
use kubernetes_utils::manifests::Action;

use super::{Succeeded as _, WIDGETS, config_map, config_maps, get, read, resource, server, writes};

#[tokio::test(start_paused = true)]
async fn objects_are_deleted_in_reverse() {
    let server = server();
    let text = format!(
        "{WIDGETS}apiVersion: v1\nkind: Namespace\nmetadata: {{name: new}}\n---\napiVersion: example.com/v1\nkind: Widget\n\
         metadata: {{name: w, namespace: new}}\n---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: new}}"
    );
    let manifests = read(&text);
    manifests.apply("test").send(&server.client()).await.unwrap().check().unwrap();
    writes(&server);
    let report = manifests.delete().send(&server.client()).await.unwrap().succeeded();
    let lines: Vec<_> = report.iter().map(ToString::to_string).collect();
    let expected = [
        "widgets.example.com new/w deleted",
        "secrets new/s deleted",
        "customresourcedefinitions.apiextensions.k8s.io widgets.example.com deleted",
        "namespaces new deleted",
    ];
    assert_eq!(lines, expected);
    assert!(get(&server, &resource("", "Namespace", "namespaces", false), "", "new").await.is_none());

    let again = manifests.delete().send(&server.client()).await.unwrap().succeeded();
    assert!(again.iter().all(|outcome| outcome.result.as_ref().unwrap() == &Action::Absent), "{again:?}");
}

#[tokio::test(start_paused = true)]
async fn an_object_with_a_finalizer_is_waited_for() {
    let server = server();
    let client = server.client();
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, namespace: shop, finalizers: [example.com/x]}";
    let manifests = read(text);
    manifests.apply("test").send(&client).await.unwrap().check().unwrap();
    let report = manifests.delete().wait_limit(Duration::from_secs(5)).send(&client).await.unwrap();
    let failure = report.failures().next().unwrap();
    assert!(failure.result.as_ref().unwrap_err().is_timeout(), "{failure}");
    assert!(failure.to_string().starts_with("test.yaml:1:1: configmaps shop/held: timed out after 5s"), "{failure}");
    let report = manifests.delete().wait(false).send(&client).await.unwrap().succeeded();
    assert!(report.iter().next().unwrap().is_terminating());

    let release = tokio::spawn({
        let client = client.clone();
        async move {
            tokio::time::sleep(Duration::from_secs(3)).await;
            release(&client, &config_maps(), "held").await;
        }
    });
    manifests.delete().send(&client).await.unwrap().check().unwrap();
    release.await.unwrap();
    assert!(get(&server, &config_maps(), "shop", "held").await.is_none());
}

async fn release(client: &Client, resource: &ApiResource, name: &str) {
    let patch = Patch::merge(&serde_json::json!({"metadata": {"finalizers": null}}));
    resource.in_namespace("shop").patch(name, &patch).send(client).await.unwrap();
}

/// As a claim, which is protected while a pod uses it.
#[tokio::test(start_paused = true)]
async fn an_object_may_be_held_by_one_that_is_deleted_later() {
    let server = server();
    let client = server.client();
    let claims = resource("", "PersistentVolumeClaim", "persistentvolumeclaims", true);
    let deployments = resource("apps", "Deployment", "deployments", true);
    let manifests = read(
        "{apiVersion: v1, kind: PersistentVolumeClaim,
          metadata: {name: data, namespace: shop, finalizers: [kubernetes.io/pvc-protection]}}\n---\n\
         {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}}",
    );
    manifests.apply("test").send(&client).await.unwrap().check().unwrap();
    let protection = async {
        while get(&server, &deployments, "shop", "web").await.is_some() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        release(&client, &claims, "data").await;
    };
    let (report, ()) = tokio::join!(manifests.delete().send(&client), async {
        tokio::time::timeout(Duration::from_secs(300), protection).await.expect("the deployment goes");
    });
    report.unwrap().check().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_custom_resource_that_does_not_go_keeps_its_definition_and_controller() {
    let server = server();
    let client = server.client();
    let manifests = read(&format!(
        "{WIDGETS}{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: controller, namespace: shop}}}}\n---\n\
         {{apiVersion: example.com/v1, kind: Widget, \
           metadata: {{name: w, namespace: shop, finalizers: [example.com/x]}}}}"
    ));
    manifests.apply("test").send(&client).await.unwrap().check().unwrap();
    writes(&server);
    let report = manifests.delete().wait_limit(Duration::from_secs(5)).send(&client).await.unwrap();
    let errors: Vec<_> = report.failures().map(|failure| failure.result.as_ref().unwrap_err()).collect();
    assert!(errors.len() == 3 && errors[0].is_timeout() && errors[1].is_blocked() && errors[2].is_blocked());
    let expected = "not deleted, because widgets.example.com shop/w, which may need it, is not gone";
    assert_eq!(errors[1].to_string(), expected);
    assert_eq!(writes(&server), ["delete widgets/w"]);
    release(&client, &resource("example.com", "Widget", "widgets", true), "w").await;
    manifests.delete().send(&client).await.unwrap().check().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_deletes_nothing() {
    let server = server();
    let manifests = read(&config_map("a", "1"));
    manifests.apply("test").send(&server.client()).await.unwrap().check().unwrap();
    manifests.delete().dry_run(true).send(&server.client()).await.unwrap().check().unwrap();
    assert!(get(&server, &config_maps(), "shop", "a").await.is_some());
}

#[tokio::test(start_paused = true)]
async fn options_reach_the_server() {
    let server = server();
    let manifests = read(&config_map("a", "1"));
    let delete = manifests.delete().propagation_policy("Foreground").grace_period(Duration::from_secs(7));
    delete.send(&server.client()).await.unwrap().check().unwrap();
    let request = server.requests().into_iter().find(|request| request.verb() == "delete").unwrap();
    assert_eq!(request.json()["propagationPolicy"], "Foreground");
    assert_eq!(request.json()["gracePeriodSeconds"], 7);
}
