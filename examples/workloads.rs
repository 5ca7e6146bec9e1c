//! Creates, reads, lists, patches and deletes a Deployment, a Job, a CronJob, a Service and an Ingress.
//!
//! ```text
//! cargo run --example workloads
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use kubernetes_sdk::core::json::Value;
use kubernetes_sdk::core::meta::v1::LabelSelector;
use kubernetes_sdk::core::{
    CreateRequest, DeleteRequest, IntOrString, ListRequest, NamespacedResource, Object, ObjectMeta, PatchRequest,
    ReadRequest,
};
use kubernetes_sdk::models::apps::v1::{Deployment, DeploymentSpec};
use kubernetes_sdk::models::batch::v1::{CronJob, CronJobSpec, Job, JobSpec, JobTemplateSpec};
use kubernetes_sdk::models::core::v1::{
    Container, ContainerPort, PodSpec, PodTemplateSpec, Service, ServicePort, ServiceSpec,
};
use kubernetes_sdk::models::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend, IngressSpec,
    ServiceBackendPort,
};
use kubernetes_sdk::{Client, Patch};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _server) = kubernetes_examples::connect(false)?;
    for line in run(&client, "default").await? {
        println!("{line}");
    }
    Ok(())
}

pub(crate) async fn run(client: &Client, namespace: &str) -> Result<Vec<String>, kubernetes_sdk::Error> {
    let new_image = Patch::strategic(&json!({"spec": {"template": {"spec": {"containers":
        [{"name": "web", "image": "nginx:1.29"}]}}}}));
    let suspend = Patch::merge(&json!({"spec": {"suspend": true}}));
    let label = Patch::merge(&json!({"metadata": {"labels": {"tier": "front"}}}));
    let mut lines = life(client, namespace, &deployment(), &new_image).await?;
    lines.extend(life(client, namespace, &job(), &suspend).await?);
    lines.extend(life(client, namespace, &cron_job(), &suspend).await?);
    lines.extend(life(client, namespace, &service(), &label).await?);
    lines.extend(life(client, namespace, &ingress(), &label).await?);
    Ok(lines)
}

/// Sends the same requests for any type. `kubernetes_sdk::api` also has a function for each operation and type, such as
/// `create_namespaced_job`.
async fn life<K: NamespacedResource + Object + Value + Send>(
    client: &Client,
    namespace: &str,
    object: &K,
    change: &Patch,
) -> Result<Vec<String>, kubernetes_sdk::Error> {
    let created = CreateRequest::namespaced(namespace, object).send(client).await?;
    let name = name_of(&created);
    let read = ReadRequest::<K>::namespaced(namespace, name).send(client).await?;
    let mut lines = vec![format!("created {} {}", K::KIND, name_of(&read))];
    let listed = ListRequest::<K>::namespaced(namespace).label_selector("example=workloads").send(client).await?;
    lines.extend(listed.items.iter().map(|object| format!("listed {}", name_of(object))));
    let changed = PatchRequest::<K>::namespaced(namespace, name, change).send(client).await?;
    let is_changed = changed.metadata().resource_version != read.metadata().resource_version;
    lines.push(format!("changed: {is_changed}"));
    // The default for Jobs is to keep their pods.
    let delete = DeleteRequest::<K>::namespaced(namespace, name).propagation_policy("Background");
    delete.send(client).await?;
    let is_gone = ReadRequest::<K>::namespaced(namespace, name).send_opt(client).await?.is_none();
    lines.push(format!("gone: {is_gone}"));
    Ok(lines)
}

fn name_of(object: &impl Object) -> &str {
    object.metadata().name.as_deref().unwrap_or_default()
}

fn metadata(name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.into()),
        labels: [("app", "web"), ("example", "workloads")].into(),
        ..Default::default()
    }
}

fn deployment() -> Deployment {
    let container = Container {
        name: "web".into(),
        image: Some("nginx:1.28".into()),
        ports: vec![ContainerPort { container_port: 80, name: Some("http".into()), ..Default::default() }],
        ..Default::default()
    };
    Deployment {
        metadata: metadata("web"),
        spec: DeploymentSpec {
            replicas: Some(2),
            selector: LabelSelector { match_labels: [("app", "web")].into(), ..Default::default() },
            template: pods(container, None),
            ..Default::default()
        },
        ..Default::default()
    }
}

fn pods(container: Container, restart_policy: Option<&str>) -> PodTemplateSpec {
    let spec =
        PodSpec { containers: vec![container], restart_policy: restart_policy.map(Into::into), ..Default::default() };
    PodTemplateSpec { metadata: metadata("").into(), spec: spec.into() }
}

fn digits_of_pi() -> JobSpec {
    let container = Container {
        name: "pi".into(),
        image: Some("perl:5.42".into()),
        command: ["perl", "-Mbignum=bpi", "-wle", "print bpi(2000)"].map(Into::into).into(),
        ..Default::default()
    };
    JobSpec { backoff_limit: Some(4), template: pods(container, Some("Never")), ..Default::default() }
}

fn job() -> Job {
    Job { metadata: metadata("pi"), spec: digits_of_pi().into(), ..Default::default() }
}

fn cron_job() -> CronJob {
    let job_template = JobTemplateSpec { spec: digits_of_pi().into(), ..Default::default() };
    let spec = CronJobSpec { schedule: "*/10 * * * *".into(), job_template, ..Default::default() };
    CronJob { metadata: metadata("hourly-pi"), spec, ..Default::default() }
}

fn service() -> Service {
    let port = ServicePort { port: 80, target_port: Some(IntOrString::String("http".into())), ..Default::default() };
    let spec = ServiceSpec { selector: [("app", "web")].into(), ports: vec![port], ..Default::default() };
    Service { metadata: metadata("web"), spec: spec.into(), ..Default::default() }
}

fn ingress() -> Ingress {
    let port = ServiceBackendPort { number: Some(80), ..Default::default() };
    let service = IngressServiceBackend { name: "web".into(), port: port.into() };
    let path = HTTPIngressPath {
        path: Some("/".into()),
        path_type: "Prefix".into(),
        backend: IngressBackend { service: service.into(), ..Default::default() },
    };
    let rule =
        IngressRule { host: Some("shop.example.com".into()), http: HTTPIngressRuleValue { paths: vec![path] }.into() };
    let spec = IngressSpec { rules: vec![rule], ..Default::default() };
    Ingress { metadata: metadata("web"), spec: spec.into(), ..Default::default() }
}
