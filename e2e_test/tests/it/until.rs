//! Waiting until workloads are as they should be, with the real controllers and the real kubelet; and the example that
//! needs them.

use std::time::Duration;

use kubernetes_sdk::Patch;
use kubernetes_sdk::api::{apps::v1 as apps_v1, batch::v1 as batch_v1, core::v1 as core_v1};
use kubernetes_sdk::models::batch::v1::{Job, JobSpec};
use kubernetes_sdk::models::core::v1::{Pod, PodSpec, PodTemplateSpec};
use kubernetes_sdk::utils::conditions;
use kubernetes_sdk::watch::{ListCondition, ObjectCondition, Watch, until};
use serde_json::json;

use crate::{cluster, pod};

#[path = "../../../examples/follow_logs.rs"]
#[allow(dead_code, reason = "its `main` is not called")]
mod follow_logs;

#[tokio::test]
async fn a_deployment_is_rolled_out_and_its_pods_are_ready() {
    let (client, namespace) = cluster::namespace("rollout").await;
    let web = || until(&client, apps_v1::list_namespaced_deployment(&namespace)).named("web").within(cluster::LIMIT);
    let pods =
        || until(&client, core_v1::list_namespaced_pod(&namespace).label_selector("app=web")).within(cluster::LIMIT);

    // The wait begins before there is anything.
    let rolled_out = tokio::spawn(web().is(conditions::deployment_rolled_out()));
    apps_v1::create_namespaced_deployment(&namespace, &pod::deployment()).send(&client).await.unwrap();
    let deployment = rolled_out.await.unwrap().unwrap().expect("it exists");
    assert_eq!(deployment.status.as_ref().unwrap().available_replicas, Some(2));
    web().is(conditions::deployment_available()).await.unwrap();
    assert_eq!(pods().all(conditions::pod_ready()).await.unwrap().len(), 2);

    // A template whose image there is not does not roll out, and the error says how far it has come.
    let image =
        json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "localhost/none:1"}]}}}});
    apps_v1::patch_namespaced_deployment(&namespace, "web", &Patch::strategic(&image)).send(&client).await.unwrap();
    let error = web().within(Duration::from_secs(5)).is(conditions::deployment_rolled_out()).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(error.reason(), Some("1 of 2 new replicas have been updated"), "{error}");
    web().is(conditions::deployment_available()).await.expect("the old replicas serve");

    // By its uid it is gone, whoever makes another one.
    let gone = tokio::spawn(web().uid(deployment.uid()).deleted());
    let stays = tokio::spawn(web().same_object().is(conditions::deployment_rolled_out()));
    tokio::time::sleep(Duration::from_millis(500)).await;
    apps_v1::delete_namespaced_deployment(&namespace, "web").send(&client).await.unwrap();
    apps_v1::create_namespaced_deployment(&namespace, &pod::deployment()).send(&client).await.unwrap();
    gone.await.unwrap().unwrap();
    assert!(stays.await.unwrap().unwrap_err().is_deleted());
    web().is(conditions::deployment_rolled_out()).await.expect("the new one rolls out");
    apps_v1::delete_namespaced_deployment(&namespace, "web").send(&client).await.unwrap();
    pods().is(ListCondition::none()).await.unwrap();
}

fn script(script: &str) -> PodSpec {
    let mut spec = *pod::deployment().spec.template.spec.unwrap();
    spec.containers[0].command = ["sh", "-c", script].map(Into::into).into();
    spec.restart_policy = Some("Never".into());
    spec
}

#[tokio::test]
async fn jobs_complete_or_fail() {
    let (client, namespace) = cluster::namespace("jobs").await;
    for (name, code) in [("good", "exit 0"), ("bad", "exit 3")] {
        let template = PodTemplateSpec { spec: script(code).into(), ..Default::default() };
        let spec = JobSpec { template, backoff_limit: Some(0), ..Default::default() };
        batch_v1::create_namespaced_job(&namespace, &Job::named(name).with_spec(spec)).send(&client).await.unwrap();
    }
    let job = |name| until(&client, batch_v1::list_namespaced_job(&namespace)).named(name).within(cluster::LIMIT);
    job("good").is(conditions::job_complete()).await.unwrap();
    job("bad").is(conditions::job_failed()).await.unwrap();
    let error = job("bad").is(conditions::job_complete()).await.unwrap_err();
    assert!(error.is_failed() && error.to_string().contains("BackoffLimitExceeded"), "{error}");
    let all = until(&client, batch_v1::list_namespaced_job(&namespace)).within(cluster::LIMIT);
    assert_eq!(all.all(conditions::job_finished()).await.unwrap().len(), 2);

    let pods = core_v1::list_namespaced_pod(&namespace).label_selector("job-name=bad");
    let error = until(&client, pods).within(cluster::LIMIT).all(conditions::pod_succeeded()).await.unwrap_err();
    assert!(error.is_failed() && error.to_string().contains("main ended with 3"), "{error}");
}

#[tokio::test]
async fn a_log_is_followed_to_its_end() {
    let (client, namespace) = cluster::namespace("logs").await;
    let text = r"echo first; echo; printf 'zweite ü\r\n'; sleep 1; printf letzte";
    let pod = Pod::named("talker").with_spec(script(text));
    core_v1::create_namespaced_pod(&namespace, &pod).send(&client).await.unwrap();
    let watch = Watch::new(&client);
    let mut lines = Vec::new();
    let following = follow_logs::follow(&watch, &namespace, "talker", |line| lines.push(line.to_owned()));
    tokio::time::timeout(cluster::LIMIT, following).await.expect("the container ends").unwrap();
    assert_eq!(lines, ["first", "", "zweite ü", "letzte"]);
    let completed = until(&client, core_v1::list_namespaced_pod(&namespace)).named("talker").within(cluster::LIMIT);
    completed.is(conditions::pod_succeeded().and(ObjectCondition::exists())).await.unwrap();
}
