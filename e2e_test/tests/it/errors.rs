//! Each predicate of an error, by what the real server answers.

use std::error::Error as _;

use kubernetes_sdk::api::{apps::v1 as apps_v1, core::v1 as core_v1, policy::v1 as policy_v1};
use kubernetes_sdk::core::meta::v1::LabelSelector;
use kubernetes_sdk::core::{Encoded, Execute, GetRequest, IntOrString, ObjectMeta, Path, Request};
use kubernetes_sdk::models::apps::v1::{Deployment, DeploymentSpec};
use kubernetes_sdk::models::core::v1::{ConfigMap, Container, Pod, PodSpec, PodTemplateSpec};
use kubernetes_sdk::models::policy::v1::{Eviction, PodDisruptionBudget, PodDisruptionBudgetSpec};
use kubernetes_sdk::{Error, List};

use crate::cluster;
use crate::subresources::{running_pod, until};

/// The names of all predicates that hold.
fn predicates(error: &Error) -> Vec<&'static str> {
    let all = [
        ("not_found", error.is_not_found()),
        ("already_exists", error.is_already_exists()),
        ("conflict", error.is_conflict()),
        ("gone", error.is_gone()),
        ("forbidden", error.is_forbidden()),
        ("unauthorized", error.is_unauthorized()),
        ("invalid", error.is_invalid()),
        ("too_many_requests", error.is_too_many_requests()),
        ("timeout", error.is_timeout()),
        ("connect", error.is_connect()),
        ("retryable", error.is_retryable()),
        ("decode", error.is_decode()),
    ];
    all.into_iter().filter_map(|(name, holds)| holds.then_some(name)).collect()
}

#[track_caller]
fn assert_only<T: std::fmt::Debug>(result: Result<T, Error>, expected: &[&str]) -> Error {
    let error = result.expect_err("the server refuses");
    assert_eq!(predicates(&error), expected, "{error:?}");
    error
}

#[tokio::test]
async fn predicates_know_the_servers_answers() {
    let (client, namespace) = cluster::namespace("errors").await;
    let map = ConfigMap::named("settings");
    assert_only(core_v1::read_namespaced_config_map(&namespace, "settings").send(&client).await, &["not_found"]);
    let created = core_v1::create_namespaced_config_map(&namespace, &map).send(&client).await.unwrap();
    assert_only(core_v1::create_namespaced_config_map(&namespace, &map).send(&client).await, &["already_exists"]);

    let changed = created.clone().with_data([("mode", "fast")]);
    let replace = |map| core_v1::replace_namespaced_config_map(&namespace, "settings", map);
    replace(&changed).send(&client).await.unwrap();
    assert_only(replace(&changed).send(&client).await, &["conflict"]);

    let old = core_v1::list_namespaced_config_map(&namespace).resource_version("1").resource_version_match("Exact");
    assert_only(old.send(&client).await, &["gone"]);

    let nobody = cluster::client("nobody");
    assert_only(core_v1::list_namespaced_pod(&namespace).send(&nobody).await, &["forbidden"]);
    let wrong = cluster::client("wrong-token");
    assert_only(core_v1::list_namespaced_pod(&namespace).send(&wrong).await, &["unauthorized"]);

    let mut request = Request::new(http::Method::GET, Path::new("/api/v1/pods", &[]));
    request.query.set("timeout", "1ns");
    let late = client.execute(request, Encoded::decode::<List<Pod>>).await;
    assert_only(late, &["timeout", "retryable"]);

    let unknown = GetRequest::<ConfigMap>::at(Path::new("/apis/example.com/v1/namespaces/{n}/tabs/{t}", &["a", "b"]));
    let error = assert_only(unknown.send(&client).await, &["not_found"]);
    assert!(error.status().unwrap().is_unknown_path(), "{error:?}");
}

#[tokio::test]
async fn an_invalid_object_is_explained_field_by_field() {
    let (client, namespace) = cluster::namespace("invalid").await;
    let container = Container { name: "Not A Name".into(), image: Some(" image ".into()), ..Default::default() };
    let deployment = Deployment::named("web").with_spec(DeploymentSpec {
        replicas: Some(-1),
        selector: LabelSelector { match_labels: [("app", "web")].into(), ..Default::default() },
        template: PodTemplateSpec {
            metadata: ObjectMeta { labels: [("app", "other")].into(), ..Default::default() }.into(),
            spec: PodSpec { containers: vec![container], ..Default::default() }.into(),
        },
        ..Default::default()
    });
    let created = apps_v1::create_namespaced_deployment(&namespace, &deployment).send(&client).await;
    let error = assert_only(created, &["invalid"]);
    let mut levels = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        levels.push(cause.to_string());
        next = cause.source();
    }
    for field in ["spec.replicas: ", "spec.template.metadata.labels: ", "spec.template.spec.containers[0].name: "] {
        assert_eq!(levels.iter().filter(|level| level.starts_with(field)).count(), 1, "{field} in {levels:#?}");
    }
}

#[tokio::test]
async fn an_eviction_that_breaks_a_budget_is_too_many_requests() {
    let (client, namespace) = cluster::namespace("budget").await;
    running_pod(&client, &namespace, "web").await;
    let budget = PodDisruptionBudget::named("one").with_spec(PodDisruptionBudgetSpec {
        min_available: Some(IntOrString::from(1)),
        selector: LabelSelector { match_labels: [("app", "web")].into(), ..Default::default() }.into(),
        ..Default::default()
    });
    policy_v1::create_namespaced_pod_disruption_budget(&namespace, &budget).send(&client).await.unwrap();
    until("the budget counts the pod", async || {
        let budget = policy_v1::read_namespaced_pod_disruption_budget(&namespace, "one").send(&client).await.unwrap();
        budget.status.is_some_and(|status| status.current_healthy == Some(1))
    })
    .await;
    let eviction = Eviction::named("web");
    let evicted = core_v1::create_namespaced_pod_eviction(&namespace, "web", &eviction).send(&client).await;
    let error = assert_only(evicted, &["too_many_requests", "retryable"]);
    let cause = error.source().expect("the budget is the cause").to_string();
    assert!(cause.contains("one"), "{cause}");
}
