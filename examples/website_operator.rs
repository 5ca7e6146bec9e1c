//! An operator ready for production: one of several replicas leads, each Website has a Deployment, a Service and a
//! ConfigMap, its status and events report progress, and a finalizer cleans up outside of the cluster.
//!
//! ```text
//! cargo run --example website_operator -- --leader-elect-lease-duration=30s --leader-elect-renew-deadline=20s
//! ```
//!
//! While it runs, it serves <http://127.0.0.1:8080/readyz>, `/livez` and `/metrics`. SIGTERM or Ctrl-C shuts it down.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::sync::Arc;

use kubernetes_sdk::controller::{
    Action, Change, Cleanup, ClientMetrics, Context, Controller, Event, Manager, Runner, ServiceContext, Settings,
    Terminal, create_or_update,
};
use kubernetes_sdk::core::meta::v1::{Condition, LabelSelector};
use kubernetes_sdk::core::{CreateRequest, ListRequest, Map, ObjectMeta, Str};
use kubernetes_sdk::models::apps::v1::{Deployment, DeploymentSpec};
use kubernetes_sdk::models::core::v1::{
    ConfigMap, ConfigMapVolumeSource, Container, PodSpec, PodTemplateSpec, Service, ServicePort, ServiceSpec, Volume,
    VolumeMount,
};
use kubernetes_sdk::utils::ensure_definition;
use kubernetes_sdk::{Client, CustomResource, Schema};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// A page that pods serve.
#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(
    group = "example.com",
    version = "v1",
    namespaced,
    short_name = "web",
    column(name = "Ready", type = "string", json_path = ".status.conditions[?(@.type=='Ready')].status")
)]
pub(crate) struct Website {
    pub(crate) metadata: ObjectMeta,
    pub(crate) spec: WebsiteSpec,
    pub(crate) status: Option<WebsiteStatus>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
pub(crate) struct WebsiteSpec {
    /// The page, as HTML.
    pub(crate) page: String,
    /// The host name of the page.
    pub(crate) host: String,
    #[kubernetes(default = 1, minimum = 0)]
    pub(crate) replicas: i32,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(rename_all = "camelCase")]
pub(crate) struct WebsiteStatus {
    pub(crate) observed_generation: Option<i64>,
    pub(crate) ready_replicas: Option<i32>,
    pub(crate) conditions: Option<Vec<Condition>>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut settings = Settings::new("website-operator");
    settings.read_env(|name| std::env::var(name).ok())?;
    let rest = settings.read_args(std::env::args().skip(1))?;
    if let Some(argument) = rest.first() {
        return Err(format!("unknown argument {argument}; the flags are\n{}", Settings::help()).into());
    }
    let requests = ClientMetrics::new("kubernetes");
    let (client, server) = kubernetes_examples::connect_observed(false, requests.observer())?;
    define(&client).await?;
    if server.is_some() {
        CreateRequest::namespaced("default", &website("hello", "hello.example.com")).send(&client).await?;
    }
    println!("operating, until interrupted");
    manager(&client, &requests, settings).run().await?;
    Ok(())
}

pub(crate) fn website(name: &str, host: &str) -> Website {
    let spec = WebsiteSpec { page: "<h1>Good morning</h1>".to_owned(), host: host.to_owned(), replicas: 1 };
    Website { metadata: ObjectMeta { name: Some(name.into()), ..ObjectMeta::default() }, spec, status: None }
}

pub(crate) async fn define(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    ensure_definition(client, &Website::definition()?, "website-operator").await?;
    Ok(())
}

/// The operator, with a client whose requests are counted for `/metrics`.
pub(crate) fn manager(client: &Client, requests: &ClientMetrics, settings: Settings) -> Manager {
    let manager = Manager::new(client, "example.com/website-operator", settings).controller("websites", controller);
    requests.add_to(manager.metrics());
    manager
}

fn controller(context: &ServiceContext) -> Runner<Website> {
    // Watches only the objects that belong to Websites.
    let label = "app.kubernetes.io/managed-by=website-operator";
    Controller::new(context.client(), ListRequest::<Website>::all_namespaces())
        .named("websites")
        .owns(ListRequest::<Deployment>::all_namespaces().label_selector(label))
        .owns(ListRequest::<Service>::all_namespaces().label_selector(label))
        .owns(ListRequest::<ConfigMap>::all_namespaces().label_selector(label))
        .finalizer("example.com/host", |website, context| async move {
            change_hosts(&website, &context, |hosts, host| drop(hosts.remove(host))).await?;
            context.record(&*website, Event::normal("HostReleased", "Cleanup").note(website.spec.host.as_str()));
            Ok::<_, Error>(Cleanup::Complete)
        })
        .recorder(context.recorder())
        .concurrency(4)
        .runner(reconcile)
}

/// Brings the cluster to the state that this Website describes. It may run at any time, also after a run that failed
/// halfway.
async fn reconcile(website: Arc<Website>, context: Context<Website>) -> Result<Action, Error> {
    if !website.spec.host.contains('.') {
        let condition = Condition::of("Ready", "False", "InvalidHost");
        context.update_status(&website).condition(condition).send().await?;
        // A retry can't help: the next run waits for a change of the Website.
        return Err(Terminal::new("the host is not a domain name").into());
    }
    let name = website.name().to_owned();
    change_hosts(&website, &context, |hosts, host| drop(hosts.insert(host, name.as_str()))).await?;
    let children = context.owned_set(&website).child(pages(&website)).child(service(&website));
    let changes = children.child(deployment(&website)).apply().await?;
    if changes.iter().any(|change| change.change == Change::Created) {
        context.record(&*website, Event::normal("Published", "Publish").note(format!("at {}", website.spec.host)));
    }
    let deployments = context.owned::<Deployment>(&website);
    let status = deployments.first().and_then(|deployment| deployment.status.as_deref());
    let ready = status.and_then(|status| status.ready_replicas).unwrap_or_default();
    let condition = match ready >= website.spec.replicas {
        true => Condition::of("Ready", "True", "Serving"),
        false => Condition::of("Ready", "False", "Starting"),
    };
    let none = WebsiteStatus { observed_generation: None, ready_replicas: None, conditions: None };
    let set = |website: &mut Website| website.status.get_or_insert(none.clone()).ready_replicas = Some(ready);
    context.update_status(&website).condition(condition).set(set).send().await?;
    Ok(Action::await_change())
}

/// Changes the table of hosts, which stands for a system outside of Kubernetes: only the finalizer deletes the entry of
/// a Website.
async fn change_hosts(
    website: &Website,
    context: &Context<Website>,
    change: impl Fn(&mut Map<Str>, &str),
) -> Result<(), kubernetes_sdk::Error> {
    let mut hosts = ConfigMap::named("website-hosts");
    hosts.metadata.namespace = website.metadata.namespace.clone();
    create_or_update(context.client(), hosts, |hosts| change(&mut hosts.data, &website.spec.host)).await?;
    Ok(())
}

fn labels(website: &Website) -> Map<Str> {
    [("app.kubernetes.io/managed-by", "website-operator"), ("example.com/website", website.name())].into()
}

fn pages(website: &Website) -> ConfigMap {
    let mut pages = ConfigMap::named(website.name()).with_data([("index.html", website.spec.page.as_str())]);
    pages.metadata.labels = labels(website);
    pages
}

fn service(website: &Website) -> Service {
    let mut service = Service::named(website.name());
    service.metadata.labels = labels(website);
    let port = ServicePort { port: 80, ..ServicePort::default() };
    service.spec =
        Some(Box::new(ServiceSpec { selector: labels(website), ports: vec![port], ..ServiceSpec::default() }));
    service
}

fn deployment(website: &Website) -> Deployment {
    let mut deployment = Deployment::named(website.name());
    deployment.metadata.labels = labels(website);
    let mount =
        VolumeMount { name: "pages".into(), mount_path: "/usr/share/nginx/html".into(), ..VolumeMount::default() };
    let container = Container {
        name: "server".into(),
        image: Some("nginx:1.29".into()),
        volume_mounts: vec![mount],
        ..Container::default()
    };
    let config_map = ConfigMapVolumeSource { name: Some(website.name().into()), ..ConfigMapVolumeSource::default() };
    let volume = Volume { name: "pages".into(), config_map: Some(Box::new(config_map)), ..Volume::default() };
    let pod = PodSpec { containers: vec![container], volumes: vec![volume], ..PodSpec::default() };
    let metadata = ObjectMeta { labels: labels(website), ..ObjectMeta::default() };
    deployment.spec = DeploymentSpec {
        replicas: Some(website.spec.replicas),
        selector: LabelSelector { match_labels: labels(website), ..LabelSelector::default() },
        template: PodTemplateSpec { metadata: Some(Box::new(metadata)), spec: Some(Box::new(pod)) },
        ..DeploymentSpec::default()
    };
    deployment
}
