//! Waits for many objects of several kinds.

use std::future::Future;
use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::{ObjectKey, Patch};
use kubernetes_dynamic::{ApiResource, DynamicObject};
use kubernetes_testing::{Fault, TestServer};
use kubernetes_utils::conditions::{condition_is_true, json_path, object_current};
use kubernetes_utils::{Target, WaitFor};
use kubernetes_watch::{ObjectCondition, Verdict};
use serde_json::{Value, json};

use crate::manifests::{get, read, resource, server};

fn jobs() -> ApiResource {
    resource("batch", "Job", "jobs", true)
}

fn claims() -> ApiResource {
    resource("", "PersistentVolumeClaim", "persistentvolumeclaims", true)
}

fn target(resource: &ApiResource, name: &str) -> Target {
    Target::new(resource.clone(), ObjectKey::new("shop", name))
}

fn job(name: &str) -> String {
    format!("apiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}, namespace: shop}}\n---\n")
}

fn claim(name: &str) -> String {
    format!("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}, namespace: shop}}\n---\n")
}

async fn load(server: &TestServer, text: &str) {
    read(text).apply("test").send(&server.client()).await.unwrap().check().unwrap();
}

async fn set_status(client: &Client, resource: &ApiResource, name: &str, status: Value) {
    let patch = Patch::merge(&json!({ "status": status }));
    resource.in_namespace("shop").patch(name, &patch).subresource("status").send(client).await.unwrap();
}

fn condition(type_: &str) -> Value {
    json!({"conditions": [{"type": type_, "status": "True"}]})
}

/// Runs changes one second after another while `wait` waits.
async fn meanwhile<T>(wait: impl Future<Output = T>, changes: impl Future<Output = ()>) -> T {
    let (result, ()) = tokio::join!(wait, async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        changes.await;
    });
    result
}

#[tokio::test(start_paused = true)]
async fn objects_of_several_kinds_are_waited_for_at_once() {
    let server = server();
    let client = server.client();
    load(&server, &format!("{}{}{}", job("a"), job("b"), claim("c"))).await;
    let targets = [target(&jobs(), "a"), target(&jobs(), "b"), target(&claims(), "c"), target(&claims(), "later")];
    let wait = WaitFor::new(&client, targets).within(Duration::from_secs(60)).all(object_current());
    let changes = async {
        set_status(&client, &jobs(), "b", json!({"startTime": "2026-01-01T00:00:00Z"})).await;
        set_status(&client, &claims(), "c", json!({"phase": "Bound"})).await;
        load(&server, &claim("later")).await;
        set_status(&client, &claims(), "later", json!({"phase": "Bound"})).await;
        tokio::time::sleep(Duration::from_secs(9)).await;
        set_status(&client, &jobs(), "a", json!({"startTime": "2026-01-01T00:00:00Z"})).await;
    };
    let start = tokio::time::Instant::now();
    let objects = meanwhile(wait, changes).await.unwrap();
    assert_eq!(objects.iter().map(DynamicObject::name).collect::<Vec<_>>(), ["a", "b", "c", "later"]);
    assert_eq!(start.elapsed().as_secs(), 10);
    let watches = server.requests().iter().filter(|request| request.verb() == "watch").count();
    assert_eq!(watches, 2, "one for each resource");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_says_what_each_object_lacks() {
    let server = server();
    load(&server, &format!("{}{}", job("a"), claim("c"))).await;
    set_status(&server.client(), &claims(), "c", json!({"phase": "Bound"})).await;
    let targets = [target(&jobs(), "a"), target(&claims(), "c"), target(&claims(), "d")];
    let wait = WaitFor::new(&server.client(), targets).within(Duration::from_secs(30));
    let error = wait.all(object_current()).await.unwrap_err();
    let expected = "timed out waiting until each object is current: not met for 2 of 3 objects:\n\
        jobs.batch shop/a: InProgress (JobNotStarted): it has not started yet\n\
        persistentvolumeclaims shop/d: it does not exist";
    assert_eq!(error.to_string(), expected);
    assert!(error.is_timeout() && !error.is_failed());
    assert_eq!(error.unmet().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failure_ends_the_wait_at_once_or_after_the_others() {
    let server = server();
    let client = server.client();
    load(&server, &format!("{}{}", job("a"), job("b"))).await;
    let targets = || [target(&jobs(), "a"), target(&jobs(), "b")];
    set_status(&client, &jobs(), "a", condition("Failed")).await;
    let start = tokio::time::Instant::now();
    let error = WaitFor::new(&client, targets()).all(object_current()).await.unwrap_err();
    assert!(error.is_failed() && !error.is_timeout() && start.elapsed().is_zero());
    let text = error.to_string();
    assert!(
        text.starts_with(
            "the condition that each object is current can no longer become true: not met for 2 of 2 objects:\n\
        jobs.batch shop/a: Failed (JobFailed): "
        ),
        "{text}"
    );

    let wait = WaitFor::new(&client, targets()).fail_fast(false).all(object_current());
    let error = meanwhile(wait, set_status(&client, &jobs(), "b", condition("Complete"))).await.unwrap_err();
    assert_eq!((error.unmet().len(), start.elapsed().as_secs()), (1, 1));
}

/// As a pod that has been unschedulable for too long.
#[tokio::test(start_paused = true)]
async fn a_condition_that_fails_by_time_is_noticed() {
    let server = server();
    load(&server, &job("a")).await;
    let start = tokio::time::Instant::now();
    let late = ObjectCondition::new("is early", move |_: &DynamicObject| match start.elapsed().as_secs() {
        0..15 => Verdict::waiting("not yet"),
        _ => Verdict::failed("too late"),
    });
    let wait = WaitFor::new(&server.client(), [target(&jobs(), "a")]).within(Duration::from_secs(60));
    let error = wait.all(late).await.unwrap_err();
    assert!(error.is_failed() && start.elapsed().as_secs() <= 16, "{error}");
}

#[tokio::test(start_paused = true)]
async fn complete_or_failed_is_one_condition() {
    let server = server();
    let client = server.client();
    load(&server, &format!("{}{}", job("a"), job("b"))).await;
    let finished = condition_is_true("Complete").or(condition_is_true("Failed"));
    let wait = WaitFor::new(&client, [target(&jobs(), "a"), target(&jobs(), "b")]).all(finished);
    let changes = async {
        set_status(&client, &jobs(), "a", condition("Failed")).await;
        set_status(&client, &jobs(), "b", condition("Complete")).await;
    };
    assert_eq!(meanwhile(wait, changes).await.unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_of_several_objects_is_enough() {
    let server = server();
    let client = server.client();
    load(&server, &format!("{}{}{}", job("a"), job("b"), claim("c"))).await;
    let targets = || [target(&jobs(), "a"), target(&jobs(), "b"), target(&claims(), "c")];
    let wait = WaitFor::new(&client, targets()).any(condition_is_true("Complete"));
    let first = meanwhile(wait, set_status(&client, &jobs(), "b", condition("Complete"))).await.unwrap();
    assert_eq!(first, target(&jobs(), "b"));
    let wait = WaitFor::new(&client, targets()).within(Duration::from_secs(3)).any(condition_is_true("Nothing"));
    let error = wait.await.unwrap_err();
    assert!(error.is_timeout() && error.unmet().len() == 3, "{error}");
    let none = WaitFor::new(&client, []).any(object_current()).await.unwrap_err();
    assert_eq!(none.to_string(), "there are no objects to wait for");
    assert!(WaitFor::new(&client, []).all(object_current()).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stale_status_does_not_count() {
    let server = server();
    let client = server.client();
    load(&server, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: shop}").await;
    let deployments = resource("apps", "Deployment", "deployments", true);
    let stale = json!({"conditions": [{"type": "Ready", "status": "True"}], "observedGeneration": 0});
    set_status(&client, &deployments, "a", stale).await;
    let wait = WaitFor::new(&client, [target(&deployments, "a")]).within(Duration::from_secs(5));
    let error = wait.all(condition_is_true("Ready")).await.unwrap_err();
    assert!(error.to_string().contains("of generation 0, but the object is of generation 1"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn deletion_is_that_of_the_object_with_the_uid() {
    let server = server();
    let client = server.client();
    load(&server, &format!("{}{}", claim("a"), claim("b"))).await;
    let shop = claims().in_namespace("shop");
    let old = get(&server, &claims(), "shop", "a").await.unwrap();
    let (with_uid, by_name) = (Target::of(&claims(), &old), target(&claims(), "b"));
    let wait = WaitFor::new(&client, [with_uid.clone(), by_name]).within(Duration::from_secs(20));
    let changes = async {
        for name in ["a", "b"] {
            shop.delete(name).send(&client).await.unwrap();
            load(&server, &claim(name)).await;
        }
    };
    let gone = meanwhile(wait.all(ObjectCondition::deleted()), changes).await.unwrap();
    assert!(gone.is_empty(), "they came back under their names, but as other objects");
    let absent = WaitFor::new(&client, [with_uid]).within(Duration::from_secs(2)).all(object_current()).await;
    assert!(absent.unwrap_err().to_string().ends_with("persistentvolumeclaims shop/a: it does not exist"));
}

#[tokio::test(start_paused = true)]
async fn a_field_is_waited_for() {
    let server = server();
    let client = server.client();
    load(&server, &claim("a")).await;
    let bound = json_path("{.status.phase}", "Bound").unwrap();
    let wait = WaitFor::new(&client, [target(&claims(), "a")]).within(Duration::from_secs(9)).all(bound);
    meanwhile(wait, set_status(&client, &claims(), "a", json!({"phase": "Bound"}))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_refused_is_an_error() {
    let server = server();
    server.inject(Fault::status(403).resource("jobs").always());
    let targets = [target(&jobs(), "a"), target(&claims(), "b")];
    let error = WaitFor::new(&server.client(), targets).within(Duration::from_secs(9)).all(object_current()).await;
    let error = error.unwrap_err();
    assert!(error.watch_error().is_some() && !error.is_timeout(), "{error}");
}
